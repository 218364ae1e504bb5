import asyncio
from email.utils import formatdate

import pytest
from aiohttp import web
from tests.transport.answers import Task, answering, text

from entrepot.core.errors import NeedsConsent, PersonMustFix, RecordRefused, ServiceChanged, Stale, TryLater
from entrepot.core.secret import Secret
from entrepot.transport.limits import Limits
from entrepot.transport.message import Request


async def test_json_is_decoded_into_the_type_asked_for(serve, client_for):
    handler, seen = answering(text(body='[{"id": 1, "title": "Tee kaufen ü"}]'))
    async with client_for(await serve(handler) + "/api/v1") as client:
        found = await client.json("GET", "/tasks", type=list[Task], params={"q": "a b&c", "done": False, "n": None})
    assert found == [Task(1, "Tee kaufen ü")]
    assert seen[0][:2] == ("GET", "/api/v1/tasks?q=a+b%26c&done=false")
    assert seen[0][2]["Accept"] == "application/json"


async def test_json_and_forms_are_sent_with_their_content_type(serve, client_for):
    handler, seen = answering(text())
    async with client_for(await serve(handler)) as client:
        await client.json("POST", "a", json={"x": 1})
        await client.json("POST", "b", form={"user": "ü", "password": Secret("geheim-1")})
    assert (seen[0][3], seen[0][2]["Content-Type"]) == (b'{"x":1}', "application/json")
    assert (seen[1][3], seen[1][2]["Content-Type"]) == (
        b"user=%C3%BC&password=geheim-1",
        "application/x-www-form-urlencoded",
    )


async def test_an_encoded_address_is_sent_letter_by_letter(serve, client_for):
    handler, seen = answering(text())
    base = await serve(handler)
    async with client_for(base) as client:
        await client.json("GET", f"{base}/a%2Fb%7E?sig=x%2By%20z%7E")
    assert seen[0][1] == "/a%2Fb%7E?sig=x%2By%20z%7E"


async def test_an_answer_without_content_is_none_unless_a_type_is_asked_for(serve, client_for):
    handler, _ = answering(lambda: web.Response(status=204))
    async with client_for(await serve(handler)) as client:
        assert await client.json("DELETE", "x") is None
        with pytest.raises(ServiceChanged, match="nothing where data was expected"):
            await client.json("GET", "x", type=Task)


@pytest.mark.parametrize(
    ("status", "method", "error"),
    [
        (400, "GET", PersonMustFix),
        (400, "POST", RecordRefused),
        (404, "GET", PersonMustFix),
        (404, "DELETE", RecordRefused),
        (422, "PATCH", RecordRefused),
        (401, "GET", NeedsConsent),
        (403, "GET", NeedsConsent),
        (405, "GET", ServiceChanged),
        (409, "PUT", Stale),
        (410, "GET", Stale),
        (412, "PUT", Stale),
        (429, "POST", TryLater),
        (500, "GET", TryLater),
        (503, "POST", TryLater),
    ],
)
async def test_each_status_becomes_its_error(serve, client_for, status, method, error):
    handler, _ = answering(text(status, '{"error": {"message": "because of this"}}'))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(error, match=rf"{status} \(because of this\)") as raised:
            await client.send(Request(method, "tasks"))
    assert type(raised.value) is error


async def test_a_connector_and_a_request_say_where_they_differ(serve, client_for):
    handler, _ = answering(text(403), text(404), text(404), text(418))
    async with client_for(await serve(handler), errors={403: "PersonMustFix", 404: "Stale"}) as client:
        with pytest.raises(PersonMustFix):
            await client.json("GET", "x")
        with pytest.raises(Stale):
            await client.json("GET", "x")
        with pytest.raises(RecordRefused):
            await client.json("GET", "x", errors={404: "RecordRefused"})
        assert (await client.send(Request("GET", "x", expected={418}))).status == 418


async def test_not_modified_comes_back_as_it_is(serve, client_for):
    handler, _ = answering(lambda: web.Response(status=304))
    async with client_for(await serve(handler)) as client:
        assert (await client.send(Request("GET", "x"))).status == 304


async def test_500s_are_tried_again_with_growing_pauses(serve, client_for, fast):
    handler, seen = answering(text(500), text(502), text())
    async with client_for(await serve(handler)) as client:
        assert await client.json("GET", "x") == {}
    assert len(seen) == 3
    assert fast.slept == [0.5, 1.0]


async def test_a_post_that_failed_at_the_service_is_not_sent_twice(serve, client_for):
    handler, seen = answering(text(500))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(TryLater):
            await client.json("POST", "x", json={})
        assert len(seen) == 1
        with pytest.raises(TryLater):
            await client.json("POST", "x", json={}, repeatable=True)
    assert len(seen) == 4


async def test_429_waits_as_many_seconds_as_asked(serve, client_for, fast):
    handler, seen = answering(text(429, Retry_After="7"), text())
    async with client_for(await serve(handler)) as client:
        assert await client.json("POST", "x", json={}) == {}
    assert len(seen) == 2
    assert fast.slept[0] == 7.5


async def test_429_waits_until_the_date_asked_for_by_the_services_own_clock(serve, client_for, fast):
    wrong = fast.wall + 86_400  # the service lives a day ahead of us
    handler, _ = answering(
        text(429, Retry_After=formatdate(wrong + 20, usegmt=True), Date=formatdate(wrong, usegmt=True)), text()
    )
    async with client_for(await serve(handler)) as client:
        assert await client.json("GET", "x") == {}
    assert fast.slept[0] == 20.5


