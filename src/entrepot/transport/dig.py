"""Finds and places a value in an answer by a dotted path (`paging.next.after`, `data.0.id`)."""

from collections.abc import Mapping, Sequence
from typing import cast


def dig(data: object, path: str) -> object:
    """The value at the path in dicts, lists and structs, or None where the path leads nowhere. "" is all of it.

    A name that holds dots itself (`@odata.nextLink`) is found at the top.
    """
    if isinstance(data, Mapping) and path in data:
        return cast("Mapping[str, object]", data)[path]
    for step in path.split(".") if path else ():
        if isinstance(data, Mapping):
            data = cast("Mapping[str, object]", data).get(step)
        elif isinstance(data, Sequence) and not isinstance(data, str | bytes):
            items = cast("Sequence[object]", data)
            data = items[int(step)] if step.isdecimal() and int(step) < len(items) else None
        else:
            data = getattr(data, step, None)
        if data is None:
            return None
    return data


def place_in(data: Mapping[str, object], path: str, value: object) -> dict[str, object]:
    """A copy of the data with the value at the path; objects on the way are made."""
    step, _, rest = path.partition(".")
    if not rest:
        return {**data, step: value}
    inner = data.get(step)
    inside = cast("Mapping[str, object]", inner) if isinstance(inner, Mapping) else {}
    return {**data, step: place_in(inside, rest, value)}
