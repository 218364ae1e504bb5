"""A service in memory that reads and writes as the real ones do, with a knob for each of their habits and faults."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.fields import fields_of
from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS, encode
from entrepot.sdk.connector import Account, RemoteCollection, Stream
from entrepot.sdk.writer import Write, Writing, as_it_is

Fields = dict[str, object]


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
    read_only: bool = False
    refuses: Callable[[Write], str] = lambda _: ""
    """The reason why it will not have a record; "" to take it."""
    answers: bool = True
    """Whether the answer to a write tells the record; otherwise it is read again."""


@dataclass
class Record:
    id: str
    fields: Fields
    version: int
    op: str = ""
    collection: str = "main"


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
        self.records[id_] = Record(id_, {**old, **fields}, version, held.op if held else "", collection)
        if held and held.collection != collection:
            self.log.append((id_, held.collection))
        self.log.append((id_, collection))

    def drop(self, id_: str) -> None:
        held = self.records.pop(id_)
        self.log.append((id_, held.collection))

    def titles(self) -> list[str]:
        return sorted(str(record.fields["title"]) for record in self.records.values())

    def expire(self) -> None:
        """Every cursor there is, is known no more."""
        self.oldest = len(self.log) + 1
        self.log += [("", "")] * (self.oldest - len(self.log))

    # Reader

    async def probe(self) -> Account:
        return Account(self.name)

    async def collections(self, stream: str) -> Sequence[RemoteCollection]:  # noqa: ARG002 -- one stream only
        self._meet("collections")
        names = sorted({record.collection for record in self.records.values()} | {"main"})
        return [RemoteCollection(one, f"{self.name} {one}", self.kind, writable=True) for one in names]

    async def changes(self, stream: str, since: Cursor | None, collection: str | None = None) -> AsyncIterator[Page]:
        where = collection or "main"
        if since is None or not self.knobs.feed:
            async for page in self._listing(stream, since, where):
                yield page
            return
        position = int(since.value["at"])  # type: ignore[index,call-overload]
        self._meet("changes")
        if position < self.oldest:
            raise Stale("the cursor is known no more")
        end = max(position, len(self.log) - self.knobs.lag)
        names = [id_ for id_, place in self.log[max(0, position - self.knobs.replay) : end] if place == where]
        names = list(dict.fromkeys(names))
        if self.knobs.reverse:
            names.reverse()
        changes = [self._change(stream, id_, where) for id_ in names]
        yield Page(changes, cursor=Cursor({"at": end}), last=True)

    async def _listing(self, stream: str, since: Cursor | None, where: str) -> AsyncIterator[Page]:
        begun = dict(since.value) if since is not None and isinstance(since.value, dict) and "from" in since.value else None  # type: ignore[arg-type]
        at = int(begun["at"]) if begun else len(self.log) - self.knobs.lag
        offset = int(begun["from"]) if begun else 0
        names = sorted(id_ for id_, record in self.records.items() if record.collection == where)
        while True:
            self._meet("listing")
            part = names[offset : offset + self.knobs.page]
            offset += len(part)
            last = offset >= len(names)
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
        return Writing(project=self.knobs.project, repeatable=self.knobs.repeatable)

    async def write(self, write: Write) -> Change:
        self._meet(f"before {write.verb}")
        if self.knobs.read_only:
            raise AssertionError("wrote to a side that is only read")
        if reason := self.knobs.refuses(write):
            raise RecordRefused(reason)
        change = getattr(self, f"_{write.verb}")(write)
        self.writes.append((write.verb, change.ref.id))
        self._meet(f"after {write.verb}")
        return change

    async def find(self, write: Write) -> Change | None:
        self._meet("find")
        if not self.knobs.finds:
            return None
        found = [record.id for record in self.records.values() if record.op == write.op]
        return self._change(write.stream, found[0], self.records[found[0]].collection) if found else None

    def _create(self, write: Write) -> Change:
        same = [record for record in self.records.values() if record.op == write.op]
        if same and self.knobs.repeatable:
            return self._change(write.stream, same[0].id, same[0].collection)
        self.count += 1
        id_ = f"{self.name}{self.count:04d}" if self.knobs.chooses_ids else write.op
        assert write.data is not None
        fields = self.knobs.normalise({**_empty(self.kind), **fields_of(write.data)})
        self.records[id_] = Record(id_, fields, 1, write.op, write.collection or "main")
        self.log.append((id_, write.collection or "main"))
        return self._answer(write, id_)

    def _update(self, write: Write) -> Change:
        held = self._held(write)
        assert write.data is not None
        new = {name: value for name, value in fields_of(write.data).items() if name in write.fields}
        held.fields = self.knobs.normalise({**held.fields, **new})
        held.version += 1
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
        if self.knobs.versions and self.knobs.conditional and write.ref.version != str(held.version):
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
        version = str(record.version) if self.knobs.versions else None
        return Change(stream, Ref(id_, version), data, encode(data), where)

    def _meet(self, what: str) -> None:
        self.requests.append(what)
        self.fault(what)


class Down(TryLater):
    """The connection broke."""


def _empty(kind: str) -> Fields:
    return dict(fields_of(KINDS[kind]()))
