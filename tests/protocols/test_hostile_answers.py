"""Calendar servers and feeds that answer what makes a client hang, fill its memory, or talk to somebody else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.hostile import quickly

from entrepot.auth.signers import basic
from entrepot.core.errors import EntrepotError, PersonMustFix, RecordRefused, ServiceChanged
from entrepot.core.secret import Secret
from entrepot.protocols import dav_answer, dav_home
from entrepot.protocols.dav import LARGEST, Dav
from entrepot.protocols.dav_answer import Multistatus, members_of
from entrepot.protocols.dav_words import CALENDARS
from entrepot.protocols.feed import parse_feed
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress
from entrepot.transport.retry import Retry

OPEN = b'<multistatus xmlns="DAV:">'
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answered(inside: str) -> web.Response:
    text = f'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{inside}</multistatus>'
    return web.Response(text=text, status=207, content_type="application/xml")


def member(path: str, properties: str) -> str:
    return (
        f"<response><href>{path}</href><propstat><prop>{properties}</prop><status>HTTP/1.1 200 OK</status></propstat>"
        "</response>"
    )


class Pair:
    """The server that was typed, and another that may be reached; what each was asked, with its Authorization."""

    def __init__(self) -> None:
        self.typed = self.other = ""
        self.at_other: list[str | None] = []
        self.answer: Answer | None = None

    async def at_typed(self, request: web.Request) -> web.StreamResponse:
        assert self.answer is not None
        return await self.answer(request)

    async def elsewhere(self, request: web.Request) -> web.StreamResponse:
        self.at_other.append(request.headers.get("Authorization"))
        return answered(member("/", "<getetag>1</getetag>"))


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    made = Pair()
    typed, other = web.Application(), web.Application()
    typed.router.add_route("*", "/{path:.*}", made.at_typed)
    other.router.add_route("*", "/{path:.*}", made.elsewhere)
    async with TestServer(typed, host="127.0.0.1") as one, TestServer(other, host="127.0.0.1") as two:
        made.typed, made.other = f"http://127.0.0.1:{one.port}", f"http://127.0.0.1:{two.port}"
        yield made


@pytest_asyncio.fixture
async def dav(pair: Pair) -> AsyncIterator[Dav]:
    egress = Egress(given=[pair.typed], allow_private=True)
    signer = basic("me", Secret("hush-hush"))
    async with Client(egress=egress, base_url=pair.typed, signer=signer, retry=Retry(attempts=1)) as http:
        yield Dav(http, pair.typed, CALENDARS)


@pytest.mark.parametrize("where", ["{other}/p/", "//{bare}/p/", "http://[bad", "@{bare}/p/", "http://x@{bare}/"])
async def test_a_principal_or_home_elsewhere_is_not_gone_to(pair: Pair, dav: Dav, where: str):
    target = where.format(other=pair.other, bare=pair.other.removeprefix("http://"))

    async def answer(request: web.Request) -> web.StreamResponse:
        asked = await request.text()
        if "current-user-principal" in asked:
            return answered(member("/", f"<current-user-principal><href>{target}</href></current-user-principal>"))
        return answered(member("/", f"<C:calendar-home-set><href>{target}</href></C:calendar-home-set>"))

    pair.answer = answer
    with suppress(PersonMustFix, ServiceChanged):
        await dav_home.collections(dav, await dav_home.home(dav, await dav_home.principal(dav)))
    assert pair.at_other == []


@pytest.mark.parametrize("where", ["{other}/x", "//{bare}/x", "http://[bad"])
async def test_a_redirect_elsewhere_is_not_followed(pair: Pair, dav: Dav, where: str):
    target = where.format(other=pair.other, bare=pair.other.removeprefix("http://"))

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=301, headers={"Location": target})

    pair.answer = answer
    for asked in (dav.properties("/", []), dav.changes("/", None), dav.get("/x.ics"), dav.fetch("/", ["/x.ics"])):
        with pytest.raises((PersonMustFix, ServiceChanged)):
            await asked
    assert pair.at_other == []


async def test_a_report_that_is_cut_short_without_telling_anything_comes_to_an_end(pair: Pair, dav: Dav):
    """A new token each time, as if there were more."""
    count = 0

    async def answer(_: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        cut = "<response><href>/</href><status>HTTP/1.1 507 x</status></response>"
        return answered(f"{cut}<sync-token>{count}</sync-token>")

    pair.answer = answer
    with pytest.raises(ServiceChanged, match="way to go on"):
        await dav.changes("/", None)
    assert count == 1


async def test_one_huge_object_costs_only_itself(pair: Pair, dav: Dav):
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=bytes(LARGEST + 1))
        asked = await request.text()
        inside = "".join(
            member(
                path,
                f"<C:calendar-data>{'x' * (dav_answer.LARGEST + 200_000 if path == '/huge' else 5)}</C:calendar-data>",
            )
            for path in ("/a", "/huge", "/b")
            if f">{path}<" in asked
        )
        return answered(inside)

    pair.answer = answer
    items, gone = await dav.fetch("/", ["/a", "/huge", "/b"])
    assert ([item.path for item in items], gone) == (["/a", "/b"], [])
    with pytest.raises(RecordRefused):
        await dav.get("/huge")


ENTITIES = b'<!DOCTYPE r [<!ENTITY a "' + b"a" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>'


@pytest.mark.parametrize(
    "body",
    [
        ENTITIES + OPEN + b'<response x="&b;"/></multistatus>',
        b'<?xml version="1.0" encoding="CP50221"?><!-- \x1b$B!!--><s>\x1b(B -->' + ENTITIES + OPEN + b"</multistatus>",
        OPEN + b"<response>" * 5000,
        OPEN + b"<x/>" * 5_000_000,
        OPEN + b"<response><href>" + b"a" * (40 << 20),
        b"<!-- " + b"a" * 3_000_000,
        OPEN,
        b"",
    ],
)
def test_an_answer_that_is_an_attack_is_refused(body: bytes):
    with quickly(4), pytest.raises(ServiceChanged):
        read_in_pieces(body)


def read_in_pieces(body: bytes) -> None:
    answer = Multistatus("here")
    for at in range(0, len(body), 1 << 16):
        list(answer.feed(body[at : at + (1 << 16)]))
    answer.close()


def test_odd_things_in_an_answer_are_passed_over():
    odd = "<status>HTTP/1.1 " + "9" * 5000 + "</status><!-- x --><?pi?>"
    text = f'<multistatus xmlns="DAV:"><!-- x --><response><href>/a</href>{odd}</response></multistatus>'
    [found] = members_of(text.encode(), "here")
    assert (found.path, found.status, found.properties) == ("/a", None, {})


def test_remarks_inside_a_property_are_no_names():
    text = member("/a", "<getetag><!-- x --><?pi?>1</getetag>")
    [found] = members_of(f'<multistatus xmlns="DAV:">{text}</multistatus>'.encode(), "here")
    assert found.text("{DAV:}getetag") == "1"


DEEP = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"items":' + DEEP + b"}",
        b'{"items":[{"title":"x","more":' + DEEP + b"}]}",
        b"<rss><channel>" + b"<a/>" * 9_000_000 + b"</channel></rss>",
        b"<rss><channel><title>" + b"a" * (40 << 20) + b"</title></channel></rss>",
    ],
)
def test_a_feed_without_end_is_refused(body: bytes):
    with quickly(2), pytest.raises(ServiceChanged):
        parse_feed(body)


def test_an_address_that_is_none_stays_as_it_is():
    rss = b"<rss><channel><item><title>x</title><link>http://[bad</link><enclosure url='//[x'/></item></channel></rss>"
    atom = b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>x</title><link href='http://[bad'/></entry></feed>"
    json = b'{"items": [{"title": "x", "url": "http://[bad", "image": "//[x"}]}'
    for body in (rss, atom, json):
        [entry] = parse_feed(body, "https://example.org/").entries
        assert entry.post.url == "http://[bad"


PIECES = st.sampled_from(
    [
        *(
            "<rss>",
            "<channel>",
            "</channel>",
            "</rss>",
            "<item>",
            "</item>",
            "<link>",
            "</link>",
            "<guid isPermaLink='x'>",
        ),
        *(
            "<feed xmlns='http://www.w3.org/2005/Atom'>",
            "<entry>",
            "</entry>",
            "<title>",
            "</title>",
            "<pubDate>",
            "</pubDate>",
        ),
        *(
            '{"items":[',
            '{"id":',
            '"title":',
            '"date_published":',
            "}",
            "]",
            ",",
            "null",
            "1e999",
            '"0001-01-01T00:00:00+14:00"',
        ),
        *(
            "<multistatus xmlns='DAV:'>",
            "<response>",
            "<href>",
            "</href>",
            "</response>",
            "</multistatus>",
            "<propstat>",
            "<prop>",
        ),
        *(
            "http://[",
            "//",
            "&nbsp;",
            "&lol;",
            "&#0;",
            "<!DOCTYPE x",
            "[",
            "]>",
            "<!--",
            "-->",
            "<?xml version='1.0'?>",
            "\0",
            "x",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_is_answered_is_read_or_refused(text: str):
    with quickly():
        for start in ("", "<rss><channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", '{"items":['):
            with suppress(EntrepotError):
                parse_feed((start + text).encode(), "https://example.org/")
        with suppress(EntrepotError):
            members_of(text.encode(), "here")
