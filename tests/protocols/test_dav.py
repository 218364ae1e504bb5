"""The DAV client against servers that behave as some real ones do, and as they must not."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from entrepot.core.errors import PersonMustFix, RecordRefused, ServiceChanged, Stale
from entrepot.protocols import dav_home
from entrepot.protocols.dav import Dav, UidTaken
from entrepot.protocols.dav_answer import Member, members_of, path_of
from entrepot.protocols.dav_changes import Feed, Part
from entrepot.protocols.dav_words import ADDRESS_BOOKS, CALENDARS, ETAG
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress
from entrepot.transport.retry import Retry

HOME = "/cal/"


def response(path: str, *, etag: str = "", data: str = "", status: int = 0, more: str = "") -> str:
    if status:
        return f"<D:response><D:href>{path}</D:href><D:status>HTTP/1.1 {status} x</D:status></D:response>"
    inside = f"<D:getetag>{etag}</D:getetag>" * bool(etag) + f"<C:calendar-data>{data}</C:calendar-data>" * bool(data)
    return (
        f"<D:response><D:href>{path}</D:href><D:propstat><D:prop>{inside}{more}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def multistatus(*responses: str, token: str = "") -> bytes:
    end = f"<D:sync-token>{token}</D:sync-token>" if token else ""
    return (
        '<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
        f'xmlns:S="http://calendarserver.org/ns/">{"".join(responses)}{end}</D:multistatus>'
    ).encode()


def answered(body: bytes, status: int = 207) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/xml")


Answer = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


class Server:
    """`answer` is given the request and its body; `asked` is what came."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answer: Answer | None = None
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.asked.append((request.method, request.path, body))
        assert self.answer is not None
        return await self.answer(request, body)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.serve)
    async with TestServer(app, host="127.0.0.1") as running:
        made.url = f"http://127.0.0.1:{running.port}"
        yield made


@pytest_asyncio.fixture
async def dav(server: Server) -> AsyncIterator[Dav]:
    egress = Egress(given=[server.url], allow_private=True)
    async with Client(egress=egress, base_url=server.url, retry=Retry(attempts=1)) as http:
        yield Dav(http, server.url, CALENDARS)


def hrefs(body: str) -> list[str]:
    return re.findall(r"<d:href>([^<]*)</", body)


class Memory:
    """A collection with members, told of in whatever way a test wants."""

    def __init__(self, server: Server, names: list[str]) -> None:
        self.members = {f"{HOME}{name}": f'"{name}"' for name in names}
        self.token = "<D:sync-token>t0</D:sync-token>"
        self.report: Callable[[str], bytes] = lambda _: multistatus(
            *(response(path, etag=etag) for path, etag in self.members.items()), token="t1"
        )
        server.answer = self.answer

    async def answer(self, request: web.Request, body: str) -> web.StreamResponse:
        if request.method == "PROPFIND":
            own = response(HOME, more=f"{self.token}<S:getctag>c1</S:getctag>")
            return answered(multistatus(own, *(response(path, etag=etag) for path, etag in self.members.items())))
        if "sync-collection" in body:
            assert "nresults" not in body
            return answered(self.report(body))
        return answered(multistatus(*(response(path, etag=self.members[path], data="x") for path in hrefs(body))))


async def parts(dav: Dav, since: dict[str, object] | None = None) -> list[Part]:
    feed = Feed(dav, HOME, lambda _: "events")
    return [part async for part in feed.parts("events", since)]


def paths(found: list[Part]) -> list[str]:
    return [item.path for part in found for item in part.items]


async def test_a_first_read_does_not_trust_a_report_that_leaves_members_out(server: Server, dav: Dav):
    memory = Memory(server, ["a", "b", "c", "d", "e"])
    memory.report = lambda _: multistatus(
        response(f"{HOME}a", etag='"a"'), response(f"{HOME}b", etag='"b"'), token="t1"
    )
    found = await parts(dav)
    assert paths(found) == [f"{HOME}{name}" for name in "abcde"]
    assert found[-1].state == {"token": "t0"}


async def test_a_report_cut_with_507_is_paged_on_with_its_token(server: Server, dav: Dav):
    memory = Memory(server, ["a", "b", "c"])
    cuts = {"t0": ("a", "t1"), "t1": ("b", "t2"), "t2": ("c", "t3")}

    def report(body: str) -> bytes:
        token = body.partition("sync-token>")[2].partition("<")[0]
        name, following = cuts[token]
        cut = [response(HOME, status=507)] if following != "t3" else []
        return multistatus(response(f"{HOME}{name}", etag=f'"{name}"'), *cut, token=following)

    memory.report = report
    found = await parts(dav, {"token": "t0"})
    assert paths(found) == [f"{HOME}{name}" for name in "abc"]
    assert (found[-1].state, found[-1].last) == ({"token": "t3"}, True)


async def test_a_server_that_cuts_for_ever_is_left(server: Server, dav: Dav):
    memory = Memory(server, ["a"])
    memory.report = lambda _: multistatus(response(HOME, status=507), token="t0")
    with pytest.raises(ServiceChanged):
        await parts(dav, {"token": "t0"})