@pytest.mark.parametrize("year", ["31536000", formatdate(1_700_000_000 + 31_536_000, usegmt=True), "9" * 40])
async def test_a_retry_after_of_a_year_does_not_hang(serve, client_for, fast, year):
    handler, seen = answering(text(429, Retry_After=year, Date=formatdate(1_700_000_000, usegmt=True)))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(TryLater) as raised:
            await client.json("GET", "x")
        with pytest.raises(TryLater):
            await client.json("GET", "x")
    assert raised.value.after is not None
    assert raised.value.after >= 31_536_000
    assert (len(seen), fast.slept) == (1, [])


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan", "inf", "", "Mon, 99 Foo 2026"])
async def test_a_retry_after_nobody_can_read_is_as_if_there_were_none(serve, client_for, fast, nonsense):
    handler, _ = answering(text(503, Retry_After=nonsense), text())
    async with client_for(await serve(handler)) as client:
        assert await client.json("GET", "x") == {}
    assert fast.slept == [0.5]


async def test_a_403_that_means_too_many_requests_is_waited_for(serve, client_for, fast):
    handler, seen = answering(
        text(403, '{"error": {"errors": [{"reason": "rateLimitExceeded"}]}}'),
        text(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(fast.wall) + 30), Date=formatdate(fast.wall)),
        text(),
    )
    async with client_for(await serve(handler)) as client:
        assert await client.json("GET", "x") == {}
    assert len(seen) == 3
    assert 29 <= sum(fast.slept) <= 33


async def test_html_at_200_is_a_changed_service(serve, client_for):
    handler, _ = answering(text(200, "<!doctype html><title>Sign in</title>", "text/html"))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(ServiceChanged, match="web page instead of data"):
            await client.json("GET", "x")


async def test_json_cut_in_half_is_a_changed_service(serve, client_for):
    handler, _ = answering(text(200, '{"items": [{"id": 1, "ti'), text(200, '{"id": "one", "title": "x"}'))
    async with client_for(await serve(handler)) as client:
        with pytest.raises(ServiceChanged, match="cut off"):
            await client.json("GET", "x")
        with pytest.raises(ServiceChanged, match="another shape"):
            await client.json("GET", "x", type=Task)


async def test_json_nested_without_end_is_a_changed_service(serve, client_for):
    deep = b'{"message":' * 100_000
    handler, _ = answering(web.Response(body=deep), web.Response(body=deep), web.Response(status=400, body=deep))
    async with client_for(await serve(handler)) as client:
        for shape in (None, Task):
            with pytest.raises(ServiceChanged):
                await client.json("GET", "x", type=shape)
        with pytest.raises(PersonMustFix):
            await client.json("GET", "x")


async def test_a_connection_dropped_before_the_answer_is_tried_again_for_a_get_only(serve_bytes, client_for):
    async def answer(writer, number):
        if number % 2 == 0:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")

    base, asked = await serve_bytes(answer)
    async with client_for(base) as client:
        assert await client.json("GET", "x") == {}
        before = len(asked)
        with pytest.raises(TryLater, match="closed the connection"):
            await client.json("POST", "x", json={})
    assert len(asked) == before + 1


async def test_a_body_cut_off_is_tried_again_and_then_given_up(serve_bytes, client_for, fast):
    async def answer(writer, number):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{")

    base, asked = await serve_bytes(answer)
    async with client_for(base) as client:
        with pytest.raises(TryLater, match="middle of its answer"):
            await client.json("GET", "x")
    assert len(asked) == 3


async def test_headers_cut_off_are_tried_again(serve_bytes, client_for):
    async def answer(writer, number):
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Le" if number == 1 else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        )

    base, _ = await serve_bytes(answer)
    async with client_for(base) as client:
        assert await client.json("GET", "x") == {}


async def test_what_is_not_http_is_a_changed_service(serve_bytes, client_for):
    async def answer(writer, number):
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")

    base, _ = await serve_bytes(answer)
    async with client_for(base) as client:
        with pytest.raises(ServiceChanged, match="not HTTP"):
            await client.json("GET", "x")


async def test_headers_without_end_are_refused(serve_bytes, client_for):
    async def answer(writer, number):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.writelines(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(5000))

    base, _ = await serve_bytes(answer)
    async with client_for(base) as client:
        with pytest.raises(ServiceChanged):
            await client.json("GET", "x")


async def test_a_body_that_stalls_is_given_up(serve_bytes, client_for):
    async def answer(writer, number):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n{")
        await asyncio.sleep(0.5)

    base, _ = await serve_bytes(answer)
    async with client_for(base, limits=Limits(idle_seconds=0.05)) as client:
        with pytest.raises(TryLater, match="too slow"):
            await client.json("GET", "x")


async def test_a_body_that_only_trickles_is_given_up(serve_bytes, client_for):
    async def answer(writer, number):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n")
        for _ in range(20):
            writer.write(b" ")
            await asyncio.sleep(0.02)

    base, _ = await serve_bytes(answer)
    async with client_for(base, limits=Limits(idle_seconds=5, total_seconds=0.1)) as client:
        with pytest.raises(TryLater, match="too slow"):
            await client.json("GET", "x")


async def test_a_refused_connection_is_tried_again_even_for_a_post(client_for, fast):
    async with client_for("http://127.0.0.1:9") as client:
        with pytest.raises(TryLater, match=r"127\.0\.0\.1:9 refuses"):
            await client.json("POST", "x", json={})
    assert fast.slept == [0.5, 1.0]
