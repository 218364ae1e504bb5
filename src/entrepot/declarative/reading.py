"""One read of a stream, from a position to its end, page by page."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from entrepot.core.change import Page
from entrepot.declarative.confirming import Lookup
from entrepot.declarative.fill import Words
from entrepot.declarative.part import Part, Step
from entrepot.declarative.position import Position, cursor_of, rested
from entrepot.declarative.records import Batch, Records
from entrepot.declarative.request import Asking
from entrepot.declarative.writing import Writes
from entrepot.transport.client import Client
from entrepot.transport.dig import dig
from entrepot.transport.message import Request
from entrepot.transport.paging import Answer, Counted, State, pages, pages_in_parallel


class Stream(msgspec.Struct, frozen=True):
    """A stream of the manifest, compiled."""

    name: str
    parts: Sequence[Part]
    records: Records
    confirm: Lookup | None
    collections: str | None
    by_collection: bool
    local_ids: bool
    needs: frozenset[str]
    writes: Writes | None = None

    def own_id(self, id: str, collection: str | None) -> str:  # noqa: A002 - what it is everywhere
        """As the service has it."""
        return id.removeprefix(f"{collection}/") if self.local_ids else id


class Reading:
    """`words` are the settings, the account and the parts of the collection's id."""

    def __init__(self, stream: Stream, client: Client, words: Words, position: Position) -> None:
        self._stream = stream
        self._client = client
        self._words = words
        self._position = position

    async def pages(self) -> AsyncGenerator[Page]:
        """Every page of every part; the cursor after the last one is that of a finished read."""
        full = self._position.full
        todo = [
            index
            for index, part in enumerate(self._stream.parts)
            if index >= self._position.part and not (part.gone if full else part.listing)
        ]
        for index in todo:
            position = self._position if index == self._position.part else replace(self._position, part=index)
            async with aclosing(self._part(self._stream.parts[index], position)) as read:
                async for page, step in read:
                    last = step.ended and index == todo[-1]
                    self._position = step.position
                    cursor = rested(step.position) if last else cursor_of(step.position)
                    yield replace(page, cursor=cursor, last=last, listing=full)

    async def _part(self, part: Part, position: Position) -> AsyncGenerator[tuple[Page, Step]]:
        position = part.begin(position, datetime.now(UTC))
        while True:
            asking, floor = part.asking(position), part.floor(position)
            answers = _answers(self._client, asking, part.request(position, self._words), position.at)
            async with aclosing(answers):
                async for answer in answers:
                    whole = position.full and position.at is None and answer.next is None
                    batch = await self._batch(part, asking, answer, floor, whole=whole)
                    step = part.step(position, answer, batch, self._words)
                    yield Page(changes=batch.changes, bad=batch.bad, total=_total(asking, answer)), step
                    if step.ended:
                        return
                    position = step.position
                    if step.again:
                        break

    async def _batch(self, part: Part, asking: Asking, answer: Answer, floor: datetime | None, *, whole: bool) -> Batch:
        raws = asking.shape.records(answer.data, answer.response)
        return await self._stream.records.read(
            raws, self._client, times=part.times, floor=floor, gone=part.gone, words=self._words, whole=whole
        )


def _answers(client: Client, asking: Asking, request: Request, at: State | None) -> AsyncGenerator[Answer]:
    style, through = asking.style(), asking.through(client)
    if asking.is_parallel:
        return pages_in_parallel(
            through, request, cast("Counted", style), start=cast("int | None", at), shape=asking.shape.type
        )
    return pages(through, request, style, start=at, shape=asking.shape.type)


def _total(asking: Asking, answer: Answer) -> int | None:
    path: Any = getattr(asking.paging, "total", None)
    found = dig(answer.data, path) if path else None
    return found if isinstance(found, int) else None