async def test_the_collection_in_its_own_report_is_no_member(server: Server, dav: Dav):
    memory = Memory(server, ["a"])
    memory.report = lambda _: multistatus(
        response(HOME.rstrip("/"), etag='"x"'),
        response(f"{HOME}a", etag='"a"'),
        response(f"{HOME}b", status=404),
        token="t1",
    )
    found = await parts(dav, {"token": "t0"})
    assert paths(found) == [f"{HOME}a"]
    assert list(found[-1].gone) == [f"{HOME}b"]


@pytest.mark.parametrize("status", [400, 403, 409, 410, 412])
async def test_a_forgotten_token_is_stale_in_each_servers_words(server: Server, dav: Dav, status: int):
    async def answer(_: web.Request, __: str) -> web.StreamResponse:
        return answered(b'<error xmlns="DAV:"><valid-sync-token/></error>', status)

    server.answer = answer
    with pytest.raises(Stale):
        await parts(dav, {"token": "old"})


async def test_without_sync_tokens_etags_tell_what_changed(server: Server, dav: Dav):
    memory = Memory(server, ["a", "b", "c"])
    memory.token = ""
    first = await parts(dav)
    assert paths(first) == [f"{HOME}{name}" for name in "abc"]
    assert all(part.listing for part in first)
    state = dict(first[-1].state)
    server.asked.clear()
    assert paths(await parts(dav, state)) == []
    assert len(server.asked) == 1
    memory.members = {f"{HOME}a": '"new"', f"{HOME}c": '"c"'}
    later = await parts(dav, {**state, "ctag": "other"})
    assert paths(later) == [f"{HOME}a"]
    assert list(later[-1].gone) == [f"{HOME}b"]


async def test_a_long_listing_is_fetched_in_chunks_that_run_together_and_can_be_gone_on_from(server: Server, dav: Dav):
    names = [f"{n:04d}" for n in range(950)]
    Memory(server, names)
    found = await parts(dav)
    assert paths(found) == [f"{HOME}{name}" for name in names]
    assert [len(part.items) for part in found] == [400, 400, 150]
    assert [part.last for part in found] == [False, False, True]
    assert max(len(hrefs(body)) for _, _, body in server.asked) <= 100
    rest = await parts(dav, dict(found[0].state))
    assert paths(rest) == [f"{HOME}{name}" for name in names[400:]]
    assert rest[-1].state == found[-1].state


async def test_a_member_that_is_listed_but_not_given_is_told(server: Server, dav: Dav):
    memory = Memory(server, ["a", "b"])
    usual = memory.answer

    async def answer(request: web.Request, body: str) -> web.StreamResponse:
        if "multiget" in body:
            return answered(multistatus(response(f"{HOME}a", etag='"a"', data="x")))
        return await usual(request, body)

    server.answer = answer
    found = await parts(dav)
    assert paths(found) == [f"{HOME}a"]
    assert list(found[-1].lost) == [f"{HOME}b"]


async def test_one_object_with_a_control_character_does_not_hide_the_others(server: Server, dav: Dav):
    memory = Memory(server, ["a", "b", "c"])
    usual = memory.answer

    async def answer(request: web.Request, body: str) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=b"bad\x0bdata", headers={"ETag": '"b"'})
        if "multiget" in body and f"{HOME}b" in hrefs(body):
            return answered(multistatus(response(f"{HOME}b", etag='"b"', data="bad\x0bdata")))
        return await usual(request, body)

    server.answer = answer
    found = await parts(dav)
    assert {item.path: item.data for item in found[0].items}[f"{HOME}b"] == b"bad\x0bdata"
    assert len(paths(found)) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"not xml",
        multistatus(response("/cal/a", etag="x"), token="t1")[:-40],
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><D:multistatus xmlns:D="DAV:"></D:wrong>',
    ],
)
async def test_an_answer_that_is_cut_off_or_is_none_is_never_a_listing(server: Server, dav: Dav, body: bytes):
    async def answer(_: web.Request, __: str) -> web.StreamResponse:
        return answered(body)

    server.answer = answer
    for since in (None, {"token": "t0"}, {"etags": {}}):
        with pytest.raises(ServiceChanged):
            await parts(dav, since)


