"""A page's records made into changes: the part of a read that is paid for every record."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.errors import RecordRefused, ServiceChanged
from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS
from entrepot.core.lens import LensError
from entrepot.core.path import getter, steps
from entrepot.declarative.fill import Words
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_streams import StreamSpec
from entrepot.transport.client import Client

Record = dict[str, Any]
Complete = Callable[[Record, Client, Words], Awaitable[Record]]
Gather = Callable[[list[Record]], list[Record]]
TimeOf = Callable[[Record], datetime | None]

_decode = msgspec.json.Decoder(Record).decode
_encode = msgspec.json.encode


class Batch(msgspec.Struct):
    """What a page came to, of `seen` records. `latest` is the greatest time; `passed`: one below the floor came."""

    changes: list[Change]
    bad: list[BadRow]
    seen: int = 0
    latest: datetime | None = None
    passed: bool = False


class Records:
    """Built once for a stream. `times` finds the time of a record that `since` goes by, where there is one."""

    def __init__(self, name: str, spec: StreamSpec, complete: Complete | None, gather: Gather | None = None) -> None:
        self._name = name
        self._kind: type[Kind] = KINDS[spec.kind]
        self._mapping = mapping_of(spec)
        self._identify = identifier(spec.id)
        self._has_local_ids = spec.local_ids
        self._version = getter(spec.version) if spec.version else None
        self._collection = getter(spec.collection) if spec.collection else None
        self._when = condition(spec.when)
        self._gone = condition(spec.gone)
        self._volatile = [steps(path) for path in spec.volatile]
        self._keeps_native = spec.native == "json"
        self._given = [(field, word.removeprefix(":")) for field, word in spec.given.items()]
        self._complete = complete
        self._gather = gather

    async def read(
        self,
        raws: Sequence[msgspec.Raw],
        client: Client,
        *,
        times: TimeOf | None = None,
        floor: datetime | None = None,
        gone: bool = False,
        words: Words | None = None,
        whole: bool = False,
    ) -> Batch:
        """`floor`: the records come newest first, and those before it are known. `gone`: all are tombstones.
        `whole`: there are no others.

        `words` are those of the request, for fields that are `given` by it.
        """
        given = {field: str(value) if (value := (words or {}).get(word)) else None for field, word in self._given}
        batch = Batch([], [], len(raws))
        within = f"{words['collection']}/" if words and self._has_local_ids else ""
        taken = self._taken(raws, batch, times=times, floor=floor, within=within)
        if self._gather is not None and whole:
            taken = [(record, _encode(record)) for record in self._gather([record for record, _ in taken])]
        if self._complete is not None and not gone:
            taken = await self._completed(taken, client, batch, within=within, words=words or {})
        for record, native in taken:
            self._add(record, native, batch, given=given, gone=gone, within=within)
        return batch

    def collection(self, record: Record) -> str | None:
        """The collection that a record says it lies in."""
        held = self._collection(record) if self._collection is not None else None
        return None if held is None else str(held)

    def _taken(
        self, raws: Sequence[msgspec.Raw], batch: Batch, *, times: TimeOf | None, floor: datetime | None, within: str
    ) -> list[tuple[Record, bytes]]:
        """The records that belong to the stream, read as far as JSON goes."""
        taken: list[tuple[Record, bytes]] = []
        for number, raw in enumerate(raws, 1):
            record: Record | None = None
            try:
                record = _decode(raw)
                if times is not None and (at := times(record)) is not None:
                    if floor is not None and at < floor:
                        batch.passed = True
                        break
                    if batch.latest is None or at > batch.latest:
                        batch.latest = at
                if self._when is None or self._when(record):
                    taken.append((record, bytes(raw)))
            except (msgspec.DecodeError, UnicodeDecodeError, LensError, ValueError) as why:
                where = f"record {number} of a page" if record is None else self._where(record, within)
                batch.bad.append(BadRow(self._name, where, str(why)))
        return taken

    async def _completed(
        self, taken: list[tuple[Record, bytes]], client: Client, batch: Batch, *, within: str, words: Words
    ) -> list[tuple[Record, bytes]]:
        complete = cast("Complete", self._complete)

        async def one(record: Record) -> Record | RecordRefused:
            try:
                return await complete(record, client, words)
            except RecordRefused as refused:
                return refused

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(record)) for record, _ in taken]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the first to fail ended the others
        found: list[tuple[Record, bytes]] = []
        for task, (before, _) in zip(tasks, taken, strict=True):
            record = task.result()
            if isinstance(record, RecordRefused):
                batch.bad.append(BadRow(self._name, self._where(before, within), record.message))
            else:
                found.append((record, _encode(record)))
        return found

    def _add(self, record: Record, native: bytes, batch: Batch, *, given: Record, gone: bool, within: str) -> None:
        try:
            version = self._version(record) if self._version is not None else None
            ref = Ref(within + self._identify(record), None if version is None else str(version))
            if gone or (self._gone is not None and self._gone(record)):
                batch.changes.append(Change.gone(self._name, ref))
                return
            found = self._mapping.read(record)
            data = msgspec.convert({**found, **given} if given else found, self._kind)
            held = self.collection(record)
        except (LensError, msgspec.ValidationError) as why:
            batch.bad.append(BadRow(self._name, self._where(record, within), str(why)))
            return
        batch.changes.append(
            Change(
                stream=self._name,
                ref=ref,
                data=data,
                native=self._native(record, native),
                collection=held,
            )
        )

    def _native(self, record: Record, native: bytes) -> bytes:
        if not self._keeps_native:
            return b""
        if not self._volatile:
            return native
        for way in self._volatile:
            _drop(record, way)
        return _encode(record)

    def _where(self, record: Record, within: str) -> str:
        """The id under which the hub knows the record: what was there, but could not be read, is not gone."""
        try:
            return within + self._identify(record)
        except LensError:
            return "a record without an id"


def unread(bad: BadRow) -> ServiceChanged:
    """What to raise where a record was written and came back as something that is none."""
    return ServiceChanged(f"{bad.stream} {bad.where} was written, and what came back cannot be read: {bad.reason}.")


def identifier(path: str | list[str] | None) -> Callable[[Record], str]:
    """The id of a record; of several parts, joined by `/`."""
    takes = [getter(each) for each in ([path] if isinstance(path, str) else path or [])]
    take = takes[0] if len(takes) == 1 else lambda record: _joined([each(record) for each in takes])

    def identify(record: Record) -> str:
        value = take(record)
        if value.__class__ is str and value:
            return value
        if value is None or value == "":
            raise LensError("it has no id")
        return str(value)

    return identify


def _drop(record: Any, way: Sequence[str]) -> None:
    for step in way[:-1]:
        record = record.get(step) if isinstance(record, dict) else None
    if isinstance(record, dict):
        record.pop(way[-1], None)


def _joined(parts: list[Any]) -> str | None:
    return None if None in parts else "/".join(map(str, parts))


def condition(wanted: Mapping[str, Any]) -> Callable[[Record], bool] | None:
    """All of the values hold; a list means any of it."""
    if not wanted:
        return None
    tests = [(getter(path), value if isinstance(value, list) else [value]) for path, value in wanted.items()]

    if len(tests) == 1:
        only, allowed = tests[0]
        return lambda record: only(record) in allowed

    def holds(record: Record) -> bool:
        return all(take(record) in values for take, values in tests)

    return holds
