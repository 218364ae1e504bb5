"""Conflicts as they are kept: the values of both sides as JSON, and back."""

from collections.abc import Sequence

import msgspec

from entrepot.core.conflict import WHOLE, Conflict, Mark, Resolution
from entrepot.core.fields import Value, decode_fields, encode_fields
from entrepot.core.merge import Clash, Side
from entrepot.core.merge_choice import Unit, units
from entrepot.storage.conflicts import Row
from entrepot.storage.journal import Resolved

_NONE = msgspec.Raw(b"null")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Each value is JSON of the fields it stands for; null where that side has none. `clashes` are places in it."""

    base: msgspec.Raw
    hub: msgspec.Raw
    remote: msgspec.Raw
    by_hub: Mark
    by_remote: Mark
    clashes: Sequence[tuple[str, ...]] = ()


def pack(kind: str, conflict: Conflict) -> bytes:
    unit = unit_of(kind, conflict.field)
    return msgspec.json.encode(
        Told(
            base=_value(kind, unit, conflict.base) or _NONE,
            hub=_value(kind, unit, conflict.hub) or _NONE,
            remote=_value(kind, unit, conflict.remote) or _NONE,
            by_hub=conflict.by_hub,
            by_remote=conflict.by_remote,
            clashes=[clash.path for clash in conflict.clashes],
        )
    )


def unpack(kind: str, row: Row) -> Conflict:
    """As it was planned, but for what stands at the places of its clashes."""
    told = msgspec.json.decode(row.told, type=Told)
    unit = unit_of(kind, row.field)
    return Conflict(
        field=row.field,
        words=row.words,
        base=_read(kind, unit, told.base),
        hub=_read(kind, unit, told.hub),
        remote=_read(kind, unit, told.remote),
        by_hub=told.by_hub,
        by_remote=told.by_remote,
        clashes=tuple(Clash(tuple(path)) for path in told.clashes),
    )


def resolved(kind: str, resolutions: Sequence[Resolution], winner: Side) -> list[Resolved]:
    """Those that one side won, for the journal."""
    return [
        Resolved(one.field, one.words, one.winner, _plain(kind, one.field, one.kept), _plain(kind, one.field, one.lost))
        for one in resolutions
        if one.winner == winner
    ]


def unit_of(kind: str, field: str) -> Unit | None:
    """None where the conflict is about the whole record."""
    return None if field == WHOLE else next(unit for unit in units(kind) if unit.name == field)


def _plain(kind: str, field: str, value: Value) -> object:
    return _value(kind, unit_of(kind, field), value)


def _value(kind: str, unit: Unit | None, value: Value) -> msgspec.Raw | None:
    if value is msgspec.UNSET:
        return None
    return msgspec.Raw(encode_fields(kind, value if unit is None else unit.as_fields(value)))


def _read(kind: str, unit: Unit | None, raw: msgspec.Raw) -> Value:
    if bytes(raw) == bytes(_NONE):
        return msgspec.UNSET
    fields = decode_fields(kind, bytes(raw))
    return fields if unit is None else unit.value_in(fields)