def test_entities_are_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    """In a text they would stay unread; in an attribute the parser would unfold them."""
    body = (
        f'<!DOCTYPE m [<!ENTITY x SYSTEM "file://{tmp_path}/secret"><!ENTITY y "{"z" * 99}">]>'
        '<m:multistatus xmlns:m="DAV:"><m:response><m:href>/a</m:href><m:propstat><m:prop><m:getetag>&x;&y;</m:getetag>'
        "</m:prop></m:propstat></m:response></m:multistatus>"
    ).encode()
    for text in (
        body,
        b"<!-- --> " + body,
        body.replace(b"<m:getetag>", b"<m:getetag a='&y;'>"),
        b"\xef\xbb\xbf" + body,
    ):
        with pytest.raises(ServiceChanged, match="entities"):
            members_of(text, "here")


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("/a b/ü.ics", "/a%20b/%C3%BC.ics"),
        ("/a%20b/%c3%bc.ics", "/a%20b/%C3%BC.ics"),
        ("https://example.org/user%40example.org/x.ics", "/user@example.org/x.ics"),
        ("/a%2Fb.ics", "/a%2Fb.ics"),
        (" /a.ics?x=1 ", "/a.ics"),
        ("/a//b.ics", "/a//b.ics"),
        ("//evil.example.org/a.ics", "/a.ics"),
        ("https://evil.example.org", "/"),
        ("@evil.example.org/a.ics", "/@evil.example.org/a.ics"),
        (".evil.example.org/a.ics", "/.evil.example.org/a.ics"),
        (":8443/a.ics", "/:8443/a.ics"),
        ("//[bad/a.ics", "/a.ics"),
        ("/%ff.ics", "/%FF.ics"),
    ],
)
def test_a_resource_has_one_name_however_it_is_encoded(href: str, path: str):
    assert path_of(href) == path
    assert path_of(path) == path


async def test_discovery_goes_by_the_well_known_address_and_follows_to_another_path(server: Server, dav: Dav):
    async def answer(request: web.Request, _: str) -> web.StreamResponse:
        match request.path:
            case "/.well-known/caldav":
                return web.Response(status=301, headers={"Location": "/dav/"})
            case "/dav/":
                return answered(
                    multistatus(
                        response(
                            "/dav/", more="<D:current-user-principal><D:href>/p/me/</D:href></D:current-user-principal>"
                        )
                    )
                )
            case "/p/me/":
                return answered(
                    multistatus(
                        response("/p/me/", more="<C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>")
                    )
                )
            case "/home/":
                calendar = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
                only = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
                rights = (
                    "<D:current-user-privilege-set><D:privilege><D:read/></D:privilege></D:current-user-privilege-set>"
                )
                return answered(
                    multistatus(
                        response("/home/", more="<D:resourcetype><D:collection/></D:resourcetype>"),
                        response("/home/in%20box", more=f"<D:displayname>In</D:displayname>{calendar}{only}{rights}"),
                    )
                )
            case _:
                return web.Response(status=404)

    server.answer = answer
    person = await dav_home.principal(dav)
    [found] = await dav_home.collections(dav, await dav_home.home(dav, person))
    assert (found.path, found.name, found.components, found.writable) == ("/home/in%20box/", "In", ("VTODO",), False)


async def test_an_address_without_such_a_server_is_said_so(server: Server, dav: Dav):
    async def answer(_: web.Request, __: str) -> web.StreamResponse:
        return web.Response(status=404)

    server.answer = answer
    with pytest.raises(PersonMustFix, match="no CalDAV server"):
        await dav_home.principal(dav)
    dav.family = ADDRESS_BOOKS
    with pytest.raises(PersonMustFix, match="no CardDAV server"):
        await dav_home.principal(dav)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (412, b"", Stale),
        (412, b"<error><no-uid-conflict xmlns='urn:ietf:params:xml:ns:caldav'/></error>", UidTaken),
        (409, b"<error><C:no-uid-conflict><D:href>/cal/old.ics</D:href></C:no-uid-conflict></error>", UidTaken),
        (403, b"<error><C:valid-calendar-data/></error>", RecordRefused),
        (403, b"<error><D:need-privileges/></error>", RecordRefused),
        (409, b"", RecordRefused),
        (400, b"Bad Request", RecordRefused),
        (404, b"", Stale),
    ],
)
async def test_a_refused_write_says_why(server: Server, dav: Dav, status: int, body: bytes, error: type[Exception]):
    async def answer(_: web.Request, __: str) -> web.StreamResponse:
        return answered(body, status)

    server.answer = answer
    with pytest.raises(error) as caught:
        await dav.put("/cal/a.ics", "x", etag='"1"')
    if isinstance(caught.value, UidTaken) and b"href" in body:
        assert caught.value.path == "/cal/old.ics"


async def test_a_server_that_keeps_it_under_another_name_or_its_etag_to_itself(server: Server, dav: Dav):
    async def answer(request: web.Request, _: str) -> web.StreamResponse:
        assert request.headers["If-None-Match"] == "*"
        return web.Response(status=201, headers={"Location": "https://elsewhere.example.org/cal/7%2Da.ics"})

    server.answer = answer
    placed = await dav.put("/cal/a.ics", "x", etag=None)
    assert (placed.path, placed.etag) == ("/cal/7-a.ics", None)


async def test_a_weak_version_is_compared_without_its_mark_and_what_is_gone_is_deleted(server: Server, dav: Dav):
    async def answer(request: web.Request, _: str) -> web.StreamResponse:
        if request.method == "REPORT":
            return answered(multistatus(response("/cal/a.ics", status=404)))
        assert (request.headers["If-Match"], request.headers["Schedule-Reply"]) == ('"7"', "F")
        return web.Response(status=412)

    server.answer = answer
    await dav.delete("/cal/a.ics", etag='W/"7"')


def test_a_member_without_a_property_has_an_empty_text():
    member = Member("/a", "/a", None, {})
    assert (member.text(ETAG), member.inside(ETAG)) == ("", ())
