"""A service on loopback, a connector's folder, and a reader between them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from entrepot.core.change import Cursor, Page
from entrepot.declarative.compile import compile_connector
from entrepot.declarative.reader import DeclaredReader
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEAD = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs

http:
  base_url: https://api.example.org
"""


class Service:
    """Answers with what the test's handler says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bodies: list[object] = []
        self.sent: list[bytes] = []
        self.handler: Handler | None = None
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {unquote(request.path_qs)}")
        body = await request.read()
        self.sent.append(body)
        self.bodies.append(msgspec.json.decode(body) if body.startswith((b"{", b"[")) else None)
        assert self.handler is not None
        return await self.handler(request)

    @property
    def paths(self) -> list[str]:
        return [asked.partition(" ")[2] for asked in self.asked]


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


@pytest_asyncio.fixture
async def open_reader(tmp_path: Path, service: Service) -> AsyncIterator[Callable[..., Awaitable[DeclaredReader]]]:
    """Opens a reader for a manifest's text (after HEAD) or for a built-in connector's name."""
    async with AsyncExitStack() as stack:

        async def opened(text: str = "", *, named: str = "", files: dict[str, str] | None = None, **settings: str):
            folders = []
            if not named:
                folder = tmp_path / "shop"
                folder.mkdir(exist_ok=True)
                (folder / "manifest.yaml").write_text(text if text.startswith("id:") else HEAD + text)
                for name, content in (files or {}).items():
                    (folder / name).write_text(content)
                folders = [tmp_path]
            entry = Catalog(folders).entry(named or "shop")
            manifest = load(entry.manifest)
            http = await stack.enter_async_context(client(manifest, base_url=service.url, allow_private=True))
            reader = compile_connector(entry)(Context(http=http, settings=settings))
            assert isinstance(reader, DeclaredReader)
            return reader

        yield opened


@pytest.fixture
def read_all() -> Callable[..., Awaitable[list[Page]]]:
    async def read(reader: DeclaredReader, stream: str = "tasks", since: Cursor | None = None, collection=None):
        return [page async for page in reader.changes(stream, since, collection)]

    return read
