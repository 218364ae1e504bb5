"""Streams declared in a manifest, read from a service on loopback that behaves as real ones do, and as they should not."""

import json

import pytest
from aiohttp import web

from entrepot.core.change import Cursor
from entrepot.core.errors import NeedsConsent, PersonMustFix, ServiceChanged, Stale, TryLater
from entrepot.sdk.connector import Confirming, Reader

CURSOR = """\
  paging: {style: cursor, send: cursor, find: next_cursor, items: results, size: {limit: 2}}
probe: {request: GET /me, id: id, name: name}
streams:
  tasks:
    kind: task
    read: GET /tasks
    id: id
    version: rev
    deletions: absence
    fields: {title: title, priority: {at: level, as: integer}}
"""


def task(number: int, **more: object) -> dict[str, object]:
    return {"id": number, "rev": f"r{number}", "title": f"Task {number}", **more}


def serve_by_cursor(records: list[dict[str, object]]):
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/me":
            return web.json_response({"id": 7, "name": "Ada"})
        start = int(request.query.get("cursor", "0"))
        end = start + int(request.query["limit"])
        following = str(end) if end < len(records) else None
        return web.json_response({"results": records[start:end], "next_cursor": following})

    return handler


async def test_a_stream_is_read_page_by_page_and_is_a_full_listing(service, open_reader, read_all):
    service.handler = serve_by_cursor([task(n) for n in range(5)])
    reader = await open_reader(CURSOR)
    pages = await read_all(reader)
    assert [len(page.changes) for page in pages] == [2, 2, 1]
    assert [page.last for page in pages] == [False, False, True]
    assert all(page.listing for page in pages)
    assert pages[-1].cursor is None
    first = pages[0].changes[0]
    assert (first.ref.id, first.ref.version, first.data.title) == ("0", "r0", "Task 0")
    assert json.loads(first.native) == task(0)
    assert service.paths == ["/tasks?limit=2", "/tasks?limit=2&cursor=2", "/tasks?limit=2&cursor=4"]


async def test_another_process_goes_on_after_any_page(service, open_reader, read_all):
    service.handler = serve_by_cursor([task(n) for n in range(5)])
    pages = await read_all(await open_reader(CURSOR))
    cursor = Cursor(json.loads(json.dumps(pages[0].cursor.value)))
    rest = await read_all(await open_reader(CURSOR), since=cursor)
    assert [change.ref.id for page in rest for change in page.changes] == ["2", "3", "4"]
    assert all(page.listing for page in rest)
    assert rest[-1].last


async def test_the_reader_has_the_capabilities_it_claims(service, open_reader):
    service.handler = serve_by_cursor([])
    reader = await open_reader(CURSOR)
    assert isinstance(reader, Reader)
    assert isinstance(reader, Confirming)
    account = await reader.probe()
    assert (account.id, account.name) == ("7", "Ada")
    assert await reader.collections("tasks") == []
    with pytest.raises(PersonMustFix, match="no stream 'notes'"):
        await reader.collections("notes")


async def test_a_record_that_cannot_be_mapped_is_set_aside_and_the_rest_goes_on(service, open_reader, read_all):
    service.handler = serve_by_cursor([task(1), task(2, level="high"), {"title": "no id"}, task(4, title=9)])
    pages = await read_all(await open_reader(CURSOR))
    bad = [row for page in pages for row in page.bad]
    assert [change.ref.id for page in pages for change in page.changes] == ["1"]
    assert bad[0].where == "2"
    assert "priority" in bad[0].reason
    assert bad[1].where == "a record without an id"
    assert bad[2].where == "4"
    assert "title" in bad[2].reason


async def test_bytes_that_are_no_text_spoil_one_record_alone(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        body = b'{"results": [{"id": 1, "title": "a"}, {"id": 2, "title": "\xff"}], "next_cursor": null}'
        return web.Response(body=body, content_type="application/json")

    service.handler = handler
    (page,) = await read_all(await open_reader(CURSOR))
    assert [change.ref.id for change in page.changes] == ["1"]
    assert page.bad[0].where == "record 2 of a page"


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        ("<html>Sign in</html>", "text/html", "web page"),
        ('{"results": [{"id": 1', "application/json", "cut off"),
        ('{"error": "maintenance"}', "application/json", "without results"),
        ('{"results": null}', "application/json", "without results"),
        ('{"results": {"id": 1}}', "application/json", "another shape"),
        ("", "application/json", "nothing"),
    ],
)
async def test_an_answer_of_another_form_is_never_an_empty_listing(
    service, open_reader, read_all, body, content_type, said
):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    service.handler = handler
    with pytest.raises(ServiceChanged, match=said):
        await read_all(await open_reader(CURSOR))


async def test_a_page_that_points_at_itself_is_refused(service, open_reader):
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"results": [task(1)], "next_cursor": "again"})

    service.handler = handler
    reader = await open_reader(CURSOR)
    with pytest.raises(ServiceChanged, match="read before"):
        async for _ in reader.changes("tasks", None):
            pass
    assert len(service.asked) <= 3


async def test_a_token_revoked_in_the_middle_needs_consent_and_keeps_the_pages_before(service, open_reader):
    records = serve_by_cursor([task(n) for n in range(6)])

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.query.get("cursor") == "4":
            return web.json_response({"error": "revoked"}, status=401)
        return await records(request)

    service.handler = handler
    reader = await open_reader(CURSOR)
    seen = []

    async def read():
        async for page in reader.changes("tasks", None):
            seen.append(page)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(NeedsConsent):
        await read()
    assert len(seen) == 2
    assert not any(page.last for page in seen)


async def test_a_busy_service_is_waited_for_and_a_year_is_not(service, open_reader, read_all):
    records, answers = serve_by_cursor([task(1)]), iter(["0", "31536000"])

    async def handler(request: web.Request) -> web.StreamResponse:
        after = next(answers, None)
        if after is None:
            return await records(request)
        return web.Response(status=429, headers={"Retry-After": after})

    service.handler = handler
    reader = await open_reader(CURSOR)
    with pytest.raises(TryLater) as caught:
        await read_all(reader)
    assert caught.value.after is not None
    assert len(service.asked) == 2


async def test_a_cursor_of_an_older_connector_is_stale(open_reader, read_all, service):
    service.handler = serve_by_cursor([])
    reader = await open_reader(CURSOR)
    for value in ({"marks": [{}, {}]}, {"page": 3}, "text", None, {"marks": [{}], "part": 5}):
        with pytest.raises(Stale):
            await read_all(reader, since=Cursor(value))
