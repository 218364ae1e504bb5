"""A connector that is all manifest: the Reader the hub talks to."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

import msgspec
from msgspec.structs import replace

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.core.errors import PersonMustFix, ServiceChanged, Stale
from entrepot.declarative.containers import Containers
from entrepot.declarative.fill import Words
from entrepot.declarative.position import position_of
from entrepot.declarative.reading import Reading, Stream
from entrepot.declarative.records import unread
from entrepot.declarative.request import Asking
from entrepot.sdk.connector import Account, RemoteCollection
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_streams import Probe
from entrepot.transport.dig import dig


class Declared(msgspec.Struct, frozen=True):
    """A whole manifest, compiled."""

    probe: Probe
    probing: Asking
    streams: Mapping[str, Stream]
    containers: Mapping[str, Containers]
    defaults: Mapping[str, str]


class DeclaredReader:
    """One for each integration. Implements `Reader` and `Confirming`."""

    def __init__(self, declared: Declared, context: Context) -> None:
        self._declared = declared
        self._client = context.http
        self._words: Words = {**declared.defaults, **context.settings}
        self._account: Account | None = None
        self._account_word: str | int = ""

    async def probe(self) -> Account:
        declared = self._declared
        response = await declared.probing.through(self._client).send(declared.probing.request(self._words))
        data = response.json()
        found = dig(data, declared.probe.id)
        if found is None:
            raise ServiceChanged(f"The service does not say whose account this is: {declared.probe.id} is missing.")
        name = dig(data, declared.probe.name) if declared.probe.name else None
        self._account = Account(id=str(found), name="" if name is None else str(name))
        self._account_word = found if isinstance(found, int) else str(found)
        return self._account

    async def collections(self, stream: str) -> Sequence[RemoteCollection]:
        name = self._stream(stream).collections
        if name is None:
            return []
        containers = self._declared.containers[name]
        return await containers.read(self._client, await self._known(containers.needs))

    async def changes(self, stream: str, since: Cursor | None, collection: str | None = None) -> AsyncGenerator[Page]:
        declared = self._stream(stream)
        position = position_of(since, len(declared.parts))
        if any(part.lacks_token(position) for part in declared.parts):
            raise Stale("This stream is now read by what changed; it is read from the beginning once.")
        words = await self._known(declared.needs, declared, collection)
        async with aclosing(Reading(declared, self._client, words, position).pages()) as read:
            async for page in read:
                yield page

    async def confirm(self, stream: str, ref: Ref, collection: str | None = None) -> Change | BadRow | None:
        """Asks about one record that a full listing did not show; None where the service has no way to ask."""
        declared = self._stream(stream)
        if declared.confirm is None:
            return None
        words = {
            **await self._known(declared.needs, declared, collection),
            "id": declared.own_id(ref.id, collection),
        }
        record = await declared.confirm.record(self._client, words)
        if record is None:
            return Change.gone(stream, ref)
        found = await self.as_read(stream, record, collection)
        return replace(found, where=ref.id) if isinstance(found, BadRow) else found

    async def as_read(self, stream: str, record: msgspec.Raw, collection: str | None = None) -> Change | BadRow | None:
        """A record of the service as `changes` would give it; None where it is none of this stream's."""
        declared = self._stream(stream)
        words = await self._known(declared.needs, declared, collection)
        batch = await declared.records.read([record], self._client, words=words)
        return next(iter([*batch.changes, *batch.bad]), None)

    async def as_written(self, stream: str, record: msgspec.Raw, collection: str | None = None) -> Change:
        """The same of a record that was just written; ServiceChanged where it is none any more."""
        found = await self.as_read(stream, record, collection)
        if found is None:
            raise ServiceChanged(f"What was written is none of the service's {stream} any more.")
        if isinstance(found, BadRow):
            raise unread(found)
        return found

    def _stream(self, name: str) -> Stream:
        found = self._declared.streams.get(name)
        if found is None:
            raise PersonMustFix(f"There is no stream {name!r}; there are {', '.join(self._declared.streams)}.")
        return found

    async def _known(self, needs: frozenset[str], stream: Stream | None = None, collection: str | None = None) -> Words:
        """The settings, with the account's id and the collection where they are needed."""
        words = dict(self._words)
        if "account" in needs:
            if self._account is None:
                await self.probe()
            words["account"] = self._account_word
        if stream is not None and stream.by_collection and collection is not None and stream.collections:
            words.update(self._declared.containers[stream.collections].words(collection))
        return words
