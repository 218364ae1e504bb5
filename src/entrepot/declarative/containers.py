"""The remote collections of a service: listed by one request, known by an id of one part or several."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from entrepot.core.errors import ServiceChanged
from entrepot.core.path import getter
from entrepot.declarative.fill import Words
from entrepot.declarative.records import Complete, Record, condition, identifier
from entrepot.declarative.request import Asking
from entrepot.sdk.connector import RemoteCollection
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_streams import Collections
from entrepot.transport.client import Client
from entrepot.transport.paging import pages

_decode = msgspec.json.Decoder(Record).decode


class Containers:
    """One entry of the manifest's `collections`, compiled."""

    def __init__(
        self, spec: Collections, manifest: Manifest, folder: Path, *, complete: Complete | None = None
    ) -> None:
        self._complete = complete
        self._asking = Asking(spec, manifest, folder)
        self._parts = list(spec.id) if isinstance(spec.id, dict) else []
        self._identify = identifier(list(spec.id.values()) if isinstance(spec.id, dict) else spec.id)
        self._name = getter(spec.name)
        self._color = getter(spec.color) if spec.color else None
        self._when = condition(spec.when)
        self._writable = _truth(spec.writable)
        self._kind = spec.kind
        self._only = spec.only
        self.needs = self._asking.needs

    async def read(self, client: Client, words: Words) -> Sequence[RemoteCollection]:
        """All of them; those the person chose alone, also such as the service does not list."""
        chosen = _listed(str(words.get(self._only, ""))) if self._only else []
        found: dict[str, RemoteCollection] = {}
        asking = self._asking
        answers = pages(asking.through(client), asking.request(words), asking.style(), shape=asking.shape.type)
        async with aclosing(answers):
            async for answer in answers:
                for raw in asking.shape.records(answer.data, answer.response):
                    record = _decode(raw)
                    if self._complete is not None:
                        record = await self._complete(record, client, words)
                    if self._when is None or self._when(record):
                        one = self._collection(record)
                        found[one.id] = one
        if not chosen:
            return list(found.values())
        return [found.get(each, RemoteCollection(id=each, name=each, kind=self._kind)) for each in chosen]

    def words(self, collection: str) -> Mapping[str, str]:
        """The words an id stands for in paths."""
        values = collection.split("/") if self._parts else []
        if len(values) != len(self._parts):
            raise ServiceChanged(f"{collection!r} is not an id of the form {'/'.join(self._parts)}.")
        return {"collection": collection, **dict(zip(self._parts, values, strict=True))}

    def _collection(self, record: Record) -> RemoteCollection:
        color = self._color(record) if self._color else None
        return RemoteCollection(
            id=self._identify(record),
            name=str(self._name(record) or ""),
            kind=self._kind,
            writable=self._writable(record),
            color=color if isinstance(color, str) else None,
        )


def _truth(writable: bool | Mapping[str, Any]) -> Callable[[Record], bool]:
    holds = None if isinstance(writable, bool) else condition(writable)
    return holds or (lambda _: bool(writable))


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
