r"""Where a value stands in nested JSON: `due.date`, `names.0.family`; a dot in a name is written `\.`."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from entrepot.core.lens import LensError, shown

_DOT = re.compile(r"(?<!\\)\.")


def steps(path: str) -> tuple[str, ...]:
    found = tuple(step.replace("\\.", ".") for step in _DOT.split(path))
    if not all(found):
        raise ValueError(f"{path!r} is not a path: write names and positions with dots between them")
    return found


def getter(path: str) -> Callable[[dict[str, Any]], Any]:
    """Reads the value there, None where it is absent; LensError where something else stands in the way."""
    first, *rest = steps(path)
    if not rest:
        return lambda record: record.get(first)
    if len(rest) == 1:
        return _second(path, first, rest[0])

    def take(record: dict[str, Any]) -> Any:
        return _walk(path, record.get(first), rest)

    return take


def put(into: dict[str, Any], path: str, value: object, *, always: bool = False) -> None:
    """Writes the value there, making what is missing on the way; None over nothing makes nothing, unless `always`."""
    way = steps(path)
    last = way[-1]
    here: Any = into
    for step, following in pairwise(way):
        held = _member(path, here, step)
        if held is None:
            if value is None and not always:
                return
            held = [] if following.isdigit() else {}
            _place(path, here, step, held)
        here = held
    if value is not None or always or _member(path, here, last) is not None:
        _place(path, here, last, value)


def _second(path: str, first: str, second: str) -> Callable[[dict[str, Any]], Any]:
    # By far the most common depth, so it goes without a loop.
    def take(record: dict[str, Any]) -> Any:
        held: Any = record.get(first)
        if held.__class__ is dict:
            return held.get(second)
        return _walk(path, held, (second,))

    return take


def _walk(path: str, value: Any, way: tuple[str, ...] | list[str]) -> Any:
    for step in way:
        if value is None:
            return None
        value = _member(path, value, step)
    return value


def _member(path: str, held: Any, step: str) -> Any:
    if isinstance(held, dict):
        return held.get(step)
    if isinstance(held, list) and step.isdigit():
        return held[int(step)] if int(step) < len(held) else None
    raise LensError(f"{path} cannot be followed: {shown(held)} has no {step}")


def _place(path: str, held: Any, step: str, value: object) -> None:
    if isinstance(held, dict):
        held[step] = value
    elif int(step) < len(held):
        held[int(step)] = value
    elif int(step) == len(held):
        held.append(value)
    else:
        raise LensError(f"{path} cannot be written: there are only {len(held)} before it")
