import asyncio

import msgspec
import pytest
from aiohttp import web

from entrepot.core.errors import ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.budget import Budget
from entrepot.transport.egress import Egress
from entrepot.transport.limits import Limits
from entrepot.transport.message import Request, Response
from entrepot.transport.page_styles import CursorPages, LinkPages, NextUrlPages, NumberedPages, OffsetPages
from entrepot.transport.paging import pages, pages_in_parallel

ITEMS = list(range(23))
GET = Request("GET", "items", params={"q": "x"})


async def cursors(request):
    """23 items by cursor, the cursor in the query or in a JSON body."""
    body = msgspec.json.decode(await request.read() or b"{}")
    start = int(request.query.get("cursor") or body.get("start_cursor") or 0)
    more = start + 10 < len(ITEMS)
    return web.json_response(
        {"results": ITEMS[start : start + 10], "has_more": more, "page": {"next": str(start + 10) if more else None}}
    )


def numbered(total=23, size=10, *, tells=True, asked=None):
    async def handler(request):
        page = int(request.query.get("page", 1))
        if asked is not None:
            asked.append(page)
        found = list(range(total))[(page - 1) * size : page * size]
        return web.json_response({"items": found, **({"total": total} if tells else {})})

    return handler


async def offsets(request):
    start = int(request.query["offset"])
    size = min(int(request.query["limit"]), 7)  # gives fewer than one asks for
    return web.json_response(ITEMS[start : start + size])


async def links(request):
    page = int(request.query.get("page", 1))
    header = f'<{request.url.with_query(page=1)}>; rel="first"'
    if page < 3:
        header += f', <{request.path}?page={page + 1}&api_key=k-12345678>; title="a, b"; rel="prev next"'
    return web.json_response(ITEMS[page * 10 - 10 : page * 10], headers={"Link": header})


async def addresses(request):
    page = int(request.query.get("page", 1))
    more = {"@odata.nextLink": str(request.url.with_query(page=page + 1))} if page < 3 else {}
    return web.json_response({"value": ITEMS[page * 10 - 10 : page * 10], **more})


async def collect(client, style, path, *, request=GET, start=None, parallel=False):
    read = pages_in_parallel if parallel else pages
    return [
        item
        for answer in [a async for a in read(client, request, style, start=start)]
        for item in (answer.data[path] if path else answer.data)
    ]


@pytest.mark.parametrize(
    ("handler", "style", "path"),
    [
        (cursors, CursorPages(find="page.next"), "results"),
        (cursors, CursorPages(find="page.next", more="has_more", strict=True), "results"),
        (cursors, CursorPages(send="start_cursor", find="page.next", place="body"), "results"),
        (numbered(), NumberedPages(items="items", total="total", size=10), "items"),
        (numbered(), NumberedPages(items="items", total="total", size=1000), "items"),
        (numbered(tells=False), NumberedPages(items="items"), "items"),
        (numbered(tells=False), NumberedPages(items="items", size=10, short_is_last=True), "items"),
        (offsets, OffsetPages(size=10), ""),
        (offsets, OffsetPages(size=7, short_is_last=True), ""),
        (links, LinkPages(), ""),
        (addresses, NextUrlPages(find="@odata.nextLink"), "value"),
    ],
)
async def test_each_style_reads_all_in_order(serve, client_for, handler, style, path):
    async with client_for(await serve(handler)) as client:
        assert (
            await collect(
                client,
                style,
                path,
                request=GET
                if style != CursorPages(send="start_cursor", find="page.next", place="body")
                else Request("POST", "items", body=b'{"filter": 1}'),
            )
            == ITEMS
        )


async def test_another_process_can_go_on_where_a_page_ended(serve, client_for):
    for handler, style, path in ((cursors, CursorPages(find="page.next"), "results"), (links, LinkPages(), "")):
        async with client_for(await serve(handler)) as client:
            first = await anext(pages(client, GET, style))
            rest = await collect(client, style, path, start=first.next)
        assert rest == ITEMS[10:]


async def test_a_page_is_read_into_the_type_asked_for(serve, client_for):
    class Page(msgspec.Struct):
        items: list[int]
        total: int

    async with client_for(await serve(numbered())) as client:
        style = NumberedPages(items="items", total="total", size=10)
        found = [answer.data async for answer in pages(client, GET, style, shape=Page)]
    # A short page is not taken for the last: the service might give smaller ones than one asks for.
    assert [len(page.items) for page in found] == [10, 10, 3, 0]


@pytest.mark.parametrize("tells", [True, False])
async def test_parallel_pages_come_in_order_and_overlap(serve, client_for, tells):
    busy = most = 0
    plain = numbered(total=95, tells=tells)

    async def slow_at_first(request):
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.03 / int(request.query.get("page", 1)))
        busy -= 1
        return await plain(request)

    style = NumberedPages(items="items", total="total" if tells else "", size=10)
    async with client_for(await serve(slow_at_first), budget=Budget(concurrency=4)) as client:
        assert await collect(client, style, "items", parallel=True) == list(range(95))
    assert most == 4


async def test_pages_known_not_to_exist_are_not_asked_for(serve, client_for):
    asked = []
    style = NumberedPages(items="items", total="total", size=10)
    async with client_for(await serve(numbered(total=30, asked=asked))) as client:
        assert await collect(client, style, "items", parallel=True) == list(range(30))
    assert asked == [1, 2, 3]


