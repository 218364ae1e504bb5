"""A service in memory that reads and writes as the real ones do, with a knob for each of their habits and faults."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.core.errors import EntrepotError, RecordRefused, Stale
from entrepot.core.fields import fields_of
from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS, encode
from entrepot.sdk.connector import Account, RemoteCollection, Stream
from entrepot.sdk.writer import Verb, Write, Writing, as_it_is

Fields = dict[str, object]

FACTS = ("uid", "title", "titles", "medium", "identifiers")
"""What says what a new record is about, though nobody could edit it there."""


@dataclass
class Knobs:
    """What a service does otherwise than one would wish. Each is off unless a test says so."""

    normalise: Callable[[Fields], Fields] = lambda fields: fields
    """What it makes of what it is sent."""
    project: Callable[[str, object], object] = as_it_is
    """What its connector declares about that."""
    versions: bool = True
    """Whether it tells versions at all."""
    late_versions: bool = False
    """The answer to a write has no version yet."""
    conditional: bool = True
    """Whether it refuses a write that builds on an older version."""
    chooses_ids: bool = True
    """The id is the service's own; otherwise it is the one the write names."""
    repeatable: bool = False
    """A create sent again with the same op makes one record."""
    finds: bool = True
    """Whether one may look for a record by the op that made it."""
    page: int = 100
    feed: bool = True
    """Whether changes can be asked for; otherwise each read is a full listing."""
    lag: int = 0
    """So many of the newest changes are not shown yet."""
    replay: int = 0
    """So many changes before the cursor are shown again."""
    reverse: bool = False
    """The feed comes newest first."""
    truncates: int = 0
    """A full listing ends after so many records, and says that this is all."""
    bogus_versions: bool = False
    """Each read tells another version."""
    stamps: timedelta | None = None
    """It tells when a record was edited, by a clock that is wrong by so much."""
    coarse: int = 1
    """Its time of an edit is cut to so many seconds."""
    whole: bool = False
    """An update takes the place of all it has, also of what nobody but the service knows: as a PUT does."""
    read_only: bool = False
    refuses: Callable[[Write], str] = lambda _: ""
    """The reason why it will not have a record; "" to take it."""
    verbs: frozenset[Verb] = frozenset({"create", "update", "delete"})
    fields: frozenset[str] | None = None
    lag_found: float = 0.0
    """So many seconds a new record may stay out of sight, as its connector declares."""


@dataclass
class Record:
    id: str
    fields: Fields
    version: int
    op: str = ""
    collection: str = "main"
    opaque: dict[str, object] = field(default_factory=dict)
    """What no field of ours says."""


