"""What services look like: collections, GraphQL, parallel pages, records completed by Python, kinds of records to skip."""

import asyncio
import json
from textwrap import dedent

import pytest
from aiohttp import web

from entrepot.core.change import Cursor, Ref
from entrepot.core.errors import NeedsConsent, PersonMustFix, ServiceChanged, TryLater

PROBE = "probe: {request: GET /me, id: id}\n"


def ids(pages) -> list[str]:
    return [change.ref.id for page in pages for change in page.changes]


BY_COLLECTION = PROBE + dedent("""\
    settings:
      only: {label: Repositories, type: list}
    collections:
      repositories:
        kind: issue
        request: GET /repos
        id: {owner: owner.login, repo: name}
        name: full
        writable: {can.push: true}
        when: {archived: [false, null]}
        only: only
    streams:
      tasks:
        kind: task
        by_collection: repositories
        read: GET /repos/:owner/:repo/issues
        id: number
        deletions: {by: absence, confirm: "GET /repos/:owner/:repo/issues/:id"}
        when: {pull: null}
        fields: {title: title}
        given: {project: ":collection"}
    """)


async def test_each_collection_is_read_by_itself_and_its_id_can_have_parts(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/repos":
            owner = {"login": "o"}
            return web.json_response(
                [
                    {"owner": owner, "name": "a b", "full": "O/a", "can": {"push": True}},
                    {"owner": owner, "name": "old", "full": "O/old", "archived": True},
                ]
            )
        return web.json_response([{"number": 1, "title": "x"}, {"number": 2, "title": "y", "pull": {}}])

    service.handler = handler
    reader = await open_reader(BY_COLLECTION)
    (repository,) = await reader.collections("tasks")
    assert (repository.id, repository.name, repository.writable) == ("o/a b", "O/a", True)
    (page,) = await read_all(reader, collection=repository.id)
    assert ids([page]) == ["1"]
    assert page.changes[0].data.project == "o/a b"
    assert service.paths[-1] == "/repos/o/a b/issues"
    for wrong in ("o", "o/../x", "o/.."):
        with pytest.raises((ServiceChanged, PersonMustFix)):
            await read_all(reader, collection=wrong)
    chosen = await open_reader(BY_COLLECTION, only="o/old, x/y")
    assert [one.id for one in await chosen.collections("tasks")] == ["o/old", "x/y"]


async def test_ids_that_repeat_in_other_collections_are_told_apart(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("/issues/1"):
            return web.json_response({"number": 1, "title": "x"})
        return web.json_response([{"number": 1, "title": "x"}, {"number": 2, "title": 2}])

    service.handler = handler
    reader = await open_reader(BY_COLLECTION.replace("    by_collection:", "    local_ids: true\n    by_collection:"))
    for repository in ("o/a", "o/b"):
        (page,) = await read_all(reader, collection=repository)
        assert ids([page]) == [f"{repository}/1"]
        assert [bad.where for bad in page.bad] == [f"{repository}/2"]
    service.asked.clear()
    there = await reader.confirm("tasks", Ref("o/a/1"), "o/a")
    assert there is not None
    assert there.ref.id == "o/a/1"
    assert service.paths[-1].endswith("/1")
    assert "o/a/1" not in service.paths[-1].removeprefix("/repos/o/a")


async def test_one_record_can_be_asked_for_when_a_listing_did_not_show_it(service, open_reader):
    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("/5"):
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response({"number": 4, "title": "still here"})

    service.handler = handler
    reader = await open_reader(BY_COLLECTION)
    there = await reader.confirm("tasks", Ref("4"), "o/a")
    gone = await reader.confirm("tasks", Ref("5"), "o/a")
    assert there is not None
    assert there.data is not None
    assert gone is not None
    assert gone.data is None


GRAPHQL = PROBE.replace("GET /me", "POST /").replace("id: id", "graphql: me.graphql, id: data.me.id") + dedent("""\
    streams:
      tasks:
        kind: task
        read:
          request: POST /
          graphql: tasks.graphql
          variables: {user: ":account"}
          items: data.user.lists.*.entries
          paging: {style: page, send: chunk, more: data.user.more, size: {perChunk: 2}}
        id: id
        fields: {title: title}
        volatile: [seen, sub.link]
    """)
FILES = {"me.graphql": "{ me { id } }", "tasks.graphql": "query ($user: ID) { user }"}


async def test_a_graphql_stream_goes_through_the_lists_of_its_answer(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        if "me" in body["query"]:
            return web.json_response({"data": {"me": {"id": 5}}})
        number = body["variables"]["chunk"]
        entries = [{"id": number * 10 + n, "title": "t", "seen": 1, "sub": {"link": "x", "a": 1}} for n in range(2)]
        lists = [{"entries": entries[:1]}, {"entries": entries[1:]}, {"entries": entries}]
        return web.json_response({"data": {"user": {"lists": lists, "more": number < 2}}})

    service.handler = handler
    reader = await open_reader(GRAPHQL, files=FILES)
    pages = await read_all(reader)
    assert ids(pages) == ["10", "11", "20", "21"]
    assert json.loads(pages[0].changes[0].native) == {
        "id": 10,
        "title": "t",
        "sub": {"a": 1},
    }
    assert service.bodies[1] == {
        "query": FILES["tasks.graphql"],
        "variables": {"user": 5, "chunk": 1, "perChunk": 2},
    }


async def test_a_query_that_declares_a_number_is_asked_with_one(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        if "me" in (await request.json())["query"]:
            return web.json_response({"data": {"me": {"id": "5"}}})
        return web.json_response({"data": {"user": {"lists": [], "more": False}}})

    service.handler = handler
    await read_all(await open_reader(GRAPHQL, files={**FILES, "tasks.graphql": "query ($user: Int) { user }"}))
    assert service.bodies[1]["variables"]["user"] == 5


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([{"message": "no field x"}], ServiceChanged),
        ([{"message": None, "extensions": {"code": "UNAUTHENTICATED"}}], NeedsConsent),
        (["what"], ServiceChanged),
        ([{"message": "slow down", "extensions": {"code": "RATELIMITED", "retry_in_seconds": 86_000}}], TryLater),
    ],
)
async def test_errors_in_a_good_graphql_answer_are_errors(service, open_reader, read_all, errors, kind):
    async def handler(request: web.Request) -> web.Response:
        body = await request.json()
        data = {"me": {"id": 5}} if "me" in body["query"] else {"user": None}
        return web.json_response({"data": data, "errors": None if "me" in body["query"] else errors})

    service.handler = handler
    with pytest.raises(kind):
        await read_all(await open_reader(GRAPHQL, files=FILES))


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"message": "Cannot query field 'x' on type 'Y'."}, ServiceChanged),
        (400, {"message": "Invalid token"}, NeedsConsent),
        (404, {"message": "Not Found.", "status": 404}, ServiceChanged),
    ],
)
async def test_a_graphql_answer_is_read_whatever_its_status(service, open_reader, status, error, kind):
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"errors": [error], "data": None}, status=status)

    service.handler = handler
    reader = await open_reader(GRAPHQL, files=FILES)
    with pytest.raises(kind, match=error["message"]):
        await reader.probe()


