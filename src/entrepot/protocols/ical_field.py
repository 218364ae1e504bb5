"""One field of a kind and the iCalendar properties that hold it: read, write, and know whether it changed."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from entrepot.core.planner import Planned
from entrepot.protocols.content_line import Line, escaped, unescaped
from entrepot.protocols.ical_zone import Zones

Found = Mapping[str, list[Line]]
"""The lines of a component by name."""

Attributes = dict[str, Any]
"""What is read so far: attribute of the kind → value."""

_MEANING = frozenset({"TZID", "VALUE", "ALTREP", "ENCODING"})


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """`names` are all properties the field owns: when it changes they go, and what `write` gives comes.

    `managed` are the parameters `write` decides about; all others stay with their line. `attribute` is the one of the
    kind that it holds; empty where several mean something only together.
    """

    names: Sequence[str]
    key: Callable[[Any], object]
    read: Callable[[Found, Zones, Attributes], None]
    write: Callable[[Any, Zones], Sequence[Line]]
    managed: frozenset[str] = _MEANING
    attribute: str = ""


def held(
    names: Sequence[str],
    attribute: str,
    read: Callable[[Found, Zones, Attributes], None],
    write: Callable[[Any, Zones], Sequence[Line]],
) -> Field:
    """A field that is one attribute of the kind."""
    return Field(names=names, key=attrgetter(attribute), read=read, write=write, attribute=attribute)


def first(found: Found, name: str) -> Line | None:
    lines = found.get(name)
    return lines[0] if lines else None


def text_field(name: str, attribute: str, *also: str) -> Field:
    """`also` are other programs' copies of the text, which are wrong once it changes."""

    def read(found: Found, _: Zones, into: Attributes) -> None:
        line = first(found, name)
        if line is not None:
            into[attribute] = unescaped(line.value)

    def write(data: Planned, _: Zones) -> list[Line]:
        text = getattr(data, attribute)
        return [Line(name, escaped(text))] if text else []

    return held((name, *also), attribute, read, write)


def number_field(name: str, attribute: str) -> Field:
    def read(found: Found, _: Zones, into: Attributes) -> None:
        line = first(found, name)
        if line is not None and line.value.strip().isdecimal() and len(line.value) < 12:
            into[attribute] = int(line.value)

    def write(data: Planned, _: Zones) -> list[Line]:
        number = getattr(data, attribute)
        return [] if number is None else [Line(name, str(number))]

    return held((name,), attribute, read, write)


def word_field(name: str, attribute: str, words: Mapping[str, str], *, silent: str | None = None) -> Field:
    """`words` maps the property's words to ours; `silent` is what the absent property means."""
    back = {ours: theirs for theirs, ours in words.items()}

    def read(found: Found, _: Zones, into: Attributes) -> None:
        line = first(found, name)
        ours = words.get(line.value.strip().upper()) if line else None
        if ours is not None:
            into[attribute] = ours

    def write(data: Planned, _: Zones) -> list[Line]:
        ours = getattr(data, attribute)
        return [Line(name, back[ours])] if ours in back and ours != silent else []

    return held((name,), attribute, read, write)
