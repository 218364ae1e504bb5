"""JSON:API's compound documents: what a record's relationships point to, put in the place of the pointer.

https://jsonapi.org/format/#document-compound-documents
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from entrepot.core.errors import ServiceChanged

Json = dict[str, Any]
_Key = tuple[Any, Any]

_MOST = 50_000
"""Pointers followed in one answer: resources that point to each other crosswise could be endless."""


def linked(records: Sequence[msgspec.Raw], included: object) -> Sequence[msgspec.Raw]:
    """`relationships.anime.data` is then the anime itself, whose relationships are followed in turn.

    A pointer to what was not included, or back to where it came from, stays a pointer.
    """
    resources = [each for each in included if isinstance(each, dict)] if isinstance(included, list) else []
    if not resources:
        return records
    linking = _Linking(resources)
    return [msgspec.Raw(msgspec.json.encode(linking.resource(msgspec.json.decode(record)))) for record in records]


class _Linking:
    def __init__(self, resources: Iterable[Json]) -> None:
        self._known = {_key(each): each for each in resources}
        self._count = 0

    def resource(self, held: Any, above: frozenset[_Key] = frozenset()) -> Any:
        relationships = held.get("relationships") if isinstance(held, dict) else None
        if not isinstance(relationships, dict):
            return held
        return {**held, "relationships": {name: self._one(each, above) for name, each in relationships.items()}}

    def _one(self, relationship: Any, above: frozenset[_Key]) -> Any:
        pointed = relationship.get("data") if isinstance(relationship, dict) else None
        if isinstance(pointed, list):
            return {**relationship, "data": [self._target(each, above) for each in pointed]}
        return {**relationship, "data": self._target(pointed, above)} if pointed else relationship

    def _target(self, pointer: Any, above: frozenset[_Key]) -> Any:
        self._count += 1
        if self._count > _MOST:
            raise ServiceChanged("The records of an answer point to each other without end.")
        key = _key(pointer) if isinstance(pointer, dict) else None
        found = self._known.get(key) if key and key not in above else None
        return pointer if found is None or key is None else self.resource(found, above | {key})


def _key(resource: Json) -> _Key:
    return str(resource.get("type")), str(resource.get("id"))
