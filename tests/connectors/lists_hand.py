"""A hand that reads and writes a list at a stand-in through its connector, as the engine does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Protocol

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.services.faults import Faults

from entrepot.core.change import Change
from entrepot.core.fields import fields_of
from entrepot.core.life import LibraryEntry
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.sdk.writer import Write, Writing
from entrepot.transport.budget import Budget


class Service(Protocol):
    faults: Faults

    def make_app(self) -> web.Application: ...


def told(change: Change) -> tuple[object, ...]:
    """What two readings of one record have in common, however the service spells its JSON."""
    return change.ref, change.data, msgspec.json.decode(change.native)


class Hand:
    def __init__(self, reader: Any, service: Service) -> None:
        self.reader = reader
        self.faults = service.faults
        self._ops = count(1)

    def writing(self, stream: str = "anime") -> Writing:
        return self.reader.writing(stream)

    async def everything(self, stream: str = "anime") -> dict[str, Change]:
        pages = [page async for page in self.reader.changes(stream, None)]
        assert not [row for page in pages for row in page.bad]
        return {change.ref.id: change for page in pages for change in page.changes}

    async def one(self, stream: str = "anime") -> Change:
        (found,) = (await self.everything(stream)).values()
        return found

    def creation(self, entry: LibraryEntry, stream: str = "anime") -> Write:
        empty = fields_of(LibraryEntry())
        fields = frozenset(name for name, value in fields_of(entry).items() if value != empty[name])
        return Write(op=f"{next(self._ops):032x}", verb="create", stream=stream, data=entry, fields=fields)

    async def create(self, entry: LibraryEntry, stream: str = "anime") -> Change:
        return await self.reader.write(self.creation(entry, stream))

    async def update(self, held: Change, **fields: Any) -> Change:
        assert held.data is not None
        return await self.reader.write(
            Write(
                op=f"{next(self._ops):032x}",
                verb="update",
                stream=held.stream,
                ref=held.ref,
                data=msgspec.structs.replace(held.data, **fields),
                fields=frozenset(fields),
                native=held.native,
            )
        )

    async def delete(self, held: Change) -> Change:
        op = f"{next(self._ops):032x}"
        return await self.reader.write(
            Write(op=op, verb="delete", stream=held.stream, ref=held.ref, native=held.native)
        )


@asynccontextmanager
async def opened(name: str, service: Service) -> AsyncIterator[Hand]:
    entry = Catalog().entry(name)
    manifest = load(entry.manifest)
    async with TestServer(service.make_app(), host="127.0.0.1") as server:
        address = str(server.make_url("")).rstrip("/")
        async with client(manifest, base_url=address, allow_private=True, shared=Budget()) as http:
            yield Hand(compile_connector(entry)(Context(http=http, settings={})), service)
