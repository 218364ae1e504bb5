"""A stand-in for a service, out of the answers in a connector's own fixtures."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest_asyncio
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.connectors.caldav_hand import calendar_server, hand

from entrepot.checks.replay import Files, Served
from entrepot.core.change import Change, Cursor, Page
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import BUILT_IN, Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.transport.budget import Budget

__all__ = ["calendar_server", "hand", "stand_in"]


class StandIn:
    """Answers by `fixtures/expected.yaml`; a test may put other answers before those in `first`.

    Such an answer is JSON, a status, or a function of the request and its body.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected: dict[str, Any] = yaml.safe_load((folder / "expected.yaml").read_text())
        self._files = Files(folder, msgspec.convert(self.expected.get("answers", []), list[Served]))
        self.first: list[tuple[str, object]] = []
        self.asked: list[str] = []
        self.reader: Any = None
        self.manifest: Any = None

    def answer(self, call: str, body: object) -> None:
        self.first.insert(0, (call, body))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        sent = await request.read()
        body = msgspec.json.decode(sent) if sent.startswith((b"{", b"[")) else None
        self.asked.append(f"{request.method} {request.path_qs}")
        for call, answer in self.first:
            if _is_call(call, request):
                if callable(answer):
                    return answer(request, body)
                return (
                    web.json_response(answer) if not isinstance(answer, int) else web.json_response({}, status=answer)
                )
        return await self._files.answer(request)

    async def changes(self, stream: str, since: Cursor | None = None, collection: str | None = None) -> list[Page]:
        return [page async for page in self.reader.changes(stream, since, collection)]

    async def everything(self, stream: str) -> tuple[dict[str, Change], list[Page]]:
        """All changes by id, of every collection where each is read by itself."""
        pages: list[Page] = []
        if self.manifest.stream(stream).by_collection:
            for collection in await self.reader.collections(stream):
                pages += await self.changes(stream, collection=collection.id)
        else:
            pages = await self.changes(stream)
        return {change.ref.id: change for page in pages for change in page.changes}, pages


@pytest_asyncio.fixture
async def stand_in() -> AsyncIterator[Callable[..., Awaitable[StandIn]]]:
    async with AsyncExitStack() as stack:

        async def start(name: str, **settings: str) -> StandIn:
            made = StandIn(BUILT_IN / name / "fixtures")
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", made.serve)
            server = await stack.enter_async_context(TestServer(app, host="127.0.0.1"))
            entry = Catalog().entry(name)
            made.manifest = load(entry.manifest)
            address = str(server.make_url("")).rstrip("/")
            http = client(made.manifest, base_url=address, allow_private=True, shared=Budget())
            http = await stack.enter_async_context(http)
            given = {key: one.default for key, one in made.manifest.settings.items() if one.default}
            given |= {key: str(value) for key, value in made.expected.get("settings", {}).items()}
            made.reader = compile_connector(entry)(Context(http=http, settings={**given, **settings}))
            return made

        yield start


def _is_call(call: str, request: web.Request) -> bool:
    method, _, target = call.partition(" ")
    wanted = urlsplit(target)
    return (
        method == request.method
        and wanted.path == request.path
        and all(request.query.get(key) == value for key, value in parse_qsl(wanted.query))
    )
