"""Asking for what changed only: by filter, newest first, by the server's token, in windows, past a search's cap."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from entrepot.core.change import Cursor
from entrepot.core.errors import PersonMustFix, ServiceChanged, Stale

REST = "probe: {request: GET /me, id: id}\n"


def stream(read: str, *more: str) -> str:
    lines = [
        REST + "streams:",
        "  tasks:",
        "    kind: task",
        "    id: id",
        "    fields: {title: title}",
        f"    read: {read}",
        *(f"    {line}" for line in more),
    ]
    return "\n".join(lines) + "\n"


def ids(pages) -> list[str]:
    return [change.ref.id for page in pages for change in page.changes]


def answering(*bodies: object):
    """One body after another, whatever is asked."""
    left = list(bodies)

    async def handler(request: web.Request) -> web.Response:
        return web.json_response(left.pop(0))

    return handler


async def test_the_greatest_time_seen_less_an_overlap_is_asked_from_next_time(service, open_reader, read_all):
    text = stream("{request: GET /tasks, since: {field: at, send: since, overlap: 2m}}")
    reader = await open_reader(text)
    service.handler = answering(
        [{"id": "a", "at": "2026-03-01T10:00:00Z"}, {"id": "b", "at": "2026-03-01T11:00:00+01:00"}],
        [],
        [{"id": "c", "at": "2026-03-02T00:00:00Z"}],
        [],
    )
    (first,) = await read_all(reader)
    assert first.listing
    (second,) = await read_all(reader, since=first.cursor)
    assert not second.listing
    (third,) = await read_all(reader, since=second.cursor)
    await read_all(reader, since=third.cursor)
    assert service.paths == [
        "/tasks",
        "/tasks?since=2026-03-01T09:58:00Z",
        "/tasks?since=2026-03-01T09:58:00Z",
        "/tasks?since=2026-03-01T23:58:00Z",
    ]


@pytest.mark.parametrize(
    ("form", "native", "sent"),
    [
        ("epoch", 1772359200, "1772359200"),
        ("epoch_ms", 1772359200500, "1772359200500"),
        ("epoch_ms", 1700000000001, "1700000000001"),
        ("date", "2026-03-01", "2026-03-01"),
    ],
)
async def test_times_are_written_as_the_service_wants_them(service, open_reader, read_all, form, native, sent):
    reader = await open_reader(stream(f"{{request: GET /tasks, since: {{field: at, send: from, form: {form}}}}}"))
    service.handler = answering([{"id": 1, "at": native}], [])
    (page,) = await read_all(reader)
    await read_all(reader, since=page.cursor)
    assert service.paths[1] == f"/tasks?from={sent}"


async def test_newest_first_reading_stops_at_the_first_record_that_is_known(service, open_reader, read_all):
    text = stream(
        "{request: GET /tasks, items: items, since: {field: at, newest_first: true, overlap: 1m},"
        " paging: {style: cursor, send: c, find: next}}"
    )
    reader = await open_reader(text)
    old = {"id": "old", "at": "2026-03-01T10:00:00Z"}
    known = {"id": "known", "at": "2026-03-01T11:00:00Z"}
    service.handler = answering({"items": [known], "next": "x"}, {"items": [old], "next": None})
    pages = await read_all(reader)
    new = {"id": "new", "at": "2026-03-03T10:00:00Z"}
    service.handler = answering({"items": [new, known, old], "next": "x"})
    (page,) = await read_all(reader, since=pages[-1].cursor)
    assert ids([page]) == ["new", "known"]
    assert page.last
    assert page.cursor.value == {"marks": [{"at": "2026-03-03T10:00:00Z"}]}


async def test_a_link_is_asked_as_it_is_and_a_dead_one_is_stale(service, open_reader, read_all):
    text = stream(
        '{request: GET /tasks/delta, items: value, paging: {style: next_url, find: "@odata.nextLink"},',
        ' since: {link: "@odata.deltaLink"}}',
        "gone: {'@removed.reason': [deleted, changed]}",
        "deletions: feed",
    )
    reader = await open_reader(text)
    service.handler = answering(
        {"value": [{"id": "a"}], "@odata.nextLink": f"{service.url}/tasks/delta?$skiptoken=2"},
        {"value": [{"id": "b"}], "@odata.deltaLink": f"{service.url}/tasks/delta?$deltatoken=x%2By"},
        {"value": [], "@odata.nextLink": f"{service.url}/tasks/delta?$skiptoken=3"},
        {"value": [{"id": "a", "@removed": {"reason": "deleted"}}], "@odata.deltaLink": "/tasks/delta?$deltatoken=z"},
    )
    first = await read_all(reader)
    assert (ids(first), all(page.listing for page in first)) == (["a", "b"], True)
    second = await read_all(reader, since=Cursor(json.loads(json.dumps(first[-1].cursor.value))))
    assert [(change.ref.id, change.data) for page in second for change in page.changes] == [("a", None)]
    assert not any(page.listing for page in second)
    assert service.paths[2:] == ["/tasks/delta?$deltatoken=x+y", "/tasks/delta?$skiptoken=3"]

    left = [400, 404, 410]

    async def dead(_: web.Request) -> web.Response:
        return web.json_response({"error": {"code": "syncStateNotFound"}}, status=left.pop())

    service.handler = dead
    while left:
        with pytest.raises(Stale):
            await read_all(reader, since=second[-1].cursor)
    assert service.paths[-1] == "/tasks/delta?$deltatoken=z"


async def test_a_link_elsewhere_is_not_followed(service, open_reader, read_all):
    text = stream(
        '{request: GET /tasks/delta, items: value, since: {link: "@odata.deltaLink"}}',
        "gone: {x: 1}",
        "deletions: feed",
    )
    reader = await open_reader(text)
    service.handler = answering({"value": [], "@odata.deltaLink": "https://elsewhere.example.net/tasks"})
    (page,) = await read_all(reader)
    with pytest.raises(PersonMustFix, match=r"elsewhere\.example\.net"):
        await read_all(reader, since=page.cursor)


async def test_a_server_token_stands_on_the_last_page_and_a_dead_one_is_stale(service, open_reader, read_all):
    text = stream(
        "{request: GET /events, items: items, paging: {style: cursor, send: pageToken, find: next},"
        " since: {token: sync, send: syncToken}}",
        "gone: {status: cancelled}",
        "deletions: feed",
    )
    reader = await open_reader(text)
    service.handler = answering({"items": [{"id": 1}], "next": "p2"}, {"items": [{"id": 2}], "sync": "T1"})
    pages = await read_all(reader)
    service.handler = answering({"items": [{"id": 1, "status": "cancelled"}], "sync": "T2"})
    (page,) = await read_all(reader, since=pages[-1].cursor)
    assert page.changes[0].data is None
    assert service.paths == ["/events", "/events?pageToken=p2", "/events?syncToken=T1"]

    async def gone(request: web.Request) -> web.Response:
        assert request.query["syncToken"] == "T2"
        return web.json_response({}, status=410)

    service.handler = gone
    with pytest.raises(Stale):
        await read_all(reader, since=page.cursor)


async def test_long_spans_are_read_in_windows_newest_first_and_can_be_resumed(service, open_reader, read_all):
    start = (datetime.now(UTC) - timedelta(days=25)).date().isoformat()
    text = (
        stream(
            "{request: GET /done, items: items,"
            " since: {field: at, send: since, until: until, window: 10d, start: ':start', overlap: 1d}}"
        )
        + f"settings: {{start: {{label: Start, type: date, default: '{start}'}}}}\n"
    )
    reader = await open_reader(text)
    service.handler = answering({"items": [{"id": 1}]}, {"items": [{"id": 2}]}, {"items": [{"id": 3}]})
    pages = await read_all(reader)
    assert [page.last for page in pages] == [False, False, True]
    spans = [service_query(path) for path in service.paths]
    assert [one["since"] for one in spans[:2]] == [one["until"] for one in spans[1:]]
    assert spans[2]["since"] == f"{start}T00:00:00Z"

    service.handler = answering({"items": [{"id": 2}]}, {"items": []})
    rest = await read_all(reader, since=Cursor(json.loads(json.dumps(pages[0].cursor.value))))
    assert service_query(service.paths[3]) == spans[1]
    service.handler = answering({"items": []})
    (only,) = await read_all(reader, since=rest[-1].cursor)
    assert only.last


def service_query(path: str) -> dict[str, str]:
    return dict(part.split("=") for part in path.partition("?")[2].split("&"))


CAPPED = (
    "{request: GET /all, items: items, since: {field: at, form: epoch, cap: 4,"
    " ask: {request: POST /search, items: items, body: {from: ':since', sort: at},"
    " paging: {style: cursor, send: after, find: next, place: body, size: {limit: 2}}}}}"
)


async def test_a_search_that_shows_only_so_many_is_asked_again_from_the_last_one(service, open_reader, read_all):
    reader = await open_reader(stream(CAPPED))
    service.handler = answering({"items": [{"id": 0, "at": 100}]})
    (full,) = await read_all(reader)
    changed = [{"id": n, "at": 100 + n} for n in range(1, 8)]

    async def search(request: web.Request) -> web.Response:
        body = await request.json()
        found = [one for one in changed if one["at"] >= int(body["from"])]
        at = int(body.get("after", 0))
        assert at < 4
        following = {"next": str(at + 2)} if at + 2 < len(found) else {}
        return web.json_response({"items": found[at : at + 2], **following})

    service.handler = search
    pages = await read_all(reader, since=full.cursor)
    assert set(ids(pages)) == {str(n) for n in range(1, 8)}
    assert service.bodies[1] == {"from": "100", "sort": "at", "limit": 2}
    overlapping = await open_reader(stream(CAPPED.replace("cap: 4,", "cap: 4, overlap: 1m,")))
    pages = await read_all(overlapping, since=Cursor({"marks": [{"at": "1970-01-01T00:01:47Z"}]}))
    assert set(ids(pages)) == {str(n) for n in range(1, 8)}  # all lie within the overlap, and are more than the cap
    assert pages[-1].cursor == Cursor({"marks": [{"at": "1970-01-01T00:01:47Z"}]})
    changed[:] = [{"id": n, "at": 200, "title": n or "t"} for n in range(9)]  # what is refused counts towards the cap
    with pytest.raises(ServiceChanged, match="at one moment"):
        await read_all(reader, since=Cursor({"marks": [{"at": "1970-01-01T00:03:20Z"}]}))


async def test_what_changes_again_while_a_search_is_read_pushes_nothing_out_of_sight(service, open_reader, read_all):
    reader = await open_reader(stream(CAPPED.replace("cap: 4", "cap: 100")))
    times = {f"r{n}": 100 + n for n in range(1, 8)}

    async def search(request: web.Request) -> web.Response:
        body = await request.json()
        found = sorted((at, name) for name, at in times.items() if at >= int(body["from"]))
        at = int(body.get("after", 0))
        following = {"next": str(at + 2)} if at + 2 < len(found) else {}
        page = [{"id": name, "at": changed} for changed, name in found[at : at + 2]]
        times["r1"] += 1000 if times["r1"] < 200 else 0  # once it has been shown, it is changed again
        return web.json_response({"items": page, **following})

    service.handler = search
    pages = await read_all(reader, since=Cursor({"marks": [{"at": "1970-01-01T00:01:40Z"}]}))
    assert set(ids(pages)) == set(times)
    assert ids(pages).count("r1") == 2


async def test_a_search_goes_on_by_page_where_a_whole_page_is_of_one_moment(service, open_reader, read_all):
    reader = await open_reader(stream(CAPPED.replace("cap: 4", "cap: 8")))
    changed = [{"id": n, "at": 101.5 if n < 5 else 103} for n in range(8)]

    async def search(request: web.Request) -> web.Response:
        body = await request.json()
        found = [one for one in changed if one["at"] >= int(body["from"])]
        at = int(body.get("after", 0))
        following = {"next": str(at + 2)} if at + 2 < len(found) else {}
        return web.json_response({"items": found[at : at + 2], **following})

    service.handler = search
    pages = await read_all(reader, since=Cursor({"marks": [{"at": "1970-01-01T00:01:40Z"}]}))
    assert set(ids(pages)) == {str(n) for n in range(8)}
    assert [body["from"] for body in service.bodies] == ["100", "101", "101", "101", "103", "103"]


async def test_a_mark_lies_never_after_the_beginning_of_the_read(service, open_reader, read_all):
    """A record of the first page that changes while the last one is read is older than the last one may be."""
    text = stream(
        "{request: GET /tasks, items: items, since: {field: at, form: epoch, send: since},"
        " paging: {style: cursor, send: c, find: next}}"
    )
    begun = int(datetime.now(UTC).timestamp())
    service.handler = answering(
        {"items": [{"id": "a", "at": 100}], "next": "x"}, {"items": [{"id": "b", "at": begun + 3600}]}, {"items": []}
    )
    first, second = await read_all(await open_reader(text))
    assert first.cursor.value["began"] == second.cursor.value["marks"][0]["at"]
    await read_all(await open_reader(text), since=second.cursor)
    assert begun <= int(service_query(service.paths[-1])["since"]) <= begun + 60


async def test_a_page_cursor_that_died_since_an_earlier_run_is_stale(service, open_reader, read_all):
    text = stream("{request: GET /tasks, items: items, paging: {style: cursor, send: c, find: next}}")
    service.handler = answering({"items": [{"id": "a"}], "next": "x"}, {"items": [{"id": "b"}]})
    first, _ = await read_all(await open_reader(text))

    async def forgotten(request: web.Request) -> web.Response:
        return web.json_response({"message": "cursor x is invalid"}, status=400)

    service.handler = forgotten
    with pytest.raises(Stale):
        await read_all(await open_reader(text), since=first.cursor)
    with pytest.raises(PersonMustFix, match="cursor x is invalid"):
        await read_all(await open_reader(text))


async def test_a_time_that_cannot_be_sets_its_record_aside(service, open_reader, read_all):
    reader = await open_reader(stream("{request: GET /tasks, since: {field: at, form: epoch, send: since}}"))
    service.handler = answering([{"id": "a", "at": 1e300}, {"id": "b", "at": "soon"}, {"id": "c", "at": 5}])
    (page,) = await read_all(reader)
    assert ([bad.where for bad in page.bad], ids([page])) == (["a", "b"], ["c"])


async def test_a_first_day_that_is_none_is_told(service, open_reader, read_all):
    window = "{field: at, send: since, until: until, window: 10d, start: ':start'}"
    reader = await open_reader(
        stream(f"{{request: GET /done, since: {window}}}") + "settings: {start: {label: Start, type: date}}\n",
        start="last year",
    )
    with pytest.raises(PersonMustFix, match="'last year' is not a day"):
        await read_all(reader)


async def test_a_window_that_begins_in_the_future_is_empty(service, open_reader, read_all):
    window = "{field: at, send: since, until: until, window: 10d, start: '2999-01-01'}"
    reader = await open_reader(stream(f"{{request: GET /done, since: {window}}}"))
    service.handler = answering([])
    (page,) = await read_all(reader)
    span = service_query(service.paths[0])
    assert page.last
    assert span["since"] == span["until"]


async def test_several_requests_make_one_stream_and_one_of_them_may_list_the_deleted(service, open_reader, read_all):
    text = stream("", "deletions: feed").replace(
        "    read: \n",
        "    read:\n      - {request: GET /tasks, since: {field: at, send: since}}\n"
        "      - {request: GET /tasks, query: {archived: true}, gone: true}\n",
    )
    reader = await open_reader(text)
    service.handler = answering([{"id": 1, "at": "2026-01-01T00:00:00Z"}], [], [{"id": 9}])
    (full,) = await read_all(reader)
    assert full.last
    pages = await read_all(reader, since=full.cursor)
    assert [(c.ref.id, c.data) for page in pages for c in page.changes] == [("9", None)]
    assert service.paths[2] == "/tasks?archived=true"
    assert pages[-1].cursor == full.cursor


async def test_a_time_may_be_a_count_of_milliseconds_as_text(service, open_reader, read_all):
    text = stream("{request: GET /tasks, since: {field: at, send: after, form: epoch_ms}}")
    reader = await open_reader(text)
    service.handler = answering([{"id": "a", "at": "1767225600123"}], [])
    (first,) = await read_all(reader)
    await read_all(reader, since=first.cursor)
    assert service.paths[1] == "/tasks?after=1767225600123"


FED = stream(
    "",
    "  - {request: POST /sync, form: {sync_token: '*', types: '[\"items\"]'}, items: items,"
    " since: {token: sync_token, send: sync_token, full: full_sync}}",
    "  - {request: GET /done, listing: true}",
)


def forms(service) -> list[dict[str, list[str]]]:
    return [parse_qs(sent.decode()) for sent in service.sent if sent]


async def test_a_token_goes_into_a_form_and_what_only_a_listing_needs_is_asked_once(service, open_reader, read_all):
    reader = await open_reader(FED)
    service.handler = answering(
        {"items": [{"id": "a"}], "sync_token": "one", "full_sync": True},
        [{"id": "b"}],
        {"items": [], "sync_token": "two", "full_sync": False},
    )
    first = await read_all(reader)
    assert ids(first) == ["a", "b"]
    assert [page.listing for page in first] == [True, True]
    (second,) = await read_all(reader, since=first[-1].cursor)
    assert (second.changes, second.last, second.listing) == ([], True, False)
    assert service.asked == ["POST /sync", "GET /done", "POST /sync"]
    assert [form["sync_token"] for form in forms(service)] == [["*"], ["one"]]
    assert forms(service)[1]["types"] == ['["items"]']


async def test_an_answer_that_shows_everything_again_is_a_dead_token(service, open_reader, read_all):
    reader = await open_reader(FED)
    service.handler = answering({"items": [{"id": "a"}], "sync_token": "one", "full_sync": True}, [])
    first = await read_all(reader)
    service.handler = answering({"items": [{"id": "a"}], "sync_token": "two", "full_sync": True})
    with pytest.raises(Stale):
        await read_all(reader, since=first[-1].cursor)


async def test_a_cursor_from_before_there_was_a_token_leads_to_a_full_listing(service, open_reader, read_all):
    reader = await open_reader(FED)
    with pytest.raises(Stale):
        await read_all(reader, since=Cursor({"marks": [{}, {"at": "2026-03-01T00:00:00Z"}]}))
    assert service.asked == []
