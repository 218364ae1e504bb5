"""Finds the records in an answer without reading them: each stays the bytes it came as until it is mapped."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from entrepot.core.errors import ServiceChanged
from entrepot.declarative.included import linked
from entrepot.transport.dig import dig
from entrepot.transport.message import Response

EACH = "*"
_ITEMS = object()
_FOUND = object()
_Tree = dict[str, Any]
_dict_of_raw = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list_of_raw = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Shape:
    """What to decode of an answer: the list of records, raw, and the few values that paging looks at."""

    def __init__(self, items: str | None, found: Iterable[str] = (), *, included: str | None = None) -> None:
        self.items = items or ""
        self._included = included
        self.type: Any = _type_of(items, [*found, *([included] if included else [])])

    def records(self, data: Any, response: Response) -> Sequence[msgspec.Raw]:
        """The records, as JSON; ServiceChanged where the answer has none of the form that was expected."""
        found = self._records(data, response)
        return linked(found, dig(data, self._included)) if self._included else found

    def _records(self, data: Any, response: Response) -> Sequence[msgspec.Raw]:
        if not self.items:
            return data
        found = list(_walk(data, self.items.split(".")))
        if None in found:
            raise ServiceChanged(
                f"{response.place} answered without {self.items}, where the records should be.",
                detail=response.shown_body(),
            )
        if self.type is None:
            return [msgspec.Raw(msgspec.json.encode(record)) for records in found for record in records]
        return found[0] if len(found) == 1 else _once(record for records in found for record in records)


def raw_at(body: bytes, path: str) -> msgspec.Raw | None:
    """What stands at the path, in the bytes it came as; None where nothing does, or null."""
    found = msgspec.Raw(body.strip())
    for step in path.split(".") if path else ():
        members = _members(found)
        if step not in members:
            return None
        found = members[step]
    return None if bytes(found) == b"null" else found


def raws_in(found: msgspec.Raw | None) -> Sequence[msgspec.Raw]:
    """The records in what stands somewhere: a list of them, or one."""
    if found is None:
        return []
    return _list_of_raw(found) if bytes(found)[:1] == b"[" else [found]


def _members(found: msgspec.Raw) -> dict[str, msgspec.Raw]:
    match bytes(found)[:1]:
        case b"{":
            return _dict_of_raw(found)
        case b"[":
            return {str(index): each for index, each in enumerate(_list_of_raw(found))}
        case _:
            return {}


def _once(records: Iterable[msgspec.Raw]) -> list[msgspec.Raw]:
    """A service may show one record in several of its lists, word for word."""
    return list({bytes(record): record for record in records}.values())


def _walk(data: Any, steps: Sequence[str]) -> Iterator[Any]:
    for index, step in enumerate(steps):
        if step == EACH:
            for element in data:
                yield from _walk(element, steps[index + 1 :])
            return
        data = dig(data, step)
        if data is None:
            break
    yield data


def _type_of(items: str | None, found: Iterable[str]) -> Any:
    """None, for everything, where a name on the way cannot be the name of a field."""
    if items is None:
        return list[msgspec.Raw]
    tree: _Tree = {}
    _plant(tree, items.split("."), _ITEMS)
    for path in found:
        if path:
            _plant(tree, path.split("."), _FOUND)
    return _struct(tree) if _has_plain_names(tree) else None


def _plant(tree: _Tree, steps: Sequence[str], leaf: object) -> None:
    for step in steps[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            return  # something above is decoded whole already
        tree = below
    tree.setdefault(steps[-1], leaf)


def _has_plain_names(tree: _Tree) -> bool:
    return all(
        (name == EACH or name.isidentifier()) and (not isinstance(below, dict) or _has_plain_names(below))
        for name, below in tree.items()
    )


def _struct(tree: _Tree) -> Any:
    if EACH in tree:
        return list[_member(tree[EACH])]
    return msgspec.defstruct("Answer", [(name, _member(below) | None, None) for name, below in tree.items()])


def _member(below: object) -> Any:
    if isinstance(below, dict):
        return _struct(below)
    return list[msgspec.Raw] if below is _ITEMS else object
