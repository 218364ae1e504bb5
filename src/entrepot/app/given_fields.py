"""Fields of a record as a person writes them, `F=V`: what does not fit is a sentence that names the field."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.structs import FieldInfo

from entrepot.core import merge_choice
from entrepot.core.errors import PersonMustFix
from entrepot.core.fields import Value
from entrepot.core.kinds import KINDS
from entrepot.core.planner import Duration, LocalDateTime

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHORT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?")


def check_kind(kind: str) -> str:
    if kind not in KINDS:
        raise PersonMustFix(f"There is no kind {kind!r}. Kinds are: {', '.join(sorted(KINDS))}.")
    return kind


def named(kind: str, word: str) -> FieldInfo:
    """The field of this name, as JSON has it (`showWithoutTime`) or as the struct has it."""
    every = msgspec.structs.fields(KINDS[kind])
    found = next((one for one in every if word in {one.encode_name, one.name}), None)
    if found is None:
        known = ", ".join(sorted(one.encode_name for one in every))
        raise PersonMustFix(f"A {kind} has no field {word!r}. It has: {known}.")
    return found


def told(kind: str, name: str) -> str:
    """The JSON name of a field of the struct; what is merged as one, and the whole record, keep theirs."""
    return next((one.encode_name for one in msgspec.structs.fields(KINDS[kind]) if one.name == name), name)


def unit_named(kind: str, word: str) -> str:
    """What is merged as one, by its own name or by that of a field in it: `when` for the start, the rules and more."""
    if any(unit.name == word for unit in merge_choice.units(kind)):
        return word
    name = named(kind, word).name
    return next(unit.name for unit in merge_choice.units(kind) if name in unit.fields)


def read(kind: str, words: Mapping[str, str]) -> dict[str, Value]:
    """By the struct's names. `F=` empties; a day where a time may stand means all day, and a time that it is not."""
    found: dict[str, Value] = {}
    days: list[bool] = []
    for word, text in words.items():
        field = named(kind, word)
        found[field.name] = value(kind, field, text)
        if field.name in {"start", "due"} and text and _is_local(field):
            days.append(_DAY.fullmatch(text) is not None)
    if days and "show_without_time" in KINDS[kind].__struct_fields__:
        found.setdefault("show_without_time", all(days))
    return found


def value(kind: str, field: FieldInfo, text: str) -> Value:
    """What the text means for the field; PersonMustFix says what the field takes."""
    if not text:
        return _empty(kind, field)
    try:
        return _converted(field, text)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as why:
        raise PersonMustFix(
            f"{field.encode_name} of a {kind} takes {_takes(_bare(field.type))}, not {text!r}."
        ) from why


def missing(kind: str, given: Mapping[str, Value]) -> list[str]:
    """The JSON names of what the kind cannot do without."""
    every = msgspec.structs.fields(KINDS[kind])
    return [one.encode_name for one in every if one.required and one.name not in given]


def _empty(kind: str, field: FieldInfo) -> Value:
    if field.required:
        raise PersonMustFix(f"{field.encode_name} of a {kind} cannot be empty.")
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _converted(field: FieldInfo, text: str) -> Value:
    match _bare(field.type):
        case inspect.StrType(pattern=pattern) if pattern == _LOCAL:
            return msgspec.convert(_as_local(text), field.type)
        case inspect.BoolType() | inspect.IntType() | inspect.FloatType():
            return msgspec.convert(text, field.type, strict=False)
        case inspect.StrType() | inspect.LiteralType() | inspect.DateTimeType() | inspect.DecimalType():
            return msgspec.convert(text, field.type)
        case inspect.ListType(item_type=inspect.StrType()) if not text.startswith("["):
            return msgspec.convert([each.strip() for each in text.split(",") if each.strip()], field.type)
        case _:
            return msgspec.json.decode(text, type=field.type)


def _as_local(text: str) -> str:
    if _DAY.fullmatch(text):
        return f"{text}T00:00:00"
    found = _SHORT.fullmatch(text)
    return f"{found[1]}T{found[2]}{found[3] or ':00'}" if found else text


def _is_local(field: FieldInfo) -> bool:
    return getattr(_bare(field.type), "pattern", None) == _LOCAL


def _bare(type_: Any) -> inspect.Type:
    """Without that it may be missing."""
    found = inspect.type_info(type_)
    if isinstance(found, inspect.UnionType):
        some = [one for one in found.types if not isinstance(one, inspect.NoneType)]
        return some[0] if len(some) == 1 else found
    return found


def _takes(type_: inspect.Type) -> str:
    match type_:
        case inspect.StrType(pattern=pattern) if pattern is not None:
            return _PATTERNS.get(pattern, f"text such as {pattern}")
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.IntType(ge=least, le=most) if least is not None and most is not None:
            return f"a whole number from {least} to {most}"
        case inspect.ListType(item_type=inspect.StructType(fields=fields)):
            return f"a JSON list of objects with {_members(fields)}"
        case inspect.StructType(fields=fields):
            return f"a JSON object with {_members(fields)}"
        case _:
            return _TAKES.get(type(type_), "JSON")


def _members(fields: tuple[inspect.Field, ...]) -> str:
    return ", ".join(one.encode_name for one in fields)


def _pattern(type_: Any) -> str | None:
    return getattr(inspect.type_info(type_), "pattern", None)


_TAKES: Mapping[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.DecimalType: "a number",
    inspect.DateTimeType: "a moment such as 2026-03-01T10:00:00Z",
    inspect.ListType: "words with commas between them, or a JSON list",
}
_LOCAL = _pattern(LocalDateTime)
_PATTERNS = {
    _LOCAL: "a day or a time such as 2026-03-01 or 2026-03-01T10:00",
    _pattern(Duration): "a duration such as PT1H30M",
    r"^\d{4}-\d{2}-\d{2}$": "a day such as 2026-03-01",
}
