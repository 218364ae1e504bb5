"""Large, endless and packed answers; streams; how many requests are under way at once."""

import asyncio
import gzip
import zlib

import pytest
from aiohttp import web
from tests.transport.answers import answering, text

from entrepot.core.errors import PersonMustFix, RecordRefused, ServiceChanged
from entrepot.transport.budget import Budget
from entrepot.transport.limits import Limits
from entrepot.transport.message import Request


async def test_a_gzip_bomb_is_stopped_at_the_limit(serve, client_for):
    bomb = gzip.compress(bytes(20_000_000))
    handler, _ = answering(lambda: web.Response(body=bomb, headers={"Content-Encoding": "gzip"}))
    async with client_for(await serve(handler), limits=Limits(body=1_000_000)) as client:
        with pytest.raises(ServiceChanged, match="more than is accepted"):
            await client.json("GET", "x")


async def test_a_large_body_is_refused_by_its_length_and_by_what_comes(serve, client_for):
    async def chunked(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(b"x" * 1000)
        return response

    handler, _ = answering(lambda: web.Response(body=b"x" * 2000))
    for base in (await serve(handler), await serve(chunked)):
        async with client_for(base, limits=Limits(body=1999)) as client:
            with pytest.raises(ServiceChanged, match="more than is accepted"):
                await client.send(Request("GET", "x"))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "bare", "members", "padded"])
async def test_compressed_answers_are_read(serve, client_for, coding):
    plain = b'{"a": "' + b"x" * 700_000 + b'"}'
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "bare": bare.compress(plain) + bare.flush(),
        "members": gzip.compress(plain[:9]) + gzip.compress(plain[9:]),
        "padded": gzip.compress(plain) + b"\0\0\0",
    }[coding]
    name = "deflate" if coding in {"deflate", "bare"} else "gzip"
    handler, _ = answering(lambda: web.Response(body=packed, headers={"Content-Encoding": name}))
    async with client_for(await serve(handler)) as client:
        assert (await client.send(Request("GET", "x"))).body == plain


@pytest.mark.parametrize(
    ("body", "coding"), [(b"not gzip", "gzip"), (gzip.compress(b"x" * 999, mtime=0)[:-12], "gzip"), (b"x", "br")]
)
async def test_an_answer_that_cannot_be_decompressed_is_a_changed_service(serve, client_for, body, coding):
    handler, _ = answering(lambda: web.Response(body=body, headers={"Content-Encoding": coding}))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(ServiceChanged, match="decompressed"):
            await client.send(Request("GET", "x"))


async def test_a_stream_passes_pieces_on_and_stops_at_its_limit(serve, client_for):
    handler, _ = answering(
        lambda: web.Response(body=gzip.compress(b"x" * 500_000), headers={"Content-Encoding": "gzip"})
    )
    async with client_for(await serve(handler), limits=Limits(body=10)) as client:
        async with client.stream(Request("GET", "x")) as pieces:
            assert pieces.response.headers["content-encoding"] == "gzip"
            assert sum([len(piece) async for piece in pieces]) == 500_000

        async def read():
            async with client.stream(Request("GET", "x"), limit=1000) as pieces:
                return [piece async for piece in pieces]

        with pytest.raises(RecordRefused, match="larger than the 1,000 bytes"):
            await read()


async def test_a_stream_tells_errors_before_its_first_piece(serve, client_for):
    handler, seen = answering(text(500), text(404))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(PersonMustFix):
            async with client.stream(Request("GET", "x")):
                pass
        assert client.budget._busy == 0
    assert len(seen) == 2


async def test_a_stream_left_early_gives_its_place_back(serve, client_for):
    handler, _ = answering(lambda: web.Response(body=b"x" * 3_000_000))
    async with client_for(await serve(handler), budget=Budget(concurrency=1)) as client:
        for _ in range(3):
            async with client.stream(Request("GET", "x")) as pieces:
                await anext(pieces)


async def test_no_more_requests_are_under_way_than_the_budget_allows(serve, client_for):
    now, most = 0, 0

    async def handler(request):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return web.json_response({})

    async with client_for(await serve(handler), budget=Budget(concurrency=3)) as client:
        await asyncio.gather(*(client.json("GET", "x") for _ in range(20)))
    assert most == 3


async def test_cancelled_requests_give_their_place_back(serve, client_for):
    async def handler(request):
        await asyncio.sleep(0.2)
        return web.json_response({})

    async with client_for(await serve(handler), budget=Budget(concurrency=2)) as client:
        tasks = [asyncio.create_task(client.json("GET", "x")) for _ in range(6)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert client.budget._busy == 0
        assert not client.budget._queue or all(turn.done() for turn in client.budget._queue)


async def test_a_client_outside_its_block_is_a_bug(client_for):
    with pytest.raises(RuntimeError, match="async with"):
        await client_for("http://127.0.0.1:9").json("GET", "x")


async def test_a_body_of_several_megabytes_is_sent(serve, client_for):
    size = 0

    async def handler(request):
        nonlocal size
        async for piece in request.content.iter_any():
            size += len(piece)
        return web.json_response({})

    async with client_for(await serve(handler)) as client:
        await client.send(Request("PUT", "x", body=b"x" * 3_000_000))
    assert size == 3_000_000
