"""A hub with real calendar servers attached to one collection, and somebody else who edits at each of them."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from tests.protocols.calendars import CLOCKS, clock_in
from tests.servers import Running, radicale, xandikos
from tests.sync.faults import no_fault
from tests.sync.passing_on import Between, between
from tests.sync.world import World

from entrepot.auth.signers import basic
from entrepot.core.report import Report
from entrepot.core.secret import Secret
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import BUILT_IN, Catalog
from entrepot.sdk.connector import Stream
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.sync.part import Job
from entrepot.sync.run import sync
from entrepot.transport.budget import Budget
from entrepot.transport.retry import Retry

MANIFEST = load(BUILT_IN / "caldav" / "manifest.yaml")
STREAMS = {"event": "events", "task": "tasks"}


class Calendar:
    """One calendar at a server: what the other person does there, past the proxy that the hub goes through."""

    def __init__(self, running: Running, address: str, way: Between, title: str, kind: str) -> None:
        self.running = running
        self.name = running.name
        self.address = address
        self.way = way
        home = "calendars/" if running.name == "xandikos" else ""
        self.path = f"{running.principal}{home}{title}/"
        self.fault: Callable[[str], None] = no_fault
        """Called with the method of each request that the hub got an answer to; may kill it."""
        self.kind = kind
        self._connection = HTTPConnection(running.address.removeprefix("http://"), timeout=30)
        token = b64encode(f"{running.username}:{running.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        component = {"event": "VEVENT", "task": "VTODO"}[kind]
        made = self._ask(
            "MKCALENDAR",
            self.path,
            '<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            f"<D:displayname>{title}</D:displayname><C:supported-calendar-component-set>"
            f'<C:comp name="{component}"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>',
            {"Content-Type": "application/xml"},
        )
        assert made[0] == 201, made

    @property
    def stream(self) -> Stream:
        return MANIFEST.stream(STREAMS[self.kind])

    @property
    def writes(self) -> list[str]:
        """What the hub has put or deleted here."""
        return [one.path for one in self.way.asked if one.method in {"PUT", "DELETE"}]

    def put(self, name: str, text: str | bytes) -> int:
        """The status of the answer."""
        body = text.encode() if isinstance(text, str) else text
        return self._ask("PUT", f"{self.path}{quote(name)}.ics", body, {"Content-Type": "text/calendar"})[0]

    def read(self, href: str) -> str:
        """With unfolded lines that end in a line feed."""
        status, body = self._ask("GET", href)
        assert status == 200, (href, status)
        return re.sub(r"\r?\n[ \t]", "", body.decode()).replace("\r\n", "\n")

    def all(self) -> dict[str, str]:
        """Path to text of everything that is in it."""
        names = self._ask("PROPFIND", self.path, "", {"Depth": "1"})[1].decode()
        hrefs = {re.sub(r"^https?://[^/]*", "", href) for href in re.findall(r"<[^>]*href>([^<]*)</", names)}
        return {href: self.read(href) for href in sorted(hrefs) if href.endswith(".ics")}

    def find(self, *words: str) -> tuple[str, str]:
        """Path and text of the only one with all of these."""
        (found,) = [one for one in self.all().items() if all(word in one[1] for word in words)]
        return found

    def edit(self, word: str, *edits: tuple[str, str]) -> None:
        """In the only one with this word; each edit is what is there, and what takes its place."""
        href, text = self.find(word)
        for old, new in edits:
            assert old in text, (old, text)
            text = text.replace(old, new)
        status, said = self._ask("PUT", href, text.replace("\n", "\r\n"), {"Content-Type": "text/calendar"})
        assert status in {200, 201, 204}, (status, said)

    def drop(self, word: str) -> None:
        assert self._ask("DELETE", self.find(word)[0])[0] in {200, 204}

    def close(self) -> None:
        self._ask("DELETE", self.path)
        self._connection.close()

    def debug(self, _: str, **fields: object) -> None:
        """As the log of the connector's client."""
        self.fault(str(fields["method"]))

    def _ask(
        self, method: str, path: str, body: str | bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        sent = body.encode() if isinstance(body, str) else body
        self._connection.request(method, path, sent, {**self._headers, **(headers or {})})
        answer = self._connection.getresponse()
        return answer.status, answer.read()


class CalendarWorld(World):
    """The connector is the real one, with the real transport; only it may ask more often, and waits less."""

    def __init__(self, folder: Path, *calendars: Calendar) -> None:
        self.calendars = {one.name: one for one in calendars}
        folder.mkdir(exist_ok=True)
        remotes: Any = calendars
        super().__init__(folder, *remotes, kind=calendars[0].kind)

    def attach_all(self, *, match: bool = True) -> None:
        for calendar in self.calendars.values():
            self.attach(calendar.name, remote=calendar.path, match=match)

    def run(self, job: Job) -> Report:
        return asyncio.run(self._run(job))

    async def _run(self, job: Job) -> Report:
        calendar = self.calendars[job.integration.name]
        running = calendar.running
        async with AsyncExitStack() as stack:
            http = client(
                MANIFEST,
                signer=basic(running.username, Secret(running.password)),
                base_url=calendar.address,
                allow_private=True,
                shared=Budget(),
                log=calendar,
            )
            http.retry = Retry(attempts=6, base=0.05)
            await stack.enter_async_context(http)
            reader = compile_connector(Catalog().entry("caldav"), MANIFEST)(Context(http=http))
            return await sync(replace(job, reader=reader))


@contextmanager
def calendar_at(running: Running, title: str, kind: str = "event") -> Iterator[Calendar]:
    with between(running.address) as (address, way):
        made = Calendar(running, address, way, title, kind)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    with (
        radicale(tmp_path_factory.mktemp("radicale")) as one,
        xandikos(tmp_path_factory.mktemp("xandikos")) as other,
    ):
        yield {"radicale": one, "xandikos": other}


_title = count()


class Hub(Protocol):
    """A world with a new, empty calendar at each of the named servers, or at all; not attached yet."""

    def __call__(self, *names: str, kind: str = "event") -> CalendarWorld: ...


@pytest.fixture
def hub(servers: dict[str, Running], tmp_path: Path) -> Iterator[Hub]:
    with ExitStack() as stack:

        def made(*names: str, kind: str = "event") -> CalendarWorld:
            number = next(_title)
            calendars = [
                stack.enter_context(calendar_at(servers[name], f"calendar-{number}", kind)) for name in names or servers
            ]
            return stack.enter_context(CalendarWorld(tmp_path / f"hub-{number}", *calendars))

        yield made


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest) -> Iterator[str]:
    with clock_in(request.param):
        yield request.param
