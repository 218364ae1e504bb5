r"""What a person says about the fields of a stream, over the manifest's own lines: another source, a constant, nothing.

title=properties.Name                                       another place, as it is written; a dot in a name is `\.`
priority={at: properties.Prio, table: {high: 1, low: 9}}    any line a manifest could have
medium={constant: manga}                                    the same for every record
notes=                                                      leave the field out
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.core.kinds import KINDS
from entrepot.core.path import steps
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_fields import broken_fields
from entrepot.sdk.manifest_lines import read_marked
from entrepot.sdk.manifest_streams import StreamSpec

Overrides = Mapping[str, Any]
"""Field of the kind, as in a manifest → its line; None where it is left out."""

_YAML = ("{", "[", '"', "'")
_PLAIN = re.compile(r"[A-Za-z_]([\w.-]| (?=\w))*")
_RESERVED = frozenset({"true", "false", "null"})


def overrides_of(written: Mapping[str, str]) -> Overrides:
    """The lines a person wrote, each by its field; PersonMustFix names every one that cannot be read."""
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for field, text in written.items():
        try:
            steps(field)
            found[field] = _line(text.strip())
        except ValueError as why:
            wrong.append(f"{field or 'a line without a field'}: {why}")
    if wrong:
        raise _mistakes(wrong)
    return found


def written(line: object) -> str:
    """A line as a person would write it: `overrides_of` reads the same."""
    if line is None:
        return ""
    return line if isinstance(line, str) and line == line.strip() and not line.startswith(_YAML) else _flow(line)


def applied(spec: StreamSpec, overrides: Overrides) -> StreamSpec:
    """The stream with these lines in the place of its own; PersonMustFix says all that is wrong with them."""
    if not overrides:
        return spec
    check_changeable(spec)
    kept = {field: line for field, line in spec.fields.items() if not any(_meet(field, each) for each in overrides)}
    ours = {field: line for field, line in overrides.items() if line is not None}
    given = {field: word for field, word in spec.given.items() if not any(_meet(field, each) for each in overrides)}
    changed = spec.model_copy(update={"fields": {**kept, **ours}, "given": given})
    unknown = [f"{field}: {why}" for field in overrides.keys() - ours.keys() if (why := _unknown(spec, field))]
    wrong = [*unknown, *(_sentence(place[3:], why) for place, why in broken_fields("", changed))]
    if wrong:
        raise _mistakes(wrong)
    return changed


def check_changeable(spec: StreamSpec) -> None:
    if not spec.fields:
        raise PersonMustFix(
            f"This connector reads each {spec.kind} in a way of its own, without lines that could be changed."
        )


def remapped(manifest: Manifest, changes: Mapping[str, Overrides]) -> Manifest:
    """The manifest with what a person changed in its streams, by their names."""
    streams = {name: applied(spec, changes.get(name, {})) for name, spec in manifest.streams.items()}
    return manifest.model_copy(update={"streams": streams}) if any(changes.values()) else manifest


def _line(text: str) -> object:
    """A place is taken letter by letter, for what services call their columns may be anything; words are YAML."""
    if not text.startswith(_YAML):
        return text or None
    marked = read_marked(text)
    if marked.problems:
        raise ValueError(f"{text} cannot be read: {marked.problems[0].message}")
    return marked.data


def _flow(value: object) -> str:
    match value:
        case dict():
            members: dict[object, object] = value
            return f"{{{', '.join(f'{_flow(key)}: {_flow(member)}' for key, member in members.items())}}}"
        case list():
            elements: list[object] = value
            return f"[{', '.join(map(_flow, elements))}]"
        case str() if _PLAIN.fullmatch(value) and value not in _RESERVED:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _meet(one: str, other: str) -> bool:
    """The same field, or one inside the other: they cannot both be filled."""
    return all(mine == its for mine, its in zip(steps(one), steps(other), strict=False))


def _unknown(spec: StreamSpec, field: str) -> str:
    known = {each.encode_name for each in msgspec.structs.fields(KINDS[spec.kind])}
    if steps(field)[0] in known:
        return ""
    return f"a {spec.kind} has no such field; there are {', '.join(sorted(known))}"


def _sentence(place: tuple[str | int, ...], why: str) -> str:
    return f"{'.'.join(map(str, place))}: {why}" if place else why


def _mistakes(wrong: list[str]) -> PersonMustFix:
    return PersonMustFix("\n".join(["The mapping has mistakes:", *(f"  {each}" for each in wrong)]))
