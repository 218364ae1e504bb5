"""A real server on loopback for each test, and a clock on which a year passes in no time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from entrepot.transport.budget import Budget
from entrepot.transport.client import Client
from entrepot.transport.clock import Clock
from entrepot.transport.egress import Egress
from entrepot.transport.retry import Retry

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FastClock:
    """Sleeping only moves the hands; `slept` tells how long."""

    def __init__(self):
        self.time = 1000.0
        self.wall = 1_700_000_000.0
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
        self.wall += seconds
        await asyncio.sleep(0)

    @property
    def clock(self):
        return Clock(monotonic=lambda: self.time, now=lambda: self.wall, sleep=self.sleep)


@pytest.fixture
def fast():
    return FastClock()


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Handler], Awaitable[str]]]:
    """Starts a server whose every path is answered by one handler; gives its address."""
    runners = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.05)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def serve_bytes():
    """Starts a server that writes what it is told, whether or not that is HTTP; counts its connections."""
    servers = []

    async def start(answer) -> tuple[str, list[bytes]]:
        asked: list[bytes] = []

        async def connected(reader, writer):
            try:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                await answer(writer, len(asked))
                await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture
def client_for(fast):
    """A client that may reach one address on loopback, and never really waits."""

    def build(base: str, *, egress: Egress | None = None, **parts) -> Client:
        parts.setdefault("budget", Budget(clock=fast.clock))
        parts.setdefault("retry", Retry(attempts=3, draw=lambda: 1.0))
        return Client(egress=egress or Egress(given=[base], allow_private=True), base_url=base, **parts)

    return build
