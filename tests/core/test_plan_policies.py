"""Who wins where both sides say something else, and which side is written at all."""

import pytest
from tests.core.tea import BASE, OLD, here, terms, there, under

from entrepot.core.conflict import Mark, Moment, Policies, Policy
from entrepot.core.plan import plan
from entrepot.core.plan_outcome import settle
from entrepot.core.plan_sides import Present
from entrepot.core.plan_table import Action, Verdict


@pytest.mark.parametrize(
    ("hub_at", "granularity", "wins"), [(9_000, 1, "remote"), (11_000, 1, "hub"), (10_500, 1000, "tie")]
)
def test_latest_lets_the_later_edit_win_and_tells_what_lost(hub_at, granularity, wins):
    hub = Present(fields={**OLD, "title": "A"}, mark=Mark("hub", Moment(hub_at)))
    remote = Present(fields={**OLD, "title": "B"}, mark=Mark("todoist", Moment(10_000, granularity)), version="2")
    found = plan(BASE, hub, remote, under("latest"))
    (told,) = found.resolutions
    assert not found.conflicts
    assert {told.kept, told.lost} == {"A", "B"}
    assert told.winner == (wins if wins != "tie" else "remote")
    assert ("same time" in told.words) == (wins == "tie")
    assert found.verdicts == {"title": Verdict.RESOLVED}


def test_latest_without_comparable_times_asks():
    assert plan(BASE, here(title="A"), there(title="B"), under("latest")).conflicts


def test_a_listed_source_wins_over_one_that_is_not():
    found = plan(BASE, here(title="A"), there(title="B"), under("source", sources=("todoist", "caldav")))
    assert (found.hub, found.resolutions[0].lost) == ({"title": "B"}, "A")
    assert plan(BASE, here(title="A"), there(title="B"), under("source", sources=("other",))).conflicts


def test_manual_waits_even_where_a_merge_would_do():
    found = plan(BASE, here(keywords=["home", "a"]), there(keywords=["home", "b"], title="B"), under("manual"))
    assert [each.field for each in found.conflicts] == ["keywords"]
    assert found.hub == {"title": "B"}


def test_the_policy_of_a_field_goes_before_that_of_the_collection_and_the_integration():
    mixed = Policies(
        integration=Policy(mode="manual"),
        collection=Policy(mode="source", sources=("hub",)),
        fields={"title": Policy(mode="source", sources=("todoist",))},
    )
    assert mixed.of("title").sources == ("todoist",)
    assert mixed.of("priority").sources == ("hub",)
    assert Policies(integration=Policy(mode="manual")).of("title").mode == "manual"
    assert Policies().of().deletion == "keep"


@pytest.mark.parametrize("direction", ["pull", "push"])
def test_the_side_that_is_only_read_is_never_written(direction):
    found = plan(
        BASE, here(title="A", keywords=["x"]), there(title="B", keywords=["y"], priority=1), terms(direction=direction)
    )
    assert (found.remote if direction == "pull" else found.hub) == {}


def test_drift_is_kept_or_reverted_and_what_is_reverted_is_told():
    kept = plan(BASE, here(title="A"), there(version="1"), terms(direction="pull"))
    assert (kept.action, kept.verdicts, kept.base.version) == (Action.NOTHING, {"title": Verdict.KEPT}, "1")
    reverted = plan(BASE, here(title="A"), there(), terms(direction="pull", drift="revert"))
    assert (reverted.hub, reverted.resolutions[0].lost) == ({"title": "Tea"}, "A")
    pushed = plan(BASE, here(), there(title="B"), terms(direction="push", drift="revert"))
    assert (pushed.remote, pushed.resolutions[0].lost) == ({"title": "Tea"}, "B")


def test_where_one_side_is_not_taken_its_edit_stays_one_while_the_others_edit_travels():
    hub, remote = here(keywords=["home", "a"]), there(keywords=["home", "b"])
    pulled = plan(BASE, hub, remote, terms(direction="pull"))
    assert set(pulled.hub["keywords"]) == {"home", "a", "b"}
    assert (pulled.base.hub["keywords"], pulled.base.version) == (["home", "b"], "2")
    pushed = plan(BASE, hub, remote, terms(direction="push"))
    assert set(pushed.remote["keywords"]) == {"home", "a", "b"}
    returned = there(version="3", keywords=["home", "A", "b"])
    base = settle(pushed, terms(direction="push"), returned)
    assert (base.remote["keywords"], base.version) == (["home", "a"], None)
    again = plan(base, hub, returned, terms(direction="push"))
    assert (again.action, again.verdicts) == (Action.NOTHING, {"keywords": Verdict.KEPT})