@dataclass
class FakeRemote:
    """One account with one stream of records, in remote collections. `fault` is called before and after each effect
    with its name, and may raise: that is where a test breaks the connection or kills the process.
    """

    name: str = "a"
    kind: str = "task"
    knobs: Knobs = field(default_factory=Knobs)
    records: dict[str, Record] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    """(id, remote collection) of what changed, in order; a position in it is the cursor."""
    requests: list[str] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str], None] = lambda _: None
    oldest: int = 0
    count: int = 0
    places: Sequence[str] = ("main",)
    """The remote collections there are, also where they are empty."""
    written: list[Write] = field(default_factory=list)
    reads: int = 0

    @property
    def stream(self) -> Stream:
        return Stream(
            name="things", kind=self.kind, deletions="feed" if self.knobs.feed else "absence", by_collection=True
        )

    # What the other person does at the service.

    def put(self, id_: str, collection: str = "main", **fields: object) -> None:
        held = self.records.get(id_)
        version = held.version + 1 if held else 1
        old = held.fields if held else _empty(self.kind)
        opaque = held.opaque if held else {}
        record = Record(id_, {**old, **fields}, version, held.op if held else "", collection, opaque)
        self.records[id_] = self._stamped(record)
        if held and held.collection != collection:
            self.log.append((id_, held.collection))
        self.log.append((id_, collection))

    def drop(self, id_: str) -> None:
        held = self.records.pop(id_)
        self.log.append((id_, held.collection))

    def titles(self, collection: str | None = None) -> list[str]:
        held = [each for each in self.records.values() if collection in {None, each.collection}]
        return sorted(str(record.fields["title"]) for record in held)

    def of(self, title: str) -> Record:
        """The only one of this title."""
        (found,) = [record for record in self.records.values() if record.fields["title"] == title]
        return found

    def told(self, title: str, field_: str) -> object:
        return self.of(title).fields[field_]

    def expire(self) -> None:
        """Every cursor there is, is known no more."""
        self.oldest = len(self.log) + 1
        self.log += [("", "")] * (self.oldest - len(self.log))

    # Reader

    async def probe(self) -> Account:
        return Account(self.name)

    async def collections(self, stream: str) -> Sequence[RemoteCollection]:  # noqa: ARG002 -- one stream only
        self._meet("collections")
        names = sorted({record.collection for record in self.records.values()} | set(self.places))
        return [RemoteCollection(one, f"{self.name} {one}", self.kind, writable=True) for one in names]

    async def changes(self, stream: str, since: Cursor | None, collection: str | None = None) -> AsyncIterator[Page]:
        where = collection or "main"
        if since is None or not self.knobs.feed or "from" in since.value:  # type: ignore[operator]
            async for page in self._listing(stream, since, where):
                yield page
            return
        position = int(since.value["at"])  # type: ignore[index,call-overload]
        end = max(position, len(self.log) - self.knobs.lag)
        while True:
            self._meet("changes")
            if position < self.oldest:
                raise Stale("the cursor is known no more")
            until = min(end, position + self.knobs.page)
            names = [id_ for id_, place in self.log[max(0, position - self.knobs.replay) : until] if place == where]
            names = list(dict.fromkeys(names))
            if self.knobs.reverse:
                names.reverse()
            changes = [self._change(stream, id_, where) for id_ in names]
            position = until
            yield Page(changes, cursor=Cursor({"at": until}), last=until == end)
            if until == end:
                return

    async def _listing(self, stream: str, since: Cursor | None, where: str) -> AsyncIterator[Page]:
        begun = (
            dict(since.value) if since is not None and isinstance(since.value, dict) and "from" in since.value else None
        )  # type: ignore[arg-type]
        at = int(begun["at"]) if begun else len(self.log) - self.knobs.lag
        offset = int(begun["from"]) if begun else 0
        names = sorted(id_ for id_, record in self.records.items() if record.collection == where)
        while True:
            self._meet("listing")
            part = names[offset : offset + self.knobs.page]
            offset += len(part)
            last = offset >= len(names) or 0 < self.knobs.truncates <= offset
            cursor = Cursor({"at": max(0, at)}) if last else Cursor({"at": max(0, at), "from": offset})
            if last and not self.knobs.feed:
                cursor = None
            yield Page([self._change(stream, id_, where) for id_ in part], cursor=cursor, last=last, listing=True)
            if last:
                return

    async def confirm(self, stream: str, ref: Ref, collection: str | None = None) -> Change | BadRow | None:
        self._meet("confirm")
        record = self.records.get(ref.id)
        return self._change(stream, ref.id, record.collection if record else collection or "main")

    # Writer

    def writing(self, stream: str) -> Writing | None:  # noqa: ARG002 -- one stream only
        if self.knobs.read_only:
            return None
        knobs = self.knobs
        return Writing(
            verbs=knobs.verbs,
            fields=knobs.fields,
            project=knobs.project,
            repeatable=knobs.repeatable,
            lag=knobs.lag_found,
        )

    async def write(self, write: Write) -> Change:
        await asyncio.sleep(0)
        self._meet(f"before {write.verb}")
        if self.knobs.read_only:
            raise AssertionError("wrote to a side that is only read")
        if reason := self.knobs.refuses(write):
            raise RecordRefused(reason)
        change = getattr(self, f"_{write.verb}")(write)
        self.writes.append((write.verb, change.ref.id))
        self.written.append(write)
        self._meet(f"after {write.verb}")
        return change

    async def find(self, write: Write) -> Change | None:
        self._meet("find")
        if not self.knobs.finds:
            return None
        found = [record.id for record in self.records.values() if record.op == write.op]
        return self._change(write.stream, found[0], self.records[found[0]].collection) if found else None

    def _create(self, write: Write) -> Change:
        if self.knobs.repeatable and (same := [one for one in self.records.values() if one.op == write.op]):
            return self._change(write.stream, same[0].id, same[0].collection)
        self.count += 1
        id_ = f"{self.name}{self.count:04d}" if self.knobs.chooses_ids else write.op
        assert write.data is not None
        told = {name: value for name, value in fields_of(write.data).items() if name in {*write.fields, *FACTS}}
        fields = self.knobs.normalise({**_empty(self.kind), **told})
        self.records[id_] = self._stamped(Record(id_, fields, 1, write.op, write.collection or "main"))
        self.log.append((id_, write.collection or "main"))
        return self._answer(write, id_)

    def _update(self, write: Write) -> Change:
        held = self._held(write)
        assert write.data is not None
        new = {name: value for name, value in fields_of(write.data).items() if name in write.fields}
        held.fields = self.knobs.normalise({**held.fields, **new})
        held.version += 1
        if self.knobs.whole:
            held.opaque = json.loads(write.native)["opaque"] if write.native else {}
        self._stamped(held)
        self.log.append((held.id, held.collection))
        return self._answer(write, held.id)

    def _delete(self, write: Write) -> Change:
        assert write.ref is not None
        if write.ref.id in self.records:
            held = self._held(write)
            del self.records[held.id]
            self.log.append((held.id, held.collection))
        return Change.gone(write.stream, write.ref)

    def _held(self, write: Write) -> Record:
        assert write.ref is not None
        held = self.records.get(write.ref.id)
        if held is None:
            raise Stale("it is gone")
        tells = self.knobs.versions and not self.knobs.bogus_versions
        if tells and self.knobs.conditional and write.ref.version != str(held.version):
            raise Stale(f"it has version {held.version} by now")
        return held

    def _answer(self, write: Write, id_: str) -> Change:
        change = self._change(write.stream, id_, write.collection or "main")
        if self.knobs.late_versions:
            return Change(change.stream, Ref(id_), change.data, change.native, change.collection)
        return change

    def _change(self, stream: str, id_: str, where: str) -> Change:
        record = self.records.get(id_)
        if record is None or record.collection != where:
            return Change(stream, Ref(id_), None, collection=where)
        data: Kind = KINDS[self.kind](**record.fields)
        self.reads += 1
        version = f"{record.version}/{self.reads}" if self.knobs.bogus_versions else str(record.version)
        native = json.dumps({"fields": json.loads(encode(data)), "opaque": record.opaque}).encode()
        return Change(stream, Ref(id_, version if self.knobs.versions else None), data, native, where)

    def _stamped(self, record: Record) -> Record:
        if self.knobs.stamps is not None:
            at = datetime.now(UTC) + self.knobs.stamps
            seconds = int(at.timestamp()) // self.knobs.coarse * self.knobs.coarse
            exact = at if self.knobs.coarse == 1 else datetime.fromtimestamp(seconds, UTC)
            record.fields = {**record.fields, "updated": exact}
        return record

    def _meet(self, what: str) -> None:
        self.requests.append(what)
        self.fault(what)


class BatchingRemote(FakeRemote):
    """It takes many writes at once, and says of each what became of it."""

    most = 100

    async def write_all(self, writes: Sequence[Write]) -> Sequence[Change | EntrepotError]:
        self._meet("before batch")
        outcomes = [await self._tried(write) for write in writes]
        self._meet("after batch")
        return outcomes

    async def _tried(self, write: Write) -> Change | EntrepotError:
        try:
            return await self.write(write)
        except EntrepotError as error:
            return error


def _empty(kind: str) -> Fields:
    return dict(fields_of(KINDS[kind]()))
