"""A hand that reads and writes tasks and events at a stand-in for Microsoft Graph, as the engine does.

Whatever it sends is held against Microsoft's document, where that is at hand.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from time import time
from typing import Any

import msgspec
from aiohttp.test_utils import TestServer
from tests.services.contract import held

from entrepot.core.change import Change, Cursor
from entrepot.core.fields import fields_of
from entrepot.core.kind import Kind
from entrepot.core.merge_choice import WHEN, units
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.sdk.writer import Write, Writing
from entrepot.transport.budget import Budget

_SHARED = Path(os.environ.get("ENTREPOT_SHARED", Path(__file__).parents[3] / "shared"))
_GRAPH = "microsoft-graph/graph-v1.0.openapi.json"


class Hand:
    def __init__(self, reader: Any, service: Any, stream: str, within: str) -> None:
        self.reader, self.service, self.stream, self.within = reader, service, stream, within
        self.cursor: Cursor | None = None
        self._ops = count(1)

    @property
    def writing(self) -> Writing:
        return self.reader.writing(self.stream)

    def sent(self) -> Any:
        """The body of the last request that wrote."""
        return msgspec.json.decode(self.service.faults.bodies[-1])

    async def read(self, *, since: bool = False) -> dict[str, Change]:
        """Everything, or what changed since the last time."""
        pages = [p async for p in self.reader.changes(self.stream, self.cursor if since else None, self.within)]
        assert not [row for page in pages for row in page.bad]
        self.cursor = pages[-1].cursor
        return {change.ref.id: change for page in pages for change in page.changes}

    async def confirm(self, change: Change) -> Change:
        return await self.reader.confirm(self.stream, change.ref, self.within)

    def creation(self, data: Kind) -> Write:
        empty = fields_of(type(data)())
        fields = frozenset(name for name, value in fields_of(data).items() if value != empty[name])
        op, at = f"{next(self._ops):032x}", int(time() * 1000)
        return Write(op=op, verb="create", stream=self.stream, collection=self.within, data=data, fields=fields, at=at)

    async def create(self, data: Kind) -> Change:
        return await self.reader.write(self.creation(data))

    def updating(self, held: Change, **fields: Any) -> Write:
        return Write(
            op=f"{next(self._ops):032x}",
            verb="update",
            stream=self.stream,
            collection=self.within,
            ref=held.ref,
            data=msgspec.structs.replace(held.data, **fields),
            fields=frozenset(fields),
            native=held.native,
        )

    async def update(self, held: Change, **fields: Any) -> Change:
        return await self.reader.write(self.updating(held, **fields))

    async def delete(self, held: Change) -> Change:
        write = msgspec.structs.replace(self.updating(held), verb="delete", data=None)
        return await self.reader.write(write)

    def projected(self, data: Kind, kind: str) -> dict[str, Any]:
        """What a record would be told as, by field: the projection of each field or of those that are merged as one."""
        found: dict[str, Any] = {}
        for unit in units(kind):
            value = self.writing.project(unit.name, unit.value_in(fields_of(data)))
            found |= value if unit.name == WHEN else {unit.name: value}
        return found


@asynccontextmanager
async def opened(name: str, service: Any, document: str = _GRAPH, form: str = "openapi") -> AsyncIterator[Hand]:
    entry = Catalog().entry(name)
    manifest = load(entry.manifest)
    (stream,) = manifest.streams
    app = service.make_app()
    path = _SHARED / "contracts" / document
    wrong = held(app, path, apart=_is_apart, excused=_is_excused, form=form) if path.is_file() else []
    async with TestServer(app, host="127.0.0.1") as server:
        address = str(server.make_url("")).rstrip("/")
        async with client(manifest, base_url=address, allow_private=True, shared=Budget()) as http:
            reader = compile_connector(entry)(Context(http=http, settings={}))
            within = (await reader.collections(stream))[0].id
            yield Hand(reader, service, stream, within)
    assert not wrong, wrong


def _is_apart(call: str) -> bool:
    """An address that Graph itself gave, and the one call that its prose tells of and its metadata implies."""
    return "token=" in call or "/instances?" in call


def _is_excused(problem: str) -> bool:
    """Google's guide to performance: in a patch, null takes a member away."""
    return problem.startswith("PATCH /calendars/") and " None " in problem
