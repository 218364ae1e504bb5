"""The `write` section of a stream, compiled: what can be written, and what is sent for a record."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from entrepot.core.change import Change
from entrepot.core.fields import Value, is_same
from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS
from entrepot.core.mapping import Record
from entrepot.core.path import getter
from entrepot.core.projection import Projection
from entrepot.declarative.fill import Words
from entrepot.declarative.find import Finder
from entrepot.declarative.sending import Sending
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_streams import StreamSpec
from entrepot.sdk.manifest_write import WriteSpec
from entrepot.sdk.writer import Verb, Write, Writing
from entrepot.transport.client import Client

Send = Callable[[], Awaitable[Change]]
Around = Callable[[Write, Client, Words, Send], Awaitable[Change | None]]


class Hooks(msgspec.Struct, frozen=True):
    """The Python that a `write` section names."""

    prepare: Callable[..., Any] | None = None
    resolve: Callable[[Record, Client, Words], Awaitable[Record]] | None = None
    project: Callable[[str, Value], Value] | None = None
    around: Around | None = None


class Writes:
    """Built once for a stream."""

    def __init__(
        self, stream: StreamSpec, write: WriteSpec, hooks: Hooks, *, sends: Mapping[str, Sending], finder: Finder | None
    ) -> None:
        self._mapping = mapping_of(stream)
        self._kind = KINDS[stream.kind]
        self._names = {field.name: field.encode_name for field in msgspec.structs.fields(self._kind)}
        self._hooks = hooks
        self._key = getter(write.key) if write.key else None
        self.sends = sends
        self.around = hooks.around
        self.finder = finder
        self.needs = frozenset[str]().union(*(send.needs for send in sends.values()), finder.needs if finder else ())
        self._same = [self._field(each) for each in write.find.same] if write.find else []
        self._created = frozenset(self._names[self._field(each)] for each in write.create_only)
        there_and_back = Projection(self._mapping.fields, self._kind)
        self._writable = there_and_back.fields - {self._field(each) for each in (*write.read_only, *write.create_only)}
        self.about = self._about(write, there_and_back)

    def words(self, write: Write, data: Record) -> dict[str, str | int]:
        """Those that come from the write itself."""
        found: dict[str, str | int] = {"op": write.op, "uuid": uuid_of(write.op)}
        key = None if self._key is None else self._key(data)
        return found if key is None else {**found, "key": key}

    async def resolved(self, data: Record, client: Client, words: Words) -> Record:
        return data if self._hooks.resolve is None else await self._hooks.resolve(data, client, words)

    def created(self, data: Record, fields: frozenset[str]) -> Record:
        """All of a new record that lenses write."""
        return self._mapping.write(data, only=self.creating(fields))

    def updated(self, data: Record, native: Record, fields: frozenset[str]) -> Record:
        """The top-level members in which the service's record differs from what it is to be."""
        written = self._mapping.write(data, native, only=self.updating(fields), clear=True)
        return {key: value for key, value in written.items() if key not in native or not is_same(native[key], value)}

    async def prepared(self, record: Record, native: Record, data: Record, client: Client, words: Words) -> Record:
        prepare = self._hooks.prepare
        if prepare is None:
            return record
        if inspect.iscoroutinefunction(prepare):
            return await prepare(record, native, data, client, words)
        return prepare(record, native, data)

    def verbs(self, data: Record, native: Record, only: frozenset[str]) -> list[str]:
        return self._mapping.verbs(data, native, only=only)

    def creating(self, fields: frozenset[str]) -> frozenset[str]:
        """JSON names of the fields that a create writes."""
        return self.updating(fields) | self._created

    def updating(self, fields: frozenset[str]) -> frozenset[str]:
        """JSON names of the fields that an update writes."""
        return frozenset(self._names[each] for each in fields & self._writable)

    def is_it(self, write: Write, found: Change) -> bool:
        """Whether what was found is what the write would have made."""
        if found.data is None or write.data is None:
            return False
        project = self.about.project
        return all(
            is_same(project(field, getattr(write.data, field)), getattr(found.data, field)) for field in self._same
        )

    def is_older(self, write: Write, record: msgspec.Raw) -> bool:
        made = self.finder.made(record) if self.finder is not None else None
        return made is not None and made < datetime.fromtimestamp(write.at / 1000, UTC)

    def _about(self, write: WriteSpec, there_and_back: Projection) -> Writing:
        verbs: set[Verb] = {verb for verb in ("create", "delete") if verb in self.sends}
        if self.sends.keys() - {"create", "delete"}:
            verbs.add("update")
        return Writing(
            verbs=frozenset(verbs),
            fields=self._writable,
            moves="move" in self.sends,
            repeatable=write.repeatable,
            lag=write.lag.total_seconds() if write.lag else 0.0,
            project=self._projecting(there_and_back),
        )

    def _projecting(self, there_and_back: Projection) -> Callable[[str, Value], Value]:
        project = self._hooks.project
        if project is None:
            return there_and_back
        return lambda field, value: project(field, there_and_back(field, value))

    def _field(self, name: str) -> str:
        """As the kind's struct has it; a manifest may say it in either way."""
        return next(field for field, encoded in self._names.items() if name in (field, encoded))


def data_of(data: Kind | None) -> Record:
    """A record of a kind as lenses write it."""
    return {} if data is None else msgspec.to_builtins(data)


def uuid_of(op: str) -> str:
    """32 hexadecimal digits as a UUID of version 4 (RFC 9562), always the same one."""
    digits = f"{op[:12]}4{op[13:16]}{'89ab'[int(op[16], 16) & 3]}{op[17:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
