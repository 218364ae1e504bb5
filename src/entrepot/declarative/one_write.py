"""One write under way: the requests it takes, and what the service has afterwards."""

from typing import Any

import msgspec

from entrepot.core.change import Change, Ref
from entrepot.core.errors import EntrepotError, RecordRefused, ServiceChanged, Stale
from entrepot.core.mapping import Record
from entrepot.declarative.containers import Containers
from entrepot.declarative.fill import Words
from entrepot.declarative.reading import Stream
from entrepot.declarative.records import unread
from entrepot.declarative.sending import Sending
from entrepot.declarative.writing import Writes
from entrepot.sdk.writer import Write
from entrepot.transport.client import Client
from entrepot.transport.message import Response

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class OneWrite:
    """`known` are the words that are the same for every write; `data` is the record as JSON, which may be added to."""

    def __init__(
        self,
        stream: Stream,
        writes: Writes,
        write: Write,
        data: Record,
        *,
        client: Client,
        known: Words,
        containers: Containers | None,
    ) -> None:
        self._stream = stream
        self._writes = writes
        self._write = write
        self.data = data
        self._client = client
        self._known = known
        self._containers = containers
        self._known_as = write.ref
        self._native: Record = _decode(write.native) if write.native else {}

    @property
    def words(self) -> Words:
        """Those of the record where it lies, or is to lie."""
        return self._words(self._write.ref, self._write.collection)

    async def send(self) -> Change:
        """The usual requests."""
        done = await self._sent()
        self._known_as = done.ref
        return done

    async def _sent(self) -> Change:
        match self._write.verb:
            case "create":
                return await self._create()
            case "update":
                return await self._update()
            case "delete":
                return await self._delete()

    async def again(self, ref: Ref | None = None) -> Change:
        """The record read anew; Stale where it is gone."""
        ref = ref or self._known_as
        if ref is None:
            raise ServiceChanged("What was written does not tell its id, so it cannot be read again.")
        found = await self._read_again(ref)
        if found is None or found.data is None:
            raise Stale("The record is gone at the service.")
        return found

    async def _create(self) -> Change:
        writes, write = self._writes, self._write
        record = await self._prepared(writes.created(self.data, write.fields))
        send = writes.sends["create"]
        response = await send.through(self._client).send(send.request(self.words, record))
        made = await self._made(send, response)
        return await self._call(made, writes.creating(write.fields), _native_of(made))

    async def _made(self, send: Sending, response: Response) -> Change:
        raw = send.record(response)
        if raw is not None:
            return await self._change(raw, self.words)
        own = send.made(response) or str(self.words.get("key") or "")
        if not own:
            raise ServiceChanged(f"{response.place} does not tell the id of what was made.")
        collection = self._write.collection
        return await self.again(Ref(f"{collection}/{own}" if self._stream.local_ids else own))

    async def _update(self) -> Change:
        writes, write = self._writes, self._write
        fields = writes.updating(write.fields)
        record = await self._prepared(writes.updated(self.data, self._native, write.fields))
        writes.verbs(self.data, self._native, fields)  # refuses what no verb brings about before anything is sent
        done = await self._moved()
        if record:
            done = await self._step("update", done, record)
        done = await self._call(done, fields, self._native)
        return await self._unchanged() if done is None else done

    async def _delete(self) -> Change:
        assert self._write.ref is not None
        send = self._writes.sends["delete"]
        ref = self._write.ref
        try:
            await send.through(self._client).send(send.request(self.words))
        except RecordRefused:
            if not await self._is_gone(ref):
                raise
        return Change.gone(self._stream.name, Ref(ref.id))

    async def _moved(self) -> Change | None:
        """The record after it was moved, None where it lies where it is to lie."""
        left = self._left()
        if left is None:
            return None
        send, own = self._writes.sends["move"], self._own_id(left)
        words = {**self._words(self._write.ref, left), "id": own, "to": self._write.collection or ""}
        response = await send.through(self._client).send(send.request(words))
        raw = send.record(response)
        if raw is not None:
            return await self._change(raw, self.words)
        return await self.again(Ref(f"{self._write.collection}/{own}") if self._stream.local_ids else self._write.ref)

    def _left(self) -> str | None:
        """The collection that the record is to leave."""
        write = self._write
        if "move" not in self._writes.sends or write.collection is None or write.ref is None:
            return None
        if self._stream.local_ids:
            return None if write.ref.id.startswith(f"{write.collection}/") else write.ref.id.rpartition("/")[0]
        held = self._stream.records.collection(self._native)
        return None if held is None or held == write.collection else held

    def _own_id(self, collection: str) -> str:
        assert self._write.ref is not None
        return self._stream.own_id(self._write.ref.id, collection)

    async def _call(self, done: Change | None, fields: frozenset[str], native: Record) -> Any:
        """The verbs that are still needed. One that fails after something was written leaves what was written."""
        for verb in self._writes.verbs(self.data, native, fields):
            try:
                done = await self._step(verb, done)
            except EntrepotError:
                if done is None:
                    raise
                return done
        return done

    async def _step(self, verb: str, done: Change | None, record: Record | None = None) -> Change:
        ref = self._write.ref if done is None else done.ref
        assert ref is not None
        send, words = self._writes.sends.get(verb), self._words(ref, self._write.collection)
        if send is None:
            raise RecordRefused(f"The service has no way to change {', '.join(record or [verb])} of its records.")
        try:
            response = await send.through(self._client).send(send.request(words, record))
        except RecordRefused:
            if done is None and await self._is_gone(ref):
                raise Stale("The record is gone at the service.") from None
            raise
        raw = send.record(response)
        return await self.again(ref) if raw is None else await self._change(raw, words)

    async def _unchanged(self) -> Change:
        """Nothing differs: the record as the service has it."""
        if self._stream.confirm is not None:
            return await self.again()
        return await self._change(msgspec.Raw(self._write.native), self.words)

    async def _is_gone(self, ref: Ref) -> bool:
        if self._stream.confirm is None:
            return False
        found = await self._read_again(ref)
        return found is None or found.data is None

    async def _read_again(self, ref: Ref) -> Change | None:
        assert self._stream.confirm is not None
        words = self._words(ref, self._write.collection)
        raw = await self._stream.confirm.record(self._client, words)
        return None if raw is None else await self._change(raw, words)

    async def _change(self, raw: msgspec.Raw, words: Words) -> Change:
        """As a read gives it; a tombstone where it is none of the stream's any more."""
        batch = await self._stream.records.read([raw], self._client, words=words)
        for bad in batch.bad:
            raise unread(bad)
        if batch.changes:
            return batch.changes[0]
        assert self._write.ref is not None
        return Change.gone(self._stream.name, Ref(self._write.ref.id))

    async def _prepared(self, record: Record) -> Record:
        return await self._writes.prepared(record, self._native, self.data, self._client, self.words)

    def _words(self, ref: Ref | None, collection: str | None) -> Words:
        words: dict[str, str | int] = {**self._known, **self._writes.words(self._write, self.data)}
        if collection is not None and self._containers is not None:
            words |= self._containers.words(collection)
        if ref is not None:
            words["id"] = self._stream.own_id(ref.id, collection)
            if ref.version is not None:
                words["version"] = ref.version
        return words


def _native_of(change: Change) -> Record:
    return _decode(change.native) if change.native else {}
