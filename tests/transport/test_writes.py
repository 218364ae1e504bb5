"""Requests that change something: sent once where twice would be two, and to nobody but whom they were meant for."""

import pytest
from aiohttp import web
from tests.transport.answers import answering, text

from entrepot.core.errors import EntrepotError, RecordRefused, ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.egress import Egress
from entrepot.transport.message import Request

WRITES = ["POST", "PUT", "PATCH", "DELETE"]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("repeatable", [None, True])
async def test_no_write_goes_to_another_host(serve, client_for, method, status, repeatable):
    there, seen = answering(text())
    other = await serve(there)
    base = await serve(answering(text(status, Location=f"{other}/x"))[0])
    body = None if method == "DELETE" else b"{}"
    headers = {"Authorization": Secret("Bearer abcdefgh"), "If-Match": "1"}
    request = Request(method, "/a", headers=headers, body=body, repeatable=repeatable)
    is_asked = method == "POST" and (status < 303 or repeatable is True)  # then it only reads, or becomes a GET
    async with client_for(base, egress=Egress(given=[base, other], allow_private=True)) as client:
        if is_asked:
            await client.send(request)
        else:
            with pytest.raises(ServiceChanged, match="another host"):
                await client.send(request)
    assert bool(seen) == is_asked
    assert not any("Authorization" in headers for _, _, headers, _ in seen)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("how", ["cut", "half", "500", "503", "html"])
async def test_what_may_have_reached_the_service_is_not_sent_twice(serve, client_for, method, how):
    seen = []

    async def handler(request):
        seen.append(await request.read())
        if how == "cut":
            request.transport.abort()
        if how == "half":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"{")
            request.transport.abort()
            return response
        if how == "html":
            return web.Response(text="<html>", content_type="text/html")
        return web.Response(status=int(how) if how.isdigit() else 200)

    async with client_for(await serve(handler)) as client:
        with pytest.raises(EntrepotError):
            await client.json(method, "/a", json={}, type=dict)
    assert len(seen) == 1


@pytest.mark.parametrize("repeatable", [None, True])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_write_that_is_refused_is_the_records_trouble_also_where_it_may_be_repeated(
    serve, client_for, method, repeatable
):
    handler, _ = answering(text(400))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(RecordRefused):
            await client.send(Request(method, "/a", repeatable=repeatable))
