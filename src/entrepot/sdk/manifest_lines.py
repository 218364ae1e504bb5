"""YAML that remembers its lines, so that a problem can be shown where it stands.

Read as YAML 1.2 core: `yes` and `2026-03-11` are text, and a key written twice is a problem.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import yaml

Place = tuple[str | int, ...]


class Problem(msgspec.Struct, frozen=True, order=True):
    """`line` counts from 1; `where` is the path of keys."""

    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.message}" if self.where else f"line {self.line}: {self.message}"


class Marked(msgspec.Struct, frozen=True):
    """A document and the line each of its places begins on."""

    data: object
    lines: dict[Place, int]
    problems: list[Problem]

    def known(self, place: Sequence[str | int]) -> Place:
        """The part of a place that the document has; steps that are no keys of it are passed over."""
        found: Place = ()
        for part in place:
            if (*found, part) in self.lines:
                found = (*found, part)
        return found

    def problem(self, place: Sequence[str | int], message: str) -> Problem:
        """`place` may end in a key that is missing: it is named, and the line is that of what it is missing from."""
        known = self.known(place)
        missing = () if not place or known[-1:] == (place[-1],) else place[-1:]
        return Problem(self.lines[known], ".".join(str(part) for part in (*known, *missing)), message)


def read_marked(text: str) -> Marked:
    marked = Marked(None, {(): 1}, [])
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return msgspec.structs.replace(marked, problems=[Problem(line, "", f"not YAML: {error.problem}")])
    except yaml.YAMLError as error:
        return msgspec.structs.replace(marked, problems=[Problem(1, "", f"not YAML: {error}")])
    data = _value(root, (), marked) if root is not None else None
    return msgspec.structs.replace(marked, data=data)


class _Loader(yaml.CSafeLoader):
    """Only what YAML 1.2 resolves; PyYAML's own rules read dates and `on` as something else than text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [*first, ""])


_resolve("null", "~|null|", "~n")
_resolve("bool", "true|false", "tf")
_resolve("int", r"[-+]?\d+", "-+0123456789")
_resolve("float", r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?", "-+.0123456789")

_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}


def _value(node: yaml.Node, place: Place, marked: Marked) -> object:
    marked.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, place, marked))
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*place, index), marked) for index, child in enumerate(node.value)]
    return _SCALARS.get(node.tag, str)(node.value)


def _pairs(node: yaml.MappingNode, place: Place, marked: Marked) -> Iterator[tuple[str | int, object]]:
    seen = set[str]()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.value in seen:
            message = "this key is written twice" if isinstance(key, yaml.ScalarNode) else "a key must be a word"
            marked.problems.append(Problem(line, ".".join(map(str, (*place, key.value))), message))
            continue
        seen.add(key.value)
        name = _SCALARS[key.tag](key.value) if key.tag.endswith((":int", ":bool")) else key.value
        marked.lines[*place, name] = line
        yield name, _value(value, (*place, name), marked)
