"""Linear: states, priorities, the trash, changes by time, limits told with status 400, keys and tokens."""

import pytest
from aiohttp import web

from entrepot.core.errors import NeedsConsent, ServiceChanged, TryLater

GRAPHQL = "POST /graphql"


def page(*issues: dict, cursor: str | None = None) -> dict:
    return {"data": {"issues": {"nodes": issues, "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor}}}}


def issue(number: int, updated: str, **more: object) -> dict:
    return {
        "id": f"id-{number}",
        "number": float(number),
        "updatedAt": updated,
        "createdAt": updated,
        "priority": 0.0,
        "state": {"name": "Todo", "type": "unstarted"},
        **more,
    }


async def test_an_issue_carries_state_priority_labels_and_where_it_belongs(stand_in):
    service = await stand_in("linear")
    issues, _ = await service.everything("issues")
    by_name = {change.data.extra["identifier"]: change for change in issues.values() if change.data}
    crash, done, dropped = (by_name[name].data for name in ("ENG-1", "ENG-2", "OPS-4"))
    assert (crash.title, crash.priority, crash.due) == ("Crash when the name holds an ü", 1, "2026-10-20T00:00:00")
    assert (crash.progress, crash.extra["state"]["name"], crash.show_without_time) == ("in-process", "In Review", True)
    assert (crash.keywords, crash.assignees, crash.extra["creator"]) == (
        ["Bug", "UI"],
        ["octo"],
        {"displayName": "fjord"},
    )
    assert (crash.project, crash.extra["projectMilestone"]["name"], crash.extra["estimate"]) == ("Forms", "Beta", 3)
    assert (crash.extra["cycle"]["number"], crash.extra["team"]["key"], crash.extra["number"]) == (7, "ENG", 1)
    assert crash.links == [crash.extra["url"]]
    assert (done.progress, done.priority, done.parent) == ("completed", 9, by_name["ENG-1"].ref.id)
    assert str(done.progress_updated) == "2026-10-02 09:30:00+00:00"
    assert (dropped.progress, dropped.priority, dropped.keywords) == ("cancelled", None, [])
    assert by_name["OPS-4"].collection == "6d1f0a52-0001-4000-8000-0000000000e2"


async def test_what_lies_in_the_trash_is_gone_and_an_unknown_state_is_set_aside(stand_in):
    service = await stand_in("linear")
    _, pages = await service.everything("issues")
    changes = [change for page in pages for change in page.changes]
    assert [change.ref.id[-2:] for change in changes if change.data is None] == ["03"]
    (bad,) = [row for page in pages for row in page.bad]
    assert "paused" in bad.reason
    assert [page.listing for page in pages] == [True, True]


async def test_teams_are_the_collections(stand_in):
    service = await stand_in("linear")
    assert [(one.name, one.color) for one in await service.reader.collections("issues")] == [
        ("Engineering", "#5e6ad2"),
        ("Operations", None),
    ]


async def test_the_first_read_filters_nothing_and_the_next_asks_for_changes_only(stand_in):
    service = await stand_in("linear")
    sent: list[dict] = []

    def answer(_: web.Request, body: dict) -> web.Response:
        sent.append(body["variables"])
        if body["variables"].get("after"):
            return web.json_response(page(issue(2, "2026-10-01T10:00:00.500Z", trashed=True)))
        return web.json_response(page(issue(1, "2026-10-02T10:00:00.500Z"), cursor="next"))

    service.answer(GRAPHQL, answer)
    pages = await service.changes("issues")
    again = await service.changes("issues", pages[-1].cursor)
    assert sent[:2] == [{"first": 100}, {"first": 100, "after": "next"}]
    changed = {"updatedAt": {"gte": "2026-10-02T09:58:00Z"}}
    assert sent[2:] == [{"first": 100, "filter": changed}, {"first": 100, "after": "next", "filter": changed}]
    assert (again[0].changes[0].data.extra["number"], again[0].changes[0].data.priority) == (1, None)
    assert not any(page.listing for page in again)


@pytest.mark.parametrize("limited", ["Rate limit exceeded", "Complexity limit"])
async def test_a_limit_comes_with_status_400_and_means_later(stand_in, limited):
    service = await stand_in("linear")
    error = {"message": limited, "extensions": {"code": "RATELIMITED", "statusCode": 429}}
    later = {"Retry-After": "3600"}
    service.answer(GRAPHQL, lambda *_: web.json_response({"errors": [error]}, status=400, headers=later))
    with pytest.raises(TryLater, match=limited) as busy:
        await service.changes("issues")
    assert busy.value.after is not None
    assert busy.value.after >= 3600


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_a_key_that_was_taken_back_asks_for_permission_again(stand_in, status):
    service = await stand_in("linear")
    error = {"message": "Authentication required", "extensions": {"code": "AUTHENTICATION_ERROR"}}
    service.answer(GRAPHQL, lambda *_: web.json_response({"errors": [error]}, status=status))
    with pytest.raises(NeedsConsent):
        await service.reader.probe()


async def test_an_answer_without_issues_is_no_empty_list(stand_in):
    service = await stand_in("linear")
    service.answer(GRAPHQL, {"data": {"issues": None}})
    with pytest.raises(ServiceChanged):
        await service.changes("issues")


async def test_more_to_come_without_saying_where_is_refused(stand_in):
    service = await stand_in("linear")
    answer = page(issue(1, "2026-10-02T10:00:00Z"))
    answer["data"]["issues"]["pageInfo"] = {"hasNextPage": True, "endCursor": None}
    service.answer(GRAPHQL, answer)
    with pytest.raises(ServiceChanged):
        await service.changes("issues")


async def test_a_key_goes_as_it_is_and_a_token_is_the_persons_own(stand_in):
    service = await stand_in("linear")
    key, oauth = service.manifest.schemes
    assert (key.scheme, key.name, key.prefix) == ("api_key", "Authorization", "")
    assert (oauth.authorize_params, oauth.scopes.separator) == ({"actor": "user"}, ",")
