import time

import msgspec
import pytest
from aiohttp import web

from entrepot.core.errors import NeedsConsent, PersonMustFix, RecordRefused, ServiceChanged, Stale, TryLater
from entrepot.protocols.graphql import GraphQL, connection, numbered
from entrepot.transport.budget import Budget
from entrepot.transport.client import Client
from entrepot.transport.clock import Clock
from entrepot.transport.egress import Egress
from entrepot.transport.retry import Retry


@pytest.fixture
async def serve():
    """Answers each GraphQL request with what the function makes of its variables."""
    runners, clients = [], []
    slept = []

    async def start(answer, **parts):
        asked = []

        async def handler(request):
            assert request.method == "POST"
            asked.append(msgspec.json.decode(await request.read()))
            found = answer(asked[-1]["variables"], len(asked))
            status, body, headers = found if isinstance(found, tuple) else (200, found, {})
            return web.json_response(body, status=status, headers=headers)

        app = web.Application()
        app.router.add_route("*", "/graphql", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"

        async def sleep(seconds):
            slept.append(seconds)

        client = Client(
            egress=Egress(given=[base], allow_private=True),
            base_url=f"{base}/graphql",
            budget=Budget(clock=Clock(sleep=sleep)),
            retry=Retry(attempts=3, draw=lambda: 0.0),
        )
        clients.append(client)
        return GraphQL(await client.__aenter__(), **parts), asked, slept

    yield start
    for client in clients:
        await client.__aexit__(None, None, None)
    for runner in runners:
        await runner.cleanup()


async def test_query_and_variables_are_posted_and_data_comes_back(serve):
    graph, asked, _ = await serve(lambda variables, _: {"data": {"Media": {"id": variables["id"]}}})
    assert await graph.ask("query ($id: Int) { Media(id: $id) { id } }", {"id": 5}) == {"Media": {"id": 5}}
    assert asked == [{"query": "query ($id: Int) { Media(id: $id) { id } }", "variables": {"id": 5}}]


def error(message="no", http=200, /, **fields):
    return http, {"data": None, "errors": [{"message": message, **fields}]}, {}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error("Not Found.", 404, status=404), PersonMustFix),
        (error("Invalid token", 400, status=400), NeedsConsent),
        (error("Cannot query field 'x' on type 'Y'.", 400), ServiceChanged),
        (error("Field 'x' doesn't exist on type 'Y'", extensions={"code": "undefinedField"}), ServiceChanged),
        (error(extensions={"code": "AUTHENTICATION_ERROR"}), NeedsConsent),
        (error(extensions={"code": "ACCESS_DENIED"}), NeedsConsent),
        (error("no", 400, extensions={"code": "RATELIMITED"}), TryLater),
        (error("Too Many Requests."), TryLater),
        (error(extensions={"code": "INTERNAL_SERVER_ERROR"}), TryLater),
        (error(extensions={"code": "CONFLICT"}), Stale),
        (error(type="FORBIDDEN"), NeedsConsent),
        (error("validation", 400, status=400), PersonMustFix),
        ((200, {"data": None}, {}), ServiceChanged),
        ((200, {"hello": 1}, {}), ServiceChanged),
        ((400, {"errors": "what"}, {}), ServiceChanged),
        ((403, {"errors": []}, {}), NeedsConsent),
        ((500, {"errors": [{"message": "oops"}]}, {}), TryLater),
    ],
)
async def test_errors_in_an_answer_become_one_of_the_seven(serve, answer, kind):
    graph, _, _ = await serve(lambda *_: answer)
    with pytest.raises(kind) as raised:
        await graph.ask("{ x }")
    assert type(raised.value) is kind


async def test_a_refused_mutation_is_a_refused_record_and_is_not_sent_twice(serve):
    graph, asked, _ = await serve(lambda *_: error("title is too long"))
    with pytest.raises(RecordRefused, match="title is too long"):
        await graph.ask("mutation { x }", writes=True)
    graph, asked, _ = await serve(lambda *_: error(extensions={"code": "INTERNAL_SERVER_ERROR"}))
    with pytest.raises(TryLater):
        await graph.ask("mutation { x }", writes=True)
    assert len(asked) == 1


