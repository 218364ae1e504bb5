"""What a changed mapping would do to records that are there: each field before and after, and whether it goes back."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from entrepot.core import mapping
from entrepot.core.errors import RecordRefused
from entrepot.core.fields import decode_fields
from entrepot.core.kinds import KINDS
from entrepot.core.lens import LensError
from entrepot.core.lens_spec import build
from entrepot.core.path import steps
from entrepot.sdk.manifest_fields import to_markdown
from entrepot.sdk.manifest_streams import StreamSpec

Record = dict[str, Any]


class Sample(msgspec.Struct, frozen=True):
    """A record as the service told it, and as it is in the hub (JSON)."""

    name: str
    native: bytes
    data: bytes = b"{}"


class Difference(msgspec.Struct, frozen=True):
    """`stays` says why the value after could not be written back; "" where it can, or where nothing is written."""

    field: str
    before: object
    after: object
    stays: str = ""


class Preview(msgspec.Struct, frozen=True):
    """`refused` says why the record could not be read any more."""

    name: str
    differences: list[Difference] = []
    refused: str = ""


def preview(old: StreamSpec, new: StreamSpec, samples: Iterable[Sample]) -> Iterator[Preview]:
    """For each record what the changed lines make of it; those that read the same are told, too, with no differences.

    Both are specs of one stream. What `complete` adds to a record and what is `volatile` is not kept: before, the hub's
    own value stands for it, and after, it cannot be shown.
    """
    lens = _Change(old, new)
    for sample in samples:
        yield lens.look(sample)


class _Change:
    def __init__(self, old: StreamSpec, new: StreamSpec) -> None:
        self._kind = old.kind
        self._spec = new
        self._volatile = [steps(path) for path in old.volatile]
        before = {field: line for field, line in old.fields.items() if new.fields.get(field, _ABSENT) != line}
        after = {field: line for field, line in new.fields.items() if old.fields.get(field, _ABSENT) != line}
        self._before = self._lines(before)
        self._after = self._lines(after)
        self._reads_before = self._mapping(self._before)
        self._reads_after = self._mapping(self._after)
        self._fields = sorted({_top(target) for line in (*self._before, *self._after) for target in line.targets})
        self._not_kept = {_top(target) for line in self._before if self._is_volatile(line) for target in line.targets}
        self._unseen = {_top(target) for line in self._after if self._is_volatile(line) for target in line.targets}

    def look(self, sample: Sample) -> Preview:
        try:
            native = msgspec.json.decode(sample.native, type=Record)
            held = msgspec.json.decode(sample.data, type=Record)
        except msgspec.DecodeError:
            return Preview(sample.name, refused="the service's own text of it was not kept")
        try:
            after = self._reads_after.read(native)
            decode_fields(self._kind, msgspec.json.encode(after))
        except (LensError, msgspec.ValidationError) as why:
            return Preview(sample.name, refused=str(why))
        before = _plain(self._read_before(native, held))
        shown = _plain(after)
        return Preview(
            sample.name,
            [
                Difference(field, before.get(field), shown.get(field), self._stays(field, after, native))
                for field in self._fields
                if before.get(field) != shown.get(field) and field not in self._unseen
            ],
        )

    def _read_before(self, native: Record, held: Record) -> Record:
        try:
            found = self._reads_before.read(native)
        except LensError:
            found = {}
        return {**found, **{field: held[field] for field in self._not_kept if field in held}}

    def _stays(self, field: str, after: Record, native: Record) -> str:
        lines = [line for line in self._after if any(_top(target) == field for target in line.targets)]
        if self._spec.write is None or not lines:
            return ""
        if field in self._spec.write.read_only:
            return "the service does not let it be written"
        if not all(line.sources for line in lines):
            return "it is the same for every record"
        if why := next((line.one_way for line in lines if line.one_way), ""):
            return why
        return "" if any(line.verbs for line in lines) else self._written(field, after, native)

    def _written(self, field: str, after: Record, native: Record) -> str:
        try:
            written = self._reads_after.write(after, native, only={field}, clear=True)
            again = self._reads_after.read(written).get(field)
        except RecordRefused as refused:
            return refused.message
        except LensError as why:
            return str(why)
        return "" if again == after.get(field) else "it would come back otherwise"

    def _lines(self, fields: Mapping[str, Any]) -> list[mapping.FieldLens]:
        return [build(field, line, markdown=to_markdown) for field, line in fields.items()]

    def _mapping(self, lines: list[mapping.FieldLens]) -> mapping.Mapping:
        return mapping.Mapping(lines, kind=KINDS[self._kind])

    def _is_volatile(self, line: mapping.FieldLens) -> bool:
        ways = [steps(source) for source in line.sources]
        return any(way[: len(volatile)] == volatile for way in ways for volatile in self._volatile)


_ABSENT = object()


def _top(target: str) -> str:
    return steps(target)[0]


def _plain(record: Record) -> Record:
    """As JSON has it."""
    return msgspec.json.decode(msgspec.json.Encoder(decimal_format="string").encode(record))
