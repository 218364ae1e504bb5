"""One field of a contact and the vCard properties that hold it."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from entrepot.core.people import Contact
from entrepot.protocols.content_line import Line, escaped, unescaped
from entrepot.protocols.vcard_line import types_of

Bundle = Sequence[Line]
"""A line and what belongs to it under the same group: its label, its country code."""

_CONTEXTS = {"home": "private", "work": "work"}
_CONTEXT_TYPES = {"private": "home", "work": "work"}
_FEATURES = {
    "cell": "mobile",
    "mobile": "mobile",
    "iphone": "mobile",
    "voice": "voice",
    "fax": "fax",
    "pager": "pager",
    "text": "text",
    "video": "video",
    "textphone": "textphone",
    "main": "main-number",
    "main-number": "main-number",
}
_FEATURE_TYPES = {"mobile": "cell", "main-number": "main"}
KNOWN_TYPES = frozenset({*_CONTEXTS, *_FEATURES, "pref"})
LABEL = "X-ABLABEL"
_APPLE = ("_$!<", ">!$_")


class Card(msgspec.Struct, frozen=True):
    """The lines of one vCard by name, and the labels and country codes by group."""

    lines: dict[str, list[Line]]
    labels: dict[str, str]
    countries: dict[str, str]
    version: str

    def all(self, *names: str) -> list[Line]:
        return [line for name in names for line in self.lines.get(name, ())]

    def first(self, *names: str) -> Line | None:
        return next(iter(self.all(*names)), None)

    def label(self, line: Line) -> str | None:
        """The person's own word for it: Apple's group label, or LABEL where it is a parameter."""
        return self.labels.get(line.group.lower()) if line.group else None


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """As in `ical_field`: the field owns `names`; `write` is given the version."""

    names: Sequence[str]
    key: Callable[[Contact], object]
    read: Callable[[Card, dict[str, Any]], None]
    write: Callable[[Contact, str], Sequence[Bundle]]


def card_of(lines: Sequence[Line]) -> Card:
    by_name: dict[str, list[Line]] = {}
    labels: dict[str, str] = {}
    countries: dict[str, str] = {}
    for line in lines:
        by_name.setdefault(line.name, []).append(line)
        if line.group and line.name == LABEL:
            labels[line.group.lower()] = unescaped(line.value).removeprefix(_APPLE[0]).removesuffix(_APPLE[1])
        elif line.group and line.name == "X-ABADR":
            countries[line.group.lower()] = line.value.strip()
    version = by_name["VERSION"][0].value.strip() if "VERSION" in by_name else "3.0"
    return Card(by_name, labels, countries, version)


def contexts_of(line: Line) -> list[str]:
    return list(dict.fromkeys(_CONTEXTS[one] for one in types_of(line) if one in _CONTEXTS))


def features_of(line: Line) -> list[str]:
    return list(dict.fromkeys(_FEATURES[one] for one in types_of(line) if one in _FEATURES))


def preference_of(line: Line) -> int | None:
    number = line.parameter("PREF")
    if number.isdecimal() and len(number) <= 3 and 1 <= int(number) <= 100:
        return int(number)
    return 1 if "pref" in types_of(line) else None


def parameters_of(
    contexts: Sequence[str], pref: int | None, version: str, features: Sequence[str] = ()
) -> dict[str, list[str]]:
    types = [_FEATURE_TYPES.get(one, one) for one in features]
    types += [_CONTEXT_TYPES[one] for one in contexts if one in _CONTEXT_TYPES]
    if version.startswith("4"):
        return {**({"TYPE": types} if types else {}), **({"PREF": [str(pref)]} if pref else {})}
    types = [one.upper() for one in types] + (["PREF"] if pref == 1 else [])
    return {"TYPE": types} if types else {}


def labelled(line: Line, label: str | None) -> Bundle:
    return (line, Line("X-ABLabel", escaped(label))) if label else (line,)


def texts(line: Line | None) -> str:
    return unescaped(line.value).strip() if line else ""
