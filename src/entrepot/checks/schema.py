"""Walks JSON Schema as contracts use it: what a path leads to, and which values are documented there."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal
from urllib.parse import unquote

import msgspec

Json = dict[str, Any]
_OBJECT_WORDS = frozenset({"properties", "additionalProperties", "patternProperties"})
_ARRAY_WORDS = frozenset({"items", "prefixItems"})
_ANY = ("allOf", "anyOf", "oneOf")


class Schema(msgspec.Struct, frozen=True):
    """A schema and the document its references point into."""

    node: Any
    document: Json

    def at(self, steps: Sequence[str]) -> "Found":
        """Where the path leads, in any of the alternatives; `*` is every element of a list."""
        here, is_open = [self.node], False
        for step in steps:
            below: list[Any] = []
            for node in here:
                for each in self._alternatives(node, frozenset()):
                    found = _member(each, step)
                    is_open = is_open or found is _FREE
                    if found is not None and found is not _FREE:
                        below.append(found)
            here = below
        schemas = tuple(Schema(each, self.document) for node in here for each in self._alternatives(node, frozenset()))
        return Found("described" if schemas else "open" if is_open else "missing", schemas)

    def values(self) -> set[Any]:
        """The values the document lists here; both truth values where it is one; none where any text will do."""
        listed = self.node.get("enum") if isinstance(self.node, dict) else None
        if listed is not None:
            return {value for value in listed if value is not None}
        if isinstance(self.node, dict) and "const" in self.node:
            return {self.node["const"]}
        if isinstance(self.node, dict) and _has_type(self.node, "boolean"):
            return {True, False}
        return set()

    def _alternatives(self, node: Any, seen: frozenset[str]) -> Iterator[Any]:
        if not isinstance(node, dict):
            yield {}  # `true` in JSON Schema: anything
            return
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference not in seen:
                yield from self._alternatives(self._resolve(reference), seen | {reference})
            return
        parts = [part for word in _ANY for part in node.get(word, ())]
        for part in parts:
            yield from self._alternatives(part, seen)
        if not parts or not _is_bare(node):
            yield node

    def _resolve(self, reference: str) -> Any:
        here: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            name = unquote(step).replace("~1", "/").replace("~0", "~")  # RFC 6901, section 6
            here = here.get(name) if isinstance(here, dict) else None
        if here is None:
            raise ValueError(f"the document points to {reference}, which it does not have")
        return here


class Found(msgspec.Struct, frozen=True):
    """`open`: somewhere on the way the document says only that there is something."""

    state: Literal["described", "open", "missing"]
    schemas: tuple[Schema, ...] = ()

    def values(self) -> set[Any]:
        return set[Any]().union(*(schema.values() for schema in self.schemas))


_FREE = object()


def _member(node: Json, step: str) -> Any:
    """The schema of a member or element, `_FREE` where anything may stand, None where nothing can."""
    if step == "*" or (step.isdigit() and "items" in node):
        if "items" in node:
            return node["items"]
        return _FREE if not (_OBJECT_WORDS & node.keys()) and _may_be(node, "array") else None
    if step in node.get("properties", {}):
        return node["properties"][step]
    rest = node.get("additionalProperties")
    if isinstance(rest, dict) and rest:
        return rest
    if rest is True or rest == {} or "patternProperties" in node:
        return _FREE
    described = (_OBJECT_WORDS | _ARRAY_WORDS) & node.keys()
    return _FREE if not described and rest is not False and _may_be(node, "object") else None


def _may_be(node: Json, kind: str) -> bool:
    return ("type" not in node and "enum" not in node) or _has_type(node, kind)


def _has_type(node: Json, kind: str) -> bool:
    types = node.get("type")
    return kind in types if isinstance(types, list) else types == kind


def _is_bare(node: Json) -> bool:
    """It says nothing about the value beside its alternatives."""
    return not ({"properties", "items", "enum", "const", "additionalProperties"} & node.keys())
