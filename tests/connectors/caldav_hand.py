"""The CalDAV connector with a real server, and an independent client at the same server."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import caldav
import pytest
import pytest_asyncio
from tests.servers import Running, radicale, xandikos

from entrepot.auth.signers import basic
from entrepot.core.change import Change, Cursor, Page
from entrepot.core.secret import Secret
from entrepot.sdk.catalog import BUILT_IN, Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client

SERVERS: dict[str, Callable[[Path], Any]] = {"radicale": radicale, "xandikos": xandikos}


class Asked:
    """Every request that went out, as method and path."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def debug(self, _: str, **fields: object) -> None:
        self.requests.append(f"{fields['method']} {fields['url']}")


class Hand:
    """The connector with a server, and the independent client at the same server."""

    def __init__(self, running: Running, reader: Any, asked: Asked, other: Any) -> None:
        self.running = running
        self.reader = reader
        self.asked = asked
        self.other = other

    def calendar(self, name: str, *components: str) -> Any:
        return self.other.principal().make_calendar(
            name=name, cal_id=name, supported_calendar_component_set=list(components)
        )

    async def path(self, stream: str, name: str) -> str:
        return next(one.id for one in await self.reader.collections(stream) if one.name == name)

    async def changes(self, stream: str, path: str, since: Cursor | None = None) -> list[Change]:
        return [change for page in await self.pages(stream, path, since) for change in page.changes]

    async def pages(self, stream: str, path: str, since: Cursor | None = None) -> list[Page]:
        return [page async for page in self.reader.changes(stream, since, path)]


@pytest.fixture(scope="module", params=list(SERVERS))
def calendar_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest_asyncio.fixture
async def hand(calendar_server: Running) -> AsyncIterator[Hand]:
    async with AsyncExitStack() as stack:
        asked = Asked()
        with caldav.DAVClient(
            url=f"{calendar_server.address}{calendar_server.principal}",
            username=calendar_server.username,
            password=calendar_server.password,
        ) as other:
            yield Hand(calendar_server, await connector(stack, calendar_server, asked), asked, other)


async def connector(
    stack: AsyncExitStack, running: Running, asked: Asked, *, password: str = "", path: str = ""
) -> Any:
    manifest = load(BUILT_IN / "caldav" / "manifest.yaml")
    signer = basic(running.username, Secret(password or running.password))
    http = client(manifest, signer=signer, base_url=running.address + path, allow_private=True, log=asked)
    await stack.enter_async_context(http)
    made: Any = Catalog().entry("caldav").load("connector.CalDav")
    return made(Context(http=http))
