"""Which merge a field gets: it follows from its type in its kind, but for the few whose type does not say it."""

import types
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from entrepot.core.fields import Fields, Value, is_same
from entrepot.core.kind import Part
from entrepot.core.kinds import KINDS
from entrepot.core.life import LibraryEntry
from entrepot.core.merge import Merged, Side, merge_scalar
from entrepot.core.merge_list import merge_list
from entrepot.core.merge_map import is_same_parts, merge_map, merge_parts
from entrepot.core.merge_recurrence import FIELDS as WHEN_FIELDS
from entrepot.core.merge_recurrence import merge_recurrence
from entrepot.core.merge_set import is_same_set, merge_set
from entrepot.core.merge_text import merge_text
from entrepot.core.people import EmailAddress, OnlineService, Phone
from entrepot.core.planner import Participant, Planned
from entrepot.core.trade import Balance
from entrepot.core.writing import Document, Embedded, Media


class How(StrEnum):
    SCALAR = "scalar"
    SET = "set"
    LIST = "list"
    PARTS = "parts"
    TEXT = "text"
    MAP = "map"
    RECURRENCE = "recurrence"
    OWN = "own"
    """Each side keeps its own: the service counts or stamps it, so it is no one's edit."""


WHEN = "when"
KEYS: Mapping[type[Part], str] = {
    EmailAddress: "address",
    Phone: "number",
    OnlineService: "uri",
    Participant: "email",
    Embedded: "sha256",
    Balance: "type",
}
NAMED: Mapping[str, How] = {
    **dict.fromkeys(("description", "body", "content", "text", "abstract", "notes"), How.TEXT),
    **dict.fromkeys(("alerts", "locations", "addresses", "organizations", "anniversaries"), How.SET),
    **dict.fromkeys(("references", "coordinates"), How.LIST),
    **dict.fromkeys(("created", "updated", "modified", "sequence", "progress_updated", "etag"), How.OWN),
}
"""By name, in every kind; TEXT only where the field is text."""
OF_KIND: Mapping[tuple[type[Any], str], How] = {
    (kind, "url"): How.OWN for kind in (Document, LibraryEntry, Media, KINDS["issue"], KINDS["order"])
}


class Unit(msgspec.Struct, frozen=True):
    """What is merged as one: a field, or the fields that only mean something together (their value is then a dict)."""

    name: str
    fields: tuple[str, ...]
    how: How
    key: str = ""
    defaults: Mapping[str, Value] = {}

    def value_in(self, fields: Fields) -> Value:
        if self.name != WHEN:
            return fields.get(self.name, self.defaults[self.name])
        return {name: fields.get(name, self.defaults[name]) for name in self.fields}

    def as_fields(self, value: Value) -> Fields:
        return value if self.name == WHEN else {self.name: value}

    def is_same(self, one: Value, other: Value) -> bool:
        match self.how:
            case How.SET:
                return is_same_set(one, other)
            case How.PARTS:
                return is_same_parts(one, other)
            case _:
                return is_same(one, other)

    def merge(self, base: Value, hub: Value, remote: Value, prefer: Side = "hub") -> Merged:
        if self.is_same(hub, remote) or self.is_same(remote, base):
            return Merged(hub)
        if self.is_same(hub, base):
            return Merged(remote)
        if self.how is How.PARTS:
            return merge_parts(base, hub, remote, prefer, self.key)
        return _MERGES[self.how](base, hub, remote, prefer)


_MERGES = {
    How.SCALAR: merge_scalar,
    How.OWN: merge_scalar,
    How.SET: merge_set,
    How.LIST: merge_list,
    How.TEXT: merge_text,
    How.MAP: merge_map,
    How.RECURRENCE: merge_recurrence,
}


@cache
def units(kind: str, scope: frozenset[str] | None = None) -> tuple[Unit, ...]:
    """What records of a kind are merged by, each field in one unit; `scope` leaves out the other fields."""
    struct = KINDS[kind]
    known = [field for field in msgspec.structs.fields(struct) if scope is None or field.name in scope]
    together = [field for field in known if issubclass(struct, Planned) and field.name in WHEN_FIELDS]
    alone = [_unit(struct, field) for field in known if field not in together]
    return (*alone, _when(together)) if together else tuple(alone)


@cache
def watched(kind: str, scope: frozenset[str] | None = None) -> frozenset[str]:
    """The fields in scope that people edit."""
    return frozenset(name for unit in units(kind, scope) if unit.how is not How.OWN for name in unit.fields)


def _when(fields: list[msgspec.structs.FieldInfo]) -> Unit:
    names = tuple(field.name for field in fields)
    return Unit(WHEN, names, How.RECURRENCE, defaults={field.name: _default(field) for field in fields})


def _unit(struct: type[Any], field: msgspec.structs.FieldInfo) -> Unit:
    of = _bare(field.type)
    how = OF_KIND.get((struct, field.name)) or NAMED.get(field.name) or _by_type(of)
    if how is How.TEXT and of is not str:
        how = _by_type(of)
    key = KEYS.get(_member(of), "") if how is How.PARTS else ""
    return Unit(field.name, (field.name,), how, key, {field.name: _default(field)})


def _by_type(of: Any) -> How:
    if get_origin(of) is dict:
        return How.MAP
    if get_origin(of) is not list:
        return How.SCALAR
    member = _member(of)
    if member is str:
        return How.SET
    return How.PARTS if member in KEYS else How.LIST


def _member(of: Any) -> Any:
    return _bare(get_args(of)[0])


def _bare(of: Any) -> Any:
    """The type without what may be said about it: `Annotated[str, …] | None` is `str`."""
    if get_origin(of) is Annotated:
        return _bare(get_args(of)[0])
    if get_origin(of) in {Union, types.UnionType}:
        some = [each for each in get_args(of) if each is not type(None)]
        return _bare(some[0]) if len(some) == 1 else of
    return of


def _default(field: msgspec.structs.FieldInfo) -> Value:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.default is msgspec.NODEFAULT else field.default