async def test_one_page_costs_one_request(serve, client_for):
    asked = []
    style = NumberedPages(items="items", total="total", size=10)
    async with client_for(await serve(numbered(total=3, asked=asked))) as client:
        assert await collect(client, style, "items", parallel=True) == [0, 1, 2]
    assert asked == [1]


async def test_parallel_offsets_give_every_item_even_if_pages_are_smaller_than_asked_for(serve, client_for):
    async with client_for(await serve(offsets)) as client:
        assert await collect(client, OffsetPages(size=10), "", parallel=True) == ITEMS


async def test_an_error_behind_the_last_page_does_not_matter_but_one_before_it_does(serve, client_for):
    plain = numbered(total=30, tells=False)

    async def handler(request):
        page = int(request.query["page"])
        if page > 4 or (page == 2 and request.path == "/broken"):
            return web.json_response({"message": "no such page"}, status=404)
        return await plain(request)

    style = NumberedPages(items="items")
    async with client_for(await serve(handler)) as client:
        assert await collect(client, style, "items", parallel=True) == list(range(30))
        with pytest.raises(Exception, match="no such page"):
            await collect(client, style, "items", request=Request("GET", "broken"), parallel=True)


async def test_pages_left_early_leave_nothing_behind(serve, client_for):
    async with client_for(await serve(numbered(total=500))) as client:
        found = pages_in_parallel(client, GET, NumberedPages(items="items"))
        await anext(found)
        await found.aclose()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert client.budget._busy == 0


@pytest.mark.parametrize("parallel", [False, True])
async def test_a_service_that_ignores_the_page_number_is_noticed(serve, client_for, parallel):
    async def same(request):
        return web.json_response({"items": [1, 2, 3]})

    async with client_for(await serve(same)) as client:
        with pytest.raises(ServiceChanged, match="same page again"):
            await collect(client, NumberedPages(items="items"), "items", parallel=parallel)


async def test_a_page_that_points_at_itself_is_noticed(serve, client_for):
    async def itself(request):
        return web.json_response({"next": "abc"}, headers={"Link": f'<{request.url}>; rel="next"'})

    base = await serve(itself)
    async with client_for(base) as client:
        for style in (CursorPages(find="next"), LinkPages(), NextUrlPages()):
            with pytest.raises(ServiceChanged, match="read before"):
                await collect(client, style, "next")


async def test_pages_that_go_round_in_a_circle_are_noticed(serve, client_for):
    following = {"": "a", "a": "b", "b": "c", "c": "a"}

    async def circle(request):
        return web.json_response({"next": following[request.query.get("cursor", "")]})

    async with client_for(await serve(circle)) as client:
        with pytest.raises(ServiceChanged, match="read before"):
            await collect(client, CursorPages(find="next"), "next")


async def test_pages_without_end_are_left(serve, client_for):
    async def endless(request):
        return web.json_response({"next": int(request.query.get("cursor", 0)) + 1})

    async with client_for(await serve(endless), limits=Limits(pages=50)) as client:
        with pytest.raises(ServiceChanged, match="more than 50 pages"):
            await collect(client, CursorPages(find="next"), "next")


async def test_a_next_page_on_a_strange_host_is_not_asked_for(serve, client_for):
    """Not even on one that may be reached: the credential of the one is not for the other."""
    asked = []

    async def there(request):
        asked.append(request.path)
        return web.json_response({})

    other = await serve(there)
    targets = [f"{other}/page", "//127.0.0.1/page", "https://127.0.0.1/page", "http://[bad"]

    async def handler(request):
        target = targets[int(request.query["n"])]
        return web.json_response({"next": target}, headers={"Link": f'<{target}>; rel="next"'})

    base = await serve(handler)
    async with client_for(base, egress=Egress(given=[base, other], allow_private=True)) as client:
        for number in range(len(targets)):
            for style in (NextUrlPages(), LinkPages()):
                with pytest.raises(ServiceChanged, match="another host"):
                    await anext(pages(client, Request("GET", "items", params={"n": number}), style))
    assert asked == []


@pytest.mark.parametrize("total", ["9" * 5000, 10**400, 10**20])
async def test_a_number_of_pages_that_cannot_be_tells_nothing(total):
    style = NumberedPages(total="total", items="items", size=10)
    answer = {"total": total, "items": [1]}
    assert style.last(answer) is None
    assert style.follow(None, answer, Response(200, {}, b"", "https://api.example.org/")) == 2


@pytest.mark.parametrize(
    ("answer", "style"),
    [
        ({"next": None, "has_more": True}, CursorPages(find="next", more="has_more")),
        ({"next": "x"}, CursorPages(find="next", more="has_more", strict=True)),
        ({"next": {"no": "cursor"}}, CursorPages(find="next")),
        ({"items": []}, NumberedPages(more="has_more", strict=True)),
    ],
)
async def test_an_answer_that_no_longer_says_whether_there_is_more_is_not_taken_for_the_end(
    serve, client_for, answer, style
):
    async def handler(request):
        return web.json_response(answer)

    async with client_for(await serve(handler)) as client:
        with pytest.raises(ServiceChanged):
            await collect(client, style, "next")


async def test_a_secret_in_the_next_address_is_not_kept(serve, client_for):
    from msgspec.structs import replace

    class Key:
        async def sign(self, request):
            return replace(request, params={"api_key": Secret("k-12345678")})

        async def rejected(self, *_):
            return False

    async with client_for(await serve(links), signer=Key()) as client:
        answer = await anext(pages(client, GET, LinkPages()))
    assert answer.next is not None
    assert str(answer.next).endswith("/items?page=2")
