"""A connector that is all manifest and writes: a request for each verb, and the record read again after it."""

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused
from entrepot.declarative.one_write import OneWrite
from entrepot.declarative.reader import DeclaredReader
from entrepot.declarative.reading import Stream
from entrepot.declarative.writing import Writes, data_of
from entrepot.sdk.writer import Write, Writing


class DeclaredWriter(DeclaredReader):
    """One for each integration. Implements `Reader`, `Confirming`, `Writer` and `Finding`."""

    def writing(self, stream: str) -> Writing | None:
        writes = self._stream(stream).writes
        return None if writes is None else writes.about

    async def write(self, write: Write) -> Change:
        stream, writes = self._writes(write)
        if write.verb not in writes.about.verbs:
            raise RecordRefused(f"The service has no way to {write.verb} one of its {write.stream}.")
        one = await self._one(stream, writes, write)
        if writes.around is None:
            return await one.send()
        change = await writes.around(write, self._client, one.words, one.send)
        return await one.again() if change is None else change

    async def find(self, write: Write) -> Change | None:
        """Looks at the first page of what `find` lists; None where there is no `find`, and a create may be repeated."""
        stream, writes = self._writes(write)
        if writes.finder is None:
            return None
        words = (await self._one(stream, writes, write)).words
        for record in await writes.finder.records(self._client, words):
            if writes.is_older(write, record):
                continue
            batch = await stream.records.read([record], self._client, words=words)
            for change in batch.changes:
                if writes.is_it(write, change):
                    return change
        return None

    def _writes(self, write: Write) -> tuple[Stream, Writes]:
        stream = self._stream(write.stream)
        if stream.writes is None:
            raise RecordRefused(f"The stream {write.stream} is only read.")
        return stream, stream.writes

    async def _one(self, stream: Stream, writes: Writes, write: Write) -> OneWrite:
        known = await self._known(stream.needs | writes.needs)
        containers = self._declared.containers.get(stream.collections or "")
        data = data_of(write.data)
        one = OneWrite(stream, writes, write, data, client=self._client, known=known, containers=containers)
        if write.verb == "create":
            one.data = await writes.resolved(data, self._client, one.words)
        return one
