"""The columns that records have, found in the records themselves, and what is inside what a service wraps them in."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

Words = dict[str, Any]

_DEEPEST = 3
_MOST = 200
_PERIOD = frozenset({"start", "end", "time_zone"})
_INSIDE = ("plain_text", "name", "start", "value", "id")
"""Where a value stands in something that is more than a value: a text run, an option or a person, a period."""


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """One column: where it stands in a record, what the service calls it and, if it tells, of what type it is.

    `values` are samples, as they stand there; `options` are all the words a choice can have, where they are known.
    """

    path: str
    name: str
    type: str = ""
    values: Sequence[object] = ()
    options: Sequence[str] = ()


class Shape(msgspec.Struct, frozen=True):
    """What is to be said to get at the plain `values`: a longer path, and words of a line."""

    path: str
    type: str
    values: list[Any]
    words: Words = {}

    @property
    def is_many(self) -> bool:
        return any(isinstance(value, list) for value in self.values)


def properties_of(records: Iterable[dict[str, Any]]) -> list[Property]:
    """The columns of some records as a service told them, in the order they come; the first 200 records are enough."""
    found: dict[str, tuple[str, list[object]]] = {}
    for record in islice(records, _MOST):
        for path, name, value in _leaves(record, "", _DEEPEST):
            found.setdefault(path, (name, []))[1].append(value)
    return [Property(path=path, name=name, values=values) for path, (name, values) in found.items()]


def shape_of(column: Property) -> Shape | None:
    """None where the values are nothing a field could be read from."""
    path, kind = column.path, column.type
    held = _some(column.values)
    while held and all(isinstance(value, dict) for value in held):
        step = _step(held)
        if step is None:
            return None
        if not kind and _tag(held[0]) == step:
            kind = step
        path, held = f"{path}.{escaped(step)}", _some([value.get(step) for value in held])
    if not any(isinstance(value, list) for value in held):
        return None if any(isinstance(value, dict) for value in held) else Shape(path, kind, held)
    lists = [value for value in held if isinstance(value, list)]
    return None if len(lists) < len(held) else _many(path, kind, lists)


def escaped(name: str) -> str:
    return name.replace(".", "\\.")


def _leaves(held: dict[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str, object]]:
    for name, value in held.items():
        if not name:
            continue
        path = f"{prefix}{escaped(name)}"
        if depth > 1 and isinstance(value, dict) and value and not _is_value(value):
            yield from _leaves(value, f"{path}.", depth - 1)
        else:
            yield path, name, value


def _is_value(held: dict[str, Any]) -> bool:
    return _tag(held) is not None or held.keys() <= _PERIOD or ("name" in held and bool(held.keys() & {"id", "color"}))


def _tag(held: dict[str, Any]) -> str | None:
    """The type of what says it itself: `{"type": "select", "select": …}`."""
    kind = held.get("type")
    return kind if isinstance(kind, str) and kind in held and kind != "type" else None


def _step(held: list[dict[str, Any]]) -> str | None:
    tags = {_tag(value) for value in held}
    if len(tags) == 1 and (tag := tags.pop()):
        return tag
    return next((name for name in _INSIDE if all(name in value for value in held)), None)


def _many(path: str, kind: str, lists: list[list[Any]]) -> Shape | None:
    members = [member for each in lists for member in each]
    if all(isinstance(member, str) for member in members):
        return Shape(path, kind, lists, {"as": "list"})
    if not all(isinstance(member, dict) for member in members) or (step := _step(members)) is None:
        return None
    inner = next((name for name in _INSIDE if all(name in member for member in members)), step)
    values = [[member.get(inner) for member in each] for each in lists]
    if inner == "plain_text":
        texts = ["".join(map(str, each)) for each in values]
        return Shape(path, kind, _some(texts), {"each": inner, "joined": ""})
    return Shape(path, kind, values, {"each": escaped(inner)})


def _some(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value not in (None, "", [], {})]
