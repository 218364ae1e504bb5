"""GitHub: issues and pull requests by repository, changes since, numbered pages."""


async def test_issues_and_pull_requests_are_told_apart(stand_in):
    service = await stand_in("github")
    issues, _ = await service.everything("issues")
    crash, pull, wish = (issues[str(3000000 + number)].data for number in (3, 2, 1))
    assert (crash.number, crash.title, crash.repository) == (3, "Crash when the name holds an ü", "octo/hello")
    assert (crash.labels, crash.assignees, crash.author, crash.milestone) == (["bug"], ["fjord"], "octo", "1.0")
    assert (crash.is_pull_request, pull.is_pull_request, pull.is_draft) == (False, True, True)
    assert (wish.state, wish.state_reason, str(wish.closed)) == ("closed", "not_planned", "2026-09-02 10:00:00+00:00")
    assert crash.url == "https://github.com/octo/hello/issues/3"


async def test_repositories_without_issues_are_left_out_and_chosen_ones_need_not_be_listed(stand_in):
    service = await stand_in("github")
    found = await service.reader.collections("issues")
    assert [(one.id, one.writable) for one in found] == [("octo/hello", True), ("fjord/world", False)]
    chosen = await stand_in("github", repositories="octo/hello, else/where")
    assert [one.id for one in await chosen.reader.collections("issues")] == ["octo/hello", "else/where"]


async def test_only_what_changed_is_asked_for_the_next_time(stand_in):
    service = await stand_in("github", creator="octo")
    pages = await service.changes("issues", collection="octo/hello")
    await service.changes("issues", pages[-1].cursor, "octo/hello")
    first, second = service.asked[-2:]
    assert "since" not in first
    assert "since=2026-10-05T08%3A59%3A00Z" in second  # the latest known, less a minute
    assert "creator=octo" in first
    assert "assignee" not in first
    assert "state=all" in first
    assert "per_page=100" in first
