"""A record taken apart into its fields and put together again, so that a plan can speak of one field at a time."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS

Value = Any
"""What a field of a kind holds: text, a number, a list, a part."""

Fields = Mapping[str, Value]
"""Field name, as the kind's struct has it, to value. A field that is not there is one nobody knows anything about."""

_ENCODER = msgspec.json.Encoder(decimal_format="string", order="deterministic")


def fields_of(data: Kind) -> dict[str, Value]:
    return {name: getattr(data, name) for name in data.__struct_fields__}


def record_of(kind: str, fields: Fields) -> Kind:
    """Raises TypeError where a field is missing that the kind cannot do without."""
    return KINDS[kind](**fields)


def encode_fields(kind: str, fields: Fields) -> bytes:
    """JSON with exactly these fields, those at their defaults too; `decode_fields` reads it."""
    return _ENCODER.encode(_some(kind)(**fields))


def decode_fields(kind: str, data: bytes) -> dict[str, Value]:
    found = msgspec.json.decode(data, type=_some(kind))
    values = ((name, getattr(found, name)) for name in found.__struct_fields__)
    return {name: value for name, value in values if value is not msgspec.UNSET}


def identity(value: Value) -> str | bytes:
    """The same for equal values, orderable and hashable: what sets and lists tell their members apart by."""
    return value if type(value) is str else _ENCODER.encode(value)


def is_same(one: Value, other: Value) -> bool:
    """Equal as people mean it: True is not 1, and what is not a number is the same as itself."""
    if one is other:
        return True
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if one == other:
        return not isinstance(one, dict) or all(is_same(value, other[name]) for name, value in one.items())
    return bool(one != one and other != other)  # noqa: PLR0124 -- only NaN differs from itself


@cache
def _some(kind: str) -> type[msgspec.Struct]:
    fields = [
        (field.name, field.type | msgspec.UnsetType, msgspec.UNSET) for field in msgspec.structs.fields(KINDS[kind])
    ]
    return msgspec.defstruct(f"Some{KINDS[kind].__name__}", fields, kw_only=True)