@pytest.mark.parametrize("piece", ["token", "got invalid value ", '"token":'])
async def test_an_error_with_megabytes_of_words_is_told_in_no_time(serve, piece):
    graph, _, _ = await serve(lambda *_: error(piece * 50_000, extensions={"code": piece * 1000}))
    began = time.process_time()
    with pytest.raises(PersonMustFix) as raised:
        await graph.ask("{ x }")
    assert time.process_time() - began < 1
    assert len(raised.value.message) < 300


@pytest.mark.parametrize("seconds", [10**400, -1, "soon", None])
async def test_a_wait_that_cannot_be_is_none(serve, seconds):
    graph, asked, _ = await serve(lambda *_: error("Too Many Requests.", extensions={"retry_in_seconds": seconds}))
    with pytest.raises(TryLater):
        await graph.ask("{ x }")
    assert len(asked) == 3


async def test_data_beside_an_error_is_not_taken_for_whole(serve):
    graph, _, _ = await serve(lambda *_: {"data": {"a": 1, "b": None}, "errors": [{"message": "b is broken"}]})
    with pytest.raises(PersonMustFix, match="b is broken"):
        await graph.ask("{ a b }")


async def test_a_service_says_what_its_own_codes_mean(serve):
    graph, _, _ = await serve(
        lambda *_: error(extensions={"code": "USER_LOCKED"}), codes={"user-locked": "NeedsConsent"}
    )
    with pytest.raises(NeedsConsent):
        await graph.ask("{ x }")


@pytest.mark.parametrize(
    ("limited", "seconds"),
    [
        (
            (
                200,
                {"errors": [{"message": "no", "extensions": {"code": "ComplexityException", "retry_in_seconds": 11}}]},
                {},
            ),
            11,
        ),
        (
            (
                200,
                {
                    "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
                    "extensions": {
                        "cost": {
                            "requestedQueryCost": 300,
                            "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 50},
                        }
                    },
                },
                {},
            ),
            4,
        ),
        ((200, {"errors": [{"message": "Too Many Requests.", "status": 429}]}, {"Retry-After": "9"}), 9),
    ],
)
async def test_it_waits_as_long_as_the_answer_says(serve, limited, seconds):
    graph, asked, slept = await serve(lambda _, number: limited if number == 1 else {"data": {"x": 1}})
    assert await graph.ask("{ x }") == {"x": 1}
    assert (len(asked), slept) == (2, [seconds])


async def test_a_connection_is_read_by_its_cursor(serve):
    def answer(variables, _):
        start = int(variables.get("after") or 0)
        info = {"hasNextPage": start < 20, "endCursor": str(start + 10)}
        return {"data": {"viewer": {"issues": {"nodes": list(range(start, start + 10)), "pageInfo": info}}}}

    graph, asked, _ = await serve(answer)
    style = connection("viewer.issues")
    found = [page async for page in graph.pages("query", {"first": 10}, style=style)]
    assert [page.data["data"]["viewer"]["issues"]["nodes"][0] for page in found] == [0, 10, 20]
    assert asked[1]["variables"] == {"first": 10, "after": "10"}
    rest = [page async for page in graph.pages("query", {"first": 10}, style=style, start=found[0].next)]
    assert len(rest) == 2


async def test_pages_by_number_end_with_the_flag_alone(serve):
    def answer(variables, _):
        info = {"hasNextPage": variables["page"] < 3, "total": 5000}
        return {"data": {"Page": {"pageInfo": info, "media": [variables["page"]]}}}

    graph, _, _ = await serve(answer)
    found = [page async for page in graph.pages("query", style=numbered("Page.pageInfo.hasNextPage"))]
    assert [page.data["data"]["Page"]["media"][0] for page in found] == [1, 2, 3]


@pytest.mark.parametrize("info", [{}, {"hasNextPage": True, "endCursor": None}, {"hasNextPage": None}])
async def test_a_list_that_no_longer_says_where_it_goes_on_is_not_taken_for_complete(serve, info):
    graph, _, _ = await serve(lambda *_: {"data": {"x": {"nodes": [], "pageInfo": info}}})
    with pytest.raises(ServiceChanged):
        [page async for page in graph.pages("query", style=connection("x"))]


async def test_a_connection_that_points_at_itself_is_noticed(serve):
    graph, _, _ = await serve(lambda *_: {"data": {"x": {"pageInfo": {"hasNextPage": True, "endCursor": "same"}}}})
    with pytest.raises(ServiceChanged, match="read before"):
        [page async for page in graph.pages("query", style=connection("x"))]
