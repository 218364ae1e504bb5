"""Page after page of a list, in the ways services number them; resumable from what each page says comes next."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any, Protocol, cast

import msgspec

from entrepot.core.errors import ServiceChanged
from entrepot.transport.budget import Budget
from entrepot.transport.limits import Limits
from entrepot.transport.message import Request, Response
from entrepot.transport.redact import Redactor

State = str | int
"""Where a page begins: a cursor, a number, an offset or an address. JSON, so that another process can go on."""


class Answer(msgspec.Struct, frozen=True):
    """`data` is the page as JSON or as the type asked for; `next` begins the page after it, None at the end."""

    data: Any
    next: State | None
    response: Response


class Paging(Protocol):
    """One way of paging: how to ask for a page, and what an answer says about the one after."""

    def ask(self, request: Request, state: State | None) -> Request: ...

    def follow(self, state: State | None, data: object, response: Response) -> State | None: ...


class Asks(Protocol):
    """What sends: a client, or what speaks a protocol through one."""

    @property
    def limits(self) -> Limits: ...
    @property
    def budget(self) -> Budget: ...
    @property
    def redactor(self) -> Redactor: ...
    async def send(self, request: Request) -> Response: ...


class Counted(Paging, Protocol):
    """Paging by number or offset, in which any page can be asked for without the one before it."""

    def skip(self, state: State | None, pages: int) -> int:
        """The page so many after this one."""
        ...

    def last(self, data: object) -> int | None:
        """Where the last page begins, if the answer tells."""
        ...


async def pages(
    client: Asks, request: Request, style: Paging, *, start: State | None = None, shape: Any = None
) -> AsyncGenerator[Answer]:
    """One page after another, from `start` on (`Answer.next` of an earlier one). `shape` is a type for msgspec."""
    state, guard = start, _Guard(client.limits.pages)
    while True:
        answer = _read(client, style, state, await client.send(style.ask(request, state)), shape)
        guard.check(state, answer)
        yield answer
        if answer.next is None:
            return
        state = answer.next


async def pages_in_parallel(
    client: Asks, request: Request, style: Counted, *, start: int | None = None, shape: Any = None
) -> AsyncGenerator[Answer]:
    """The same pages in the same order, as many asked for at a time as the budget allows.

    Pages are asked for ahead of knowing that they exist; what lies behind the last one is thrown away unread.
    """
    state, guard = start, _Guard(client.limits.pages)
    ahead: deque[asyncio.Task[Response]] = deque()
    last: int | None = None
    try:
        while True:
            response = await (ahead.popleft() if ahead else client.send(style.ask(request, state)))
            answer = _read(client, style, state, response, shape)
            guard.check(state, answer)
            if answer.next != style.skip(state, 1):
                _drop(ahead)
            last = style.last(answer.data) or last
            if answer.next is None:
                yield answer
                return
            following = cast("int", answer.next)
            while len(ahead) < client.budget.concurrency:
                number = style.skip(following, len(ahead))
                if ahead and last is not None and number > last:
                    break
                ahead.append(asyncio.create_task(client.send(style.ask(request, number))))
            yield answer
            state = following
    finally:
        _drop(ahead)


def _drop(ahead: deque[asyncio.Task[Response]]) -> None:
    for task in ahead:
        task.cancel()
        task.add_done_callback(_retrieve)
    ahead.clear()


def _retrieve(task: asyncio.Task[Response]) -> None:
    """Looks at the outcome, so that asyncio does not complain about an error nobody needed."""
    if not task.cancelled():
        task.exception()


def _read(client: Asks, style: Paging, state: State | None, response: Response, shape: Any) -> Answer:
    data = response.json(shape)
    following = style.follow(state, data, response)
    if isinstance(following, str):
        # A service may repeat a key from the address; the cursor is stored, and the signer adds it again.
        following = client.redactor.strip(following)
    return Answer(data, following, response)


class _Guard:
    """Refuses pages that go round in a circle, or on for ever."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: set[int] = set()
        self._before: bytes | None = None

    def check(self, state: State | None, answer: Answer) -> None:
        self._seen.add(hash(state))
        if answer.next is not None and (answer.next == state or hash(answer.next) in self._seen):
            raise ServiceChanged(f"A page of {answer.response.place} names one that was read before as the next.")
        if isinstance(answer.next, int):
            if answer.response.body == self._before:
                raise ServiceChanged(
                    f"{answer.response.place} gives the same page again and again, whichever is asked for."
                )
            self._before = answer.response.body
        if len(self._seen) > self._most:
            raise ServiceChanged(f"{answer.response.place} has more than {self._most:,} pages; no more are read.")
