"""Servers that rename what they are given, rewrite it, withhold its version, or lose their answers."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from entrepot.auth.signers import basic
from entrepot.core.change import Change
from entrepot.core.errors import EntrepotError, RecordRefused, Stale
from entrepot.core.planner import Event
from entrepot.core.secret import Secret
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.writer import Write
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress
from entrepot.transport.retry import Retry

NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
CALENDAR = "/cal/home/"
DATA = Event(uid="a@example.org", title="Rehearsal", start="2026-12-01T10:00:00", time_zone="Etc/UTC", duration="PT1H")


class Odd:
    """Records by path; its oddities are switched on by tests."""

    def __init__(self) -> None:
        self.records: dict[str, tuple[int, str]] = {}
        self.count = 0
        self.renames = self.tells_where = self.rewrites = self.tells_version = False
        self.loses = self.meddles = self.forbids = False

    def store(self, path: str, text: str) -> str:
        self.count += 1
        if self.rewrites:
            text = text.replace("SUMMARY:", "SUMMARY;LANGUAGE=en:").replace("COLOR:red\r\n", "")
        if self.renames and path not in self.records:
            path = f"{CALENDAR}server-{self.count}.ics"
        self.records[path] = (self.count, text)
        return path

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        if request.method == "PROPFIND":
            kind = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
            home = f"<C:calendar-home-set><D:href>{CALENDAR}</D:href></C:calendar-home-set>"
            return answered(found(CALENDAR, kind + home))
        if request.method == "REPORT":
            return self.report(body)
        if self.forbids:
            return web.Response(status=403)
        return self.change(request, body)

    def report(self, body: str) -> web.Response:
        uid = re.search(r"octet\">(.*?)<", body)
        if uid:
            paths = [path for path, (_, text) in self.records.items() if uid[1] in text]
        else:
            paths = re.findall(r"href>(.*?)<", body)
        return answered(*(self.shown(path) for path in paths))

    def shown(self, path: str) -> str:
        if path not in self.records:
            return f"<D:response><D:href>{path}</D:href><D:status>HTTP/1.1 404 x</D:status></D:response>"
        version, text = self.records[path]
        return found(path, f'<D:getetag>"{version}"</D:getetag><C:calendar-data>{text}</C:calendar-data>')

    def change(self, request: web.Request, body: str) -> web.Response:
        path = request.path
        held = self.records.get(path)
        wanted = request.headers.get("If-Match")
        if wanted and (held is None or wanted not in {"*", f'"{held[0]}"'}):
            return web.Response(status=412)
        if request.headers.get("If-None-Match") and held:
            return web.Response(status=412)
        if request.method == "DELETE":
            del self.records[path]
            return web.Response(status=204)
        path = self.store(path, body)
        headers = {"Location": path} if self.tells_where else {}
        if self.tells_version:
            headers["ETag"] = f'"{self.count}"'
        if self.meddles:
            self.store(path, body.replace("Rehearsal", "Theirs"))
        return web.Response(status=503 if self.loses else 201, headers=headers)


def found(path: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{path}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def answered(*responses: str) -> web.Response:
    text = f"<D:multistatus {NAMES}>{''.join(responses)}</D:multistatus>"
    return web.Response(text=text, status=207, content_type="application/xml")


class Desk:
    def __init__(self, odd: Odd, connector: object) -> None:
        self.odd = odd
        self.connector = connector

    async def create(self, data: Event = DATA) -> Change:
        return await self.connector.write(self.creating(data))  # type: ignore[attr-defined]

    async def find(self, data: Event = DATA) -> Change | None:
        return await self.connector.find(self.creating(data))  # type: ignore[attr-defined]

    def creating(self, data: Event) -> Write:
        return Write(op="0" * 32, verb="create", stream="events", collection=CALENDAR, data=data)

    async def update(self, change: Change, **values: object) -> Change:
        assert change.data is not None
        write = Write(
            op="0" * 32,
            verb="update",
            stream="events",
            collection=CALENDAR,
            ref=change.ref,
            data=replace(change.data, **values),
            fields=frozenset(values),
            native=change.native,
        )
        return await self.connector.write(write)  # type: ignore[attr-defined]


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    odd, app = Odd(), web.Application()
    app.router.add_route("*", "/{path:.*}", odd.answer)
    connector: type = Catalog().entry("caldav").load("connector.CalDav")  # type: ignore[assignment]
    async with TestServer(app, host="127.0.0.1") as server:
        address = f"http://127.0.0.1:{server.port}"
        egress = Egress(given=[address], allow_private=True)
        signer = basic("me", Secret("secret"))
        async with Client(egress=egress, signer=signer, base_url=address, retry=Retry(attempts=1)) as http:
            yield Desk(odd, connector(Context(http=http)))


@pytest.mark.parametrize("tells", [True, False])
async def test_a_server_that_gives_names_of_its_own_makes_one_record_only(desk: Desk, tells: bool):
    desk.odd.renames, desk.odd.tells_where = True, tells
    made = await desk.create()
    assert made.ref.id == f"{CALENDAR}server-1.ics"
    assert await desk.find() == made
    newer = await desk.update(made, title="Newer")
    assert (newer.ref.id, len(desk.odd.records)) == (made.ref.id, 1)


async def test_what_the_server_made_of_it_is_what_is_returned(desk: Desk):
    desk.odd.rewrites = True
    made = await desk.create(replace(DATA, color="red"))
    assert made.data == DATA
    assert b"LANGUAGE=en" in made.native
    assert made.ref.version == '"1"'
    newer = await desk.update(made, title="Newer")
    assert (newer.data.title, newer.ref.version) == ("Newer", '"2"')


async def test_a_lost_answer_makes_no_second_record_and_an_update_that_arrived_is_done(desk: Desk):
    desk.odd.loses = True
    with pytest.raises(EntrepotError):
        await desk.create()
    desk.odd.loses = False
    made = await desk.find()
    assert made is not None
    assert await desk.create() == made
    desk.odd.loses = True
    with pytest.raises(EntrepotError):
        await desk.update(made, title="Newer")
    desk.odd.loses = False
    newer = await desk.update(made, title="Newer")
    assert (newer.data.title, len(desk.odd.records)) == ("Newer", 1)


async def test_an_edit_just_after_the_write_is_not_taken_for_the_answer(desk: Desk):
    desk.odd.tells_version = True
    made = await desk.create(replace(DATA, title="First"))
    desk.odd.meddles = True
    with pytest.raises(Stale, match="just after"):
        await desk.update(made, title="Rehearsal")


async def test_a_calendar_one_may_not_write_refuses_the_record(desk: Desk):
    desk.odd.forbids = True
    with pytest.raises(RecordRefused, match="read-only"):
        await desk.create()
