"""What matching remembers of a record: digests of what it is known by, never the record itself.

A digest is Python's own hash of text, 64 bits and salted in each process: that two of 100,000 on each side collide by
chance happens once in a billion times, and nobody can make it happen on purpose.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from entrepot.core.fields import Fields, Value, identity
from entrepot.core.kind import Kind
from entrepot.core.matching_kinds import Likeness, Mark, Record, likeness
from entrepot.core.merge_choice import How, Unit, units, watched

NO_DIGEST = 0

_IDENTITY = frozenset({"uid", "identifiers", "extra"})
"""What one side calls a record, or tells of it in words of its own, is no content."""
_UNORDERED = frozenset({How.SET, How.PARTS})
_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode


class Traits(msgspec.Struct, frozen=True, gc=False):
    """`claims` are score, words and digest of each; `marks` are in the order of the kind's, 0 for nothing."""

    uid: int
    names: tuple[tuple[str, int], ...]
    whole: int
    claims: tuple[tuple[float, str, int], ...]
    marks: tuple[int, ...]


class _Loose:
    """Fields with the attributes of a record; what is missing is at its default."""

    def __init__(self, defaults: Mapping[str, Value], fields: Fields) -> None:
        self.__dict__ = {**defaults, **fields}


class Traiter:
    """Built once for a kind. `told` are the fields that the other side can tell; of the rest nothing is expected."""

    def __init__(self, kind: str, told: frozenset[str] | None = None) -> None:
        self._likeness: Likeness = likeness(kind)
        self.marks = tuple(mark for mark in self._likeness.marks if told is None or mark.field in told)
        self._readers = tuple(_reader(mark) for mark in self.marks)
        compared = (watched(kind) if told is None else watched(kind) & (told | self._likeness.fields)) - _IDENTITY
        members = units(kind)
        self._defaults: Mapping[str, Value] = {name: value for unit in members for name, value in unit.defaults.items()}
        self._has_uid = "uid" in self._defaults
        names = sorted(compared)
        self._take: Callable[[Record], tuple[Value, ...]] = _taker(names)
        self._loose = [place for place, name in enumerate(names) if _is_unordered(members, name)]

    def of(self, record: Fields | Kind) -> Traits:
        held: Record = record if isinstance(record, Kind) else _Loose(self._defaults, record)
        likeness = self._likeness
        return Traits(
            self._uid(held) if self._has_uid else NO_DIGEST,
            tuple([(name, hash((name, value))) for name, value in likeness.names(held)]),
            self._whole(held),
            tuple([(score, words, hash(text)) for words, score, text in likeness.claims(held)]),
            tuple([read(held) for read in self._readers]),
        )

    def _uid(self, record: Record) -> int:
        uid = record.uid
        if not uid:
            return NO_DIGEST
        return hash((uid, getattr(record, "recurrence_id", None)))  # one occurrence is not the series

    def _whole(self, record: Record) -> int:
        values: Any = self._take(record)
        if any(len(values[place]) > 1 for place in self._loose):
            values = list(values)
            for place in self._loose:
                values[place] = sorted([_encode(member).decode() for member in values[place]])
        return hash(_encode(values))


def _taker(names: list[str]) -> Callable[[Record], tuple[Value, ...]]:
    return attrgetter(*names) if len(names) > 1 else lambda record: tuple(getattr(record, name) for name in names)


def _is_unordered(members: Sequence[Unit], name: str) -> bool:
    return any(unit.name == name and unit.how in _UNORDERED for unit in members)


def _reader(mark: Mark) -> Callable[[Record], int]:
    take: Callable[[Record], Value] = mark.read or attrgetter(mark.field)

    def read(record: Record) -> int:
        value = take(record)
        return NO_DIGEST if value is None or value in ("", [], {}) else hash(identity(value))

    return read
