"""A provider that keeps its accounts on another machine than the one people type, as iCloud does."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.protocols.calendars import calendar, event

from entrepot.auth.signers import basic
from entrepot.core.change import Cursor, Page
from entrepot.core.secret import Secret
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress

NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


def found(path: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{path}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def answered(*responses: str, token: str = "") -> web.Response:
    end = f"<D:sync-token>{token}</D:sync-token>" if token else ""
    text = f"<D:multistatus {NAMES}>{''.join(responses)}{end}</D:multistatus>"
    return web.Response(text=text, status=207, content_type="application/xml")


class Provider:
    def __init__(self) -> None:
        self.front = self.back = ""
        self.asked: list[str] = []

    async def at_front(self, request: web.Request) -> web.Response:
        self._note("front", request)
        if request.path == "/":
            return answered(
                found("/", "<D:current-user-principal><D:href>/7/principal/</D:href></D:current-user-principal>")
            )
        home = f"<C:calendar-home-set><D:href>{self.back}/7/calendars/</D:href></C:calendar-home-set>"
        return answered(found("/7/principal/", home))

    async def at_back(self, request: web.Request) -> web.Response:
        self._note("back", request)
        body = await request.text()
        token = "<D:sync-token>t1</D:sync-token>"
        kind = (
            f"<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Home</D:displayname>{token}"
        )
        member = found("/7/calendars/home/1.ics", "<D:getetag>1</D:getetag>")
        if request.method == "PROPFIND":
            return answered(found("/7/calendars/home/", kind), *([member] if "getctag" in body else []))
        if "sync-collection" in body:
            assert "t1" in body
            return answered(token="t1")
        text = calendar(event("DTSTART:20260101T100000\nSUMMARY:There"))
        data = f"<D:getetag>1</D:getetag><C:calendar-data>{text}</C:calendar-data>"
        return answered(found("/7/calendars/home/1.ics", data))

    def _note(self, place: str, request: web.Request) -> None:
        assert request.headers["Authorization"].startswith("Basic ")
        self.asked.append(f"{place} {request.method} {request.path}")


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    front, back = web.Application(), web.Application()
    front.router.add_route("*", "/{path:.*}", made.at_front)
    back.router.add_route("*", "/{path:.*}", made.at_back)
    async with TestServer(front, host="127.0.0.1") as one, TestServer(back, host="127.0.0.1") as other:
        made.front, made.back = f"http://127.0.0.1:{one.port}", f"http://127.0.0.1:{other.port}"
        yield made


async def read(provider: Provider, since: Cursor | None) -> Page:
    """In a reader of its own, as another process has."""
    egress = Egress(given=[provider.front, provider.back], allow_private=True)
    connector: type = Catalog().entry("caldav").load("connector.CalDav")  # type: ignore[assignment]
    async with Client(egress=egress, signer=basic("me", Secret("secret")), base_url=provider.front) as http:
        reader = connector(Context(http=http))
        [page] = [page async for page in reader.changes("events", since, "/7/calendars/home/")]
        return page


async def test_the_calendars_are_found_at_the_other_machine_and_asked_there_directly_from_then_on(provider: Provider):
    first = await read(provider, None)
    assert [change.ref.id for change in first.changes] == ["/7/calendars/home/1.ics"]
    assert first.cursor == Cursor({"token": "t1", "origin": provider.back})
    provider.asked.clear()
    second = await read(provider, first.cursor)
    assert (list(second.changes), second.cursor) == ([], first.cursor)
    assert provider.asked == ["back REPORT /7/calendars/home/"]