async def test_a_busy_graphql_service_is_asked_again(service, open_reader):
    busy = [{"message": "slow down", "extensions": {"code": "RATELIMITED", "retry_in_seconds": 0}}]
    answers = iter([{"errors": busy}, {"data": {"me": {"id": 5}}}])

    async def handler(request: web.Request) -> web.Response:
        return web.json_response(next(answers))

    service.handler = handler
    reader = await open_reader(GRAPHQL, files=FILES)
    assert (await reader.probe()).id == "5"


async def test_words_in_headers_are_filled_in(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        return web.json_response([{"id": request.headers.get("X-Team", "none")}])

    service.handler = handler
    text = PROBE + dedent("""\
        settings: {team: {label: Team}}
        streams:
          tasks:
            kind: task
            read: {request: GET /tasks, headers: {X-Team: ":team"}}
            id: id
            fields: {title: title}
        """)
    assert ids(await read_all(await open_reader(text, team="blue"))) == ["blue"]
    assert ids(await read_all(await open_reader(text))) == ["none"]


async def test_a_query_file_that_is_missing_is_said_at_once(open_reader):
    with pytest.raises(PersonMustFix, match=r"me\.graphql is missing"):
        await open_reader(GRAPHQL)


PARALLEL = PROBE + dedent("""\
    streams:
      tasks:
        kind: task
        read:
          request: GET /tasks
          paging: {style: page, pages: link, parallel: true, size: {per_page: 2}}
        id: id
        fields: {title: title}
    """)


async def test_numbered_pages_with_a_known_end_are_asked_for_side_by_side(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        page = int(request.query["page"])
        links = [f'<{service.url}/tasks?per_page=2&page={page + 1}>; rel="next"'] if page < 5 else []
        links.append(f'<{service.url}/tasks?per_page=2&page=5>; rel="last"')
        return web.json_response([{"id": page * 10}, {"id": page * 10 + 1}], headers={"Link": ", ".join(links)})

    service.handler = handler
    reader = await open_reader(PARALLEL)
    pages = await read_all(reader)
    assert ids(pages) == [str(page * 10 + n) for page in range(1, 6) for n in range(2)]
    assert len(service.asked) == 5
    rest = await read_all(reader, since=Cursor(pages[2].cursor.value))
    assert ids(rest) == ["40", "41", "50", "51"]


COMPLETED = PROBE + dedent("""\
    settings:
      bodies: {label: Where the bodies are, default: /bodies}
    streams:
      tasks:
        kind: task
        read: GET /tasks
        id: id
        complete: connector.complete
        fields: {title: title, description: body}
    """)
PYTHON = dedent("""\
    from entrepot.core.errors import RecordRefused
    from .words import shout


    async def complete(record, http, words):
        if record["id"] == 2:
            raise RecordRefused("this one has no body")
        return {**record, "body": shout(await http.json("GET", f"{words['bodies']}/{record['id']}"))}
    """)


async def test_python_beside_the_manifest_completes_records_several_at_a_time(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/tasks":
            return web.json_response([{"id": n, "title": "t"} for n in range(1, 4)])
        return web.json_response(f"body of {request.path[-1]}")

    service.handler = handler
    files = {"connector.py": PYTHON, "words.py": "def shout(text):\n    return text.upper()\n"}
    (page,) = await read_all(await open_reader(COMPLETED, files=files))
    assert [change.data.description for change in page.changes] == ["BODY OF 1", "BODY OF 3"]
    assert json.loads(page.changes[0].native)["body"] == "BODY OF 1"
    assert (page.bad[0].where, page.bad[0].reason) == ("2", "this one has no body")


@pytest.mark.parametrize(("status", "kind"), [(401, NeedsConsent), (503, TryLater)])
async def test_what_fails_while_records_are_completed_is_the_error_of_the_read(
    service, open_reader, read_all, status, kind
):
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/tasks":
            return web.json_response([{"id": n, "title": "t"} for n in (1, 3)])
        return web.json_response({}, status=status, headers={"Retry-After": "86000"})

    service.handler = handler
    files = {"connector.py": PYTHON, "words.py": "def shout(text):\n    return text.upper()\n"}
    with pytest.raises(kind):
        await read_all(await open_reader(COMPLETED, files=files))


async def test_paging_follows_link_headers_addresses_and_offsets(service, open_reader, read_all):
    async def handler(request: web.Request) -> web.Response:
        at = int(request.query.get("offset", request.query.get("at", "0")))
        records = [{"id": at}, {"id": at + 1}]
        more = at < 4
        following = f"{service.url}/tasks?at={at + 2}"
        headers = {"Link": f'<{following}>; rel="next"'} if more else {}
        body = {"data": records, "@next": following if more else None, "total": 6}
        return web.json_response(body, headers=headers)

    service.handler = handler
    styles = (
        "{style: link, items: data}",
        "{style: next_url, find: '@next', items: data}",
        "{style: offset, total: total, items: data, size: {limit: 2}}",
    )
    for style in styles:
        text = PARALLEL.replace("{style: page, pages: link, parallel: true, size: {per_page: 2}}", style)
        pages = await read_all(await open_reader(text))
        assert ids(pages) == [str(n) for n in range(6)], style
    assert pages[0].total == 6


async def test_who_stops_reading_leaves_no_request_under_way(service, open_reader):
    held = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        page = int(request.query["page"])
        if page > 1:
            await held.wait()
        links = (
            f'<{service.url}/tasks?page={page + 1}>; rel="next", <{service.url}/tasks?per_page=2&page=9>; rel="last"'
        )
        return web.json_response([{"id": page}], headers={"Link": links})

    service.handler = handler
    before = asyncio.all_tasks()
    reader = await open_reader(PARALLEL)
    changes = reader.changes("tasks", None)
    assert (await anext(changes)).changes[0].ref.id == "1"
    await changes.aclose()
    await asyncio.sleep(0.01)
    left = {task for task in asyncio.all_tasks() - before if "send" in repr(task.get_coro())}
    held.set()
    assert left == set()


async def test_what_the_manifest_accepts_is_asked_for(service, open_reader, read_all):
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept"])
        return web.json_response([])

    service.handler = handler
    text = PROBE + "streams: {tasks: {kind: task, read: GET /tasks, id: id, fields: {title: title}}}\n"
    await read_all(await open_reader(text))
    await read_all(await open_reader("  headers: {Accept: application/vnd.api+json}\n" + text))
    assert asked == ["application/json", "application/vnd.api+json"]
