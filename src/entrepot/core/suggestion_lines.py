"""Which lines could read a column into a field, by what sort of value the field takes."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import inspect

from entrepot.core.kinds import KINDS
from entrepot.core.people import PartialDate
from entrepot.core.planner import Duration, LocalDateTime
from entrepot.core.suggestion_shapes import Property, Shape, Words
from entrepot.core.suggestion_words import meaning
from entrepot.core.trade import IsoDate


class Target(msgspec.Struct, frozen=True):
    """A field, or a place inside one, and the sort of value it takes."""

    field: str
    sort: str
    values: tuple[Any, ...] = ()
    """All there are, of a choice."""


_PATTERNS = {
    get_args(LocalDateTime)[1].pattern: "local",
    get_args(PartialDate)[1].pattern: "date",
    get_args(IsoDate)[1].pattern: "date",
    get_args(Duration)[1].pattern: "duration",
}
_SORTS: Mapping[type[inspect.Type], str] = {
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.DecimalType: "decimal",
    inspect.BoolType: "boolean",
    inspect.DateTimeType: "instant",
}
_INSIDE: Mapping[str, tuple[str, ...]] = {
    "contact": (
        "name.full", "name.given", "name.surname", "name.title", "emails.0.address", "phones.0.number",
        "organizations.0.name", "titles.0", "addresses.0.street", "addresses.0.locality", "addresses.0.region",
        "addresses.0.postcode", "addresses.0.country", "links.0", "notes.0",
    )
}  # fmt: skip
_NEVER = frozenset({
    "uid", "timeZone", "showWithoutTime", "sequence", "recurrenceId", "endTimeZone", "position", "sha256", "etag",
    "cardKind", "parent", "photo", "members", "icon", "references", "attachments",
})  # fmt: skip
"""Names that services give, and what only means something beside another field."""
_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y", "%B %d, %Y")
_TIMES = ("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%B %d, %Y %I:%M %p")
_WORDS: Mapping[str, tuple[Words, ...]] = {
    "text": ({}, {"as": "digits"}),
    "integer": ({}, {"as": "integer_text"}, {"as": "integer"}),
    "number": ({}, {"as": "number_text"}),
    "decimal": ({"as": "decimal"}, {"as": "decimal_text"}, {"as": "decimal_comma"}),
    "boolean": ({}, {"as": "boolean_text"}),
    "local": ({"as": "local"}, *({"pattern": each} for each in _TIMES)),
    "date": ({}, {"as": "date_of_instant"}, *({"pattern": each} for each in _DAYS)),
    "instant": (
        {"as": "instant"}, {"as": "epoch_ms"}, {"as": "epoch"}, {"as": "epoch_ms_text"}, {"as": "epoch_text"},
        {"as": "instant", "zone": "Etc/UTC"}, *({"pattern": each, "zone": "Etc/UTC"} for each in _TIMES),
    ),
    "duration": ({}, {"as": "iso_duration"}),
}  # fmt: skip
_READ_TEXT_TOO = frozenset({"decimal", "epoch", "epoch_ms"})
"""And would write a number."""
_SEPARATORS = (";", ",", "|")
_PATHS = re.compile(r"\.\d+$")


@cache
def targets(kind: str) -> tuple[Target, ...]:
    """What of a kind a column can be read into."""
    inside = _INSIDE.get(kind, ())
    held = {_PATHS.sub("", name).split(".")[0] for name in inside}
    known = inspect.type_info(KINDS[kind])
    assert isinstance(known, inspect.StructType)
    plain = [_target(field) for field in known.fields if field.encode_name not in _NEVER | held]
    return (*(each for each in plain if each), *(Target(name, "text") for name in inside))


def lines(target: Target, column: Property, shape: Shape) -> Iterator[tuple[str, Any]]:
    """Field and line, the plainest first; which of them reads the values is for others to find out."""
    if target.sort == "texts":
        yield from _lists(target, shape)
        return
    if shape.is_many:
        return
    found = meaning_table(target, column, shape)
    if found:
        yield target.field, {"at": shape.path, **shape.words, **found}
    if target.field == "score":
        yield target.field, {"at": shape.path, **_scale(shape)}
        return
    if target.field == "priority" and any(isinstance(value, str) for value in shape.values):
        return
    is_text = any(isinstance(value, str) for value in shape.values)
    for words in _WORDS.get(target.sort, ({},)):
        if not (is_text and words.get("as") in _READ_TEXT_TOO):
            yield target.field, _line(shape, words)


def meaning_table(target: Target, column: Property, shape: Shape) -> Words:
    """A table where at least half of the few values there are mean something to us; the others mean nothing."""
    field = "yes" if target.sort == "boolean" else target.field
    if target.sort not in {"choice", "boolean"} and target.field != "priority":
        return {}
    there = list(dict.fromkeys([*column.options, *map(_hashable, shape.values)]))
    if target.field == "priority" and all(isinstance(value, int) for value in there):
        return {}
    known = {value: _meant(target, field, value) for value in there}
    table = {value: ours for value, ours in known.items() if ours is not None}
    unknown = [value for value, ours in known.items() if ours is None]
    if not table or len(unknown) > len(table):
        return {}
    writes = {ours: theirs for theirs, ours in reversed(table.items())}
    doubled = {ours: writes[ours] for ours in writes if list(table.values()).count(ours) > 1}
    return {"table": table, **({"ignored": unknown} if unknown else {}), **({"writes": doubled} if doubled else {})}


def _target(field: inspect.Field) -> Target | None:
    of = field.type
    if isinstance(of, inspect.UnionType):
        some = [each for each in of.types if not isinstance(each, inspect.NoneType)]
        of = some[0]
    name = field.encode_name
    match of:
        case inspect.StrType():
            return Target(name, _PATTERNS.get(of.pattern or "", "text"))
        case inspect.LiteralType():
            return Target(name, "choice", of.values)
        case inspect.ListType(item_type=inspect.StrType()):
            return Target(name, "texts")
        case _:
            return Target(name, _SORTS[type(of)]) if type(of) in _SORTS else None


def _meant(target: Target, field: str, value: object) -> object:
    if value in target.values and not isinstance(value, bool):
        return value
    ours = meaning(field, value)
    return ours if ours is None or not target.values or ours in target.values else None


def _lists(target: Target, shape: Shape) -> Iterator[tuple[str, Any]]:
    if shape.is_many:
        yield target.field, _line(shape, {})
        return
    texts = [value for value in shape.values if isinstance(value, str)]
    separator = next((each for each in _SEPARATORS if any(each in text for text in texts)), None)
    if separator and not shape.words:
        yield target.field, {"at": shape.path, "split": separator}
    else:
        yield f"{target.field}.0", _line(shape, {})


def _scale(shape: Shape) -> Words:
    numbers = [float(value) for value in shape.values if _is_number(value)]
    most = max(numbers, default=10.0)
    first: Words = {"as": "number_text"} if any(isinstance(value, str) for value in shape.values) else {}
    if most <= 5:
        return {**first, "scale": "point_5"}
    if most > 10:
        return {**first, "scale": "point_100"}
    return {**first, "scale": "point_10" if all(number.is_integer() for number in numbers) else "point_10_decimal"}


def _line(shape: Shape, words: Words) -> Any:
    said = {**shape.words, **words}
    return {"at": shape.path, **said} if said else shape.path


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return not isinstance(value, bool)


def _hashable(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) else str(value)
