"""One test per decision, and what the words of a plan promise."""

import msgspec
import pytest
from tests.core.tea import BASE, HUB, OLD, SCOPE, SERVICE, here, terms, there, under

from entrepot.core.plan import plan
from entrepot.core.plan_outcome import answer, settle
from entrepot.core.plan_sides import ABSENT, GONE, Base, Present, Terms, remembered
from entrepot.core.plan_table import EDIT_AGAINST_DELETE, LINKED, REVERTED, UNLINKED, Action, Verdict
from entrepot.core.scales import SCALES

EXISTENCE = {"absent": ABSENT, "gone": GONE}
HUB_SIDE = {**EXISTENCE, "present": here(), "same": here(), "edited": here(title="Green tea")}
REMOTE_SIDE = {**EXISTENCE, "present": there(), "same": there(), "edited": there(priority=1)}


@pytest.mark.parametrize("states", UNLINKED, ids="-".join)
def test_a_pair_without_a_base_is_decided_by_the_table(states):
    found = plan(None, HUB_SIDE[states[0]], REMOTE_SIDE[states[1]], terms())
    assert (found.action, found.words) == UNLINKED[states]
    assert not found.conflicts


@pytest.mark.parametrize("states", LINKED, ids="-".join)
def test_a_linked_pair_is_decided_by_the_table(states):
    found = plan(BASE, HUB_SIDE[states[0]], REMOTE_SIDE[states[1]], terms())
    assert (found.action, found.words) == LINKED[states]


@pytest.mark.parametrize("case", EDIT_AGAINST_DELETE, ids="-".join)
def test_an_edit_against_a_delete_is_decided_by_the_table_and_always_told(case):
    hub, remote, deletion = case
    found = plan(BASE, HUB_SIDE[hub], REMOTE_SIDE[remote], under(deletion=deletion))
    assert (found.action, found.words) == EDIT_AGAINST_DELETE[case]
    told = found.conflicts if deletion == "ask" else found.resolutions
    values = (told[0].hub, told[0].remote) if deletion == "ask" else (told[0].kept, told[0].lost)
    edited = HUB_SIDE["edited"] if hub == "edited" else REMOTE_SIDE["edited"]
    assert edited.fields in values
    assert msgspec.UNSET in values


LOST = {
    Action.CREATE_THERE: (HUB_SIDE["edited"], GONE),
    Action.DELETE_THERE: (GONE, REMOTE_SIDE["same"]),
    Action.CREATE_HERE: (GONE, REMOTE_SIDE["edited"]),
    Action.DELETE_HERE: (HUB_SIDE["same"], GONE),
}


@pytest.mark.parametrize("case", REVERTED, ids=str)
def test_a_link_one_way_does_nothing_or_the_opposite(case):
    direction, action = case
    kept = plan(BASE, *LOST[action], terms(direction=direction))
    assert (kept.action, kept.base) == (Action.NOTHING, BASE)
    assert plan(BASE, *LOST[action], terms(direction=direction, drift="revert")).action is REVERTED[case].action


@pytest.mark.parametrize("drift", ["keep", "revert"])
def test_a_link_one_way_never_deletes_what_was_never_linked(drift):
    assert plan(None, ABSENT, there(), terms(direction="push", drift=drift)).action is Action.NOTHING
    assert plan(None, here(), ABSENT, terms(direction="pull", drift=drift)).action is Action.NOTHING


def test_edits_of_different_fields_go_both_ways():
    found = plan(BASE, here(title="Green tea"), there(priority=1), terms())
    assert (found.hub, found.remote) == ({"priority": 1}, {"title": "Green tea"})
    assert found.verdicts == {"title": Verdict.WRITTEN, "priority": Verdict.TAKEN}


def test_sets_edited_on_both_sides_merge():
    found = plan(BASE, here(keywords=["home", "shop"]), there(keywords=["soon"]), terms())
    assert set(found.hub["keywords"]) == set(found.remote["keywords"]) == {"shop", "soon"}
    assert found.verdicts == {"keywords": Verdict.MERGED}


def test_one_field_edited_on_both_sides_is_a_conflict_and_the_others_still_flow():
    found = plan(BASE, here(title="A", priority=1), there(title="B", keywords=[]), terms())
    assert (found.hub, found.remote) == ({"keywords": []}, {"priority": 1})
    (conflict,) = found.conflicts
    assert (conflict.field, conflict.base, conflict.hub, conflict.remote) == ("title", "Tea", "A", "B")
    assert found.base.hub["title"] == "Tea"
    assert found.base.version is None, "or the version would make the remote's edit an echo"


def test_the_same_edit_on_both_sides_only_moves_the_base():
    found = plan(BASE, here(title="A"), there(title="A"), terms())
    assert (found.action, found.verdicts, found.base.hub["title"]) == ((Action.NOTHING, {"title": Verdict.AGREED}, "A"))


def test_an_echo_is_known_by_its_version_whatever_it_says():
    found = plan(BASE, here(), there(version="1", title="tea (shown shortened)"), terms())
    assert found.action is Action.NOTHING


def test_an_echo_is_known_by_an_equal_projection_where_there_is_no_version():
    found = plan(Base(hub=OLD, remote={**OLD, "title": "TEA"}), here(), there(version=None, title="TEA"), terms())
    assert found.action is Action.NOTHING


def test_an_untouched_record_keeps_its_base_and_learns_its_version():
    whole = {**dict.fromkeys(SCOPE), **OLD}
    base = Base(hub=whole, remote={**whole, "title": "TEA"}, version="1")
    hub, remote = here(**whole), there(version="2", **{**whole, "title": "TEA"})
    found = plan(base, hub, remote, terms())
    assert (found.action, found.words) == LINKED["same", "same"]
    assert found.base == msgspec.structs.replace(base, version="2")
    assert plan(base, hub, there(version="1", **{**whole, "title": "T…"}), terms()).base is base


def test_what_a_service_stamps_itself_is_no_edit():
    assert plan(BASE, here(), there(updated="later"), terms()).action is Action.NOTHING


def test_a_first_link_fills_what_one_side_lacks_and_asks_where_they_differ():
    found = plan(None, here(title="A", description="much"), there(title="B", project="P"), terms())
    assert (found.hub, found.remote) == ({"project": "P"}, {"description": "much"})
    assert [(each.field, each.base) for each in found.conflicts] == [("title", msgspec.UNSET)]
    again = plan(
        settle(found, terms(), there(title="B", project="P", description="much")),
        here(title="A", description="much", project="P"),
        there(title="B", project="P", description="much"),
        terms(),
    )
    assert (again.action, len(again.conflicts)) == (Action.NOTHING, 1)


def test_the_same_data_on_both_sides_links_without_a_write():
    found = plan(None, here(keywords=["a", "b"]), there(keywords=["b", "a"]), terms())
    assert (found.action, found.hub, found.remote) == (Action.ADOPT, {}, {})


def coarse(unit, value):
    """A service with priorities in steps of three, and titles of four letters."""
    if unit == "priority":
        return value and value // 3 * 3
    return value[:4] if unit == "title" else value


COARSE = terms(project=coarse)
ROUNDED = Base(hub={**OLD, "title": "Green tea"}, remote={**OLD, "title": "Gree", "priority": 3})


def test_a_lossy_echo_is_no_edit():
    assert plan(ROUNDED, here(title="Green tea"), there(title="Gree", priority=3), COARSE).action is Action.NOTHING


def test_an_edit_the_service_cannot_tell_apart_is_not_written():
    found = plan(ROUNDED, here(title="Green tea, please", priority=4), there(title="Gree", priority=3), COARSE)
    assert found.action is Action.NOTHING
    assert found.base.hub["priority"] == 4


def test_a_lossy_service_that_is_edited_is_heard():
    found = plan(ROUNDED, here(title="Green tea"), there(title="Gree", priority=6), COARSE)
    assert found.hub == {"priority": 6}


def test_a_first_link_with_a_lossy_service_takes_nothing_back():
    found = plan(None, here(title="Green tea"), there(title="Gree", priority=3), COARSE)
    assert (found.hub, found.remote, found.conflicts) == ({}, {}, ())


def lower(unit, value):
    return [member.lower() for member in value] if unit == "keywords" else value


def test_a_member_taken_away_at_a_service_that_changes_case_is_taken_away():
    base = Base(hub={**OLD, "keywords": ["Home", "Shop"]}, remote={**OLD, "keywords": ["home", "shop"]})
    found = plan(base, here(keywords=["Home", "Shop"]), there(keywords=["shop", "new"]), terms(project=lower))
    assert (found.hub, found.remote) == ({"keywords": ["Shop", "new"]}, {})


def test_an_edit_of_a_shortened_text_keeps_the_rest_of_it():
    long, short = "one two\nthree four\nfive six\n", "one two\nthree four\n"
    base = Base(hub={**OLD, "description": long}, remote={**OLD, "description": short})
    found = plan(base, here(description=long), there(description="one 2\nthree four\n"), terms())
    assert found.hub == {"description": "one 2\nthree four\nfive six\n"}


def test_a_merge_that_the_service_already_holds_is_not_written():
    base = Base(hub={**OLD, "keywords": ["Home"]}, remote={**OLD, "keywords": ["home"]})
    found = plan(base, here(keywords=["Home", "New"]), there(keywords=["home", "new", "x"]), terms(project=lower))
    assert (set(found.hub["keywords"]), found.remote) == ({"Home", "New", "new", "x"}, {})


def test_a_field_the_service_does_not_let_one_write_is_not_written():
    found = plan(BASE, here(title="A", priority=1), there(), terms(writable=frozenset({"title"})))
    assert found.remote == {"title": "A"}


def test_what_cannot_be_written_there_keeps_nothing_that_was_deleted_there():
    some = terms(writable=frozenset({"title"}))
    assert plan(BASE, here(keywords=["garden"]), GONE, some).action is Action.DELETE_HERE
    assert plan(BASE, here(title="Green tea"), GONE, some).action is Action.CREATE_THERE


def test_of_when_it_is_as_much_is_written_as_the_service_lets_one():
    some = Terms(kind="task", fields=frozenset({"start", "due", "time_zone"}), writable=frozenset({"due", "time_zone"}))
    fields = {"start": None, "due": None, "time_zone": None}
    base = Base(hub=fields, remote=fields)
    edited = Present(fields={**fields, "due": "2026-12-24T09:00:00"}, mark=HUB)
    found = plan(base, edited, Present(fields=fields, mark=SERVICE), some)
    assert (found.action, found.remote["due"]) == (Action.WRITE, "2026-12-24T09:00:00")


def test_what_the_service_changes_beyond_what_was_written_is_taken_next_time():
    found = plan(BASE, here(progress="completed"), there(), terms())
    returned = there(version="3", progress="completed", percent_complete=100)
    base = settle(found, terms(), returned)
    assert plan(base, here(progress="completed"), returned, terms()).hub == {"percent_complete": 100}


def test_a_normalised_answer_is_the_new_base():
    found = plan(BASE, here(title=" A "), there(), terms())
    base = settle(found, terms(), there(version="3", title="A"))
    assert (base.hub["title"], base.remote["title"], base.version) == (" A ", "A", "3")
    assert plan(base, here(title=" A "), there(version=None, title="A"), terms()).action is Action.NOTHING
    assert settle(found, terms()).version is None


def test_a_disputed_field_stays_disputed_when_nothing_new_is_read():
    hub = here(title="A")
    first = plan(BASE, hub, there(title="B"), terms())
    again = plan(first.base, hub, remembered(first.base, first.conflicts, terms(), SERVICE), terms())
    assert (again.action, [each.remote for each in again.conflicts]) == (Action.NOTHING, ["B"])


@pytest.mark.parametrize(
    ("chosen", "written"), [("A", {"title": "A"}), ("B", {}), ("C", {"title": "C"}), ("Tea", {"title": "Tea"})]
)
def test_a_persons_answer_ends_a_conflict(chosen, written):
    first = plan(BASE, here(title="A"), there(title="B"), terms())
    sets, base = answer(first.base, first.conflicts[0], chosen, terms())
    found = plan(base, here(**sets), there(title="B"), terms())
    assert (found.conflicts, found.hub, found.remote) == ((), {}, written)


def test_a_record_brought_back_for_its_edit_keeps_what_the_service_cannot_hold():
    found = plan(ROUNDED, GONE, there(title="Gree", priority=3, project="P"), COARSE)
    assert found.action is Action.CREATE_HERE
    assert (found.hub["title"], found.hub["project"], found.hub["priority"]) == ("Green tea", "P", 5)


SERIES = {
    "title": "Standup",
    "start": "2026-01-05T09:00:00",
    "recurrence_rules": [],
    "recurrence_overrides": {"2026-01-12T09:00:00": {"title": "Long"}},
}


def test_swapping_the_titles_of_a_series_and_its_override_is_an_edit():
    swapped = {**SERIES, "title": "Long", "recurrence_overrides": {"2026-01-12T09:00:00": {"title": "Standup"}}}
    base = Base(hub=SERIES, remote=SERIES)
    found = plan(base, Present(fields=SERIES, mark=HUB), Present(fields=swapped, mark=SERVICE), Terms(kind="event"))
    assert found.hub["title"] == "Long"
    assert found.hub["recurrence_overrides"] == swapped["recurrence_overrides"]


def test_what_a_service_numbers_itself_is_heard_after_a_create_and_does_not_hinder_a_delete():
    fixed = terms(writable=SCOPE - {"priority"})
    made = plan(None, here(), ABSENT, fixed)
    assert "priority" not in made.remote
    base = settle(made, fixed, there(priority=None))
    assert plan(base, here(), there(priority=None), fixed).action is Action.NOTHING
    assert plan(base, here(), GONE, fixed).action is Action.DELETE_HERE
    assert plan(base, here(), there(version="3", priority=3), fixed).hub == {"priority": 3}


def test_what_never_was_agreed_on_is_not_lost_with_a_delete():
    first = plan(None, here(title="A"), there(title="B"), terms())
    assert plan(first.base, here(title="A"), GONE, terms()).action is Action.CREATE_THERE
    assert plan(first.base, GONE, there(title="B"), terms()).action is Action.CREATE_HERE


def test_a_field_that_comes_into_scope_is_adopted_not_deleted():
    found = plan(BASE, here(project="P"), there(), terms())
    assert (found.remote, found.hub) == ({"project": "P"}, {})


@pytest.mark.parametrize("name", sorted(SCALES))
def test_the_planner_hears_of_a_score_exactly_what_its_scale_calls_no_echo(name):
    scale = SCALES[name]
    scores = Terms(
        kind="library_entry",
        fields=frozenset({"score"}),
        project=lambda _, score: scale.pull(scale.push(score)) or None,
    )
    for agreed in range(1, 101, 7):
        native = scale.push(agreed)
        base = Base(hub={"score": agreed}, remote={"score": scale.pull(native) or None})
        hub = Present(fields={"score": agreed}, mark=HUB)
        for value in (*scale.values, scale.none):
            incoming = Present(fields={"score": scale.pull(value) or None}, mark=SERVICE)
            found = plan(base, hub, incoming, scores)
            assert found.remote == {}, "nothing is ever written back"
            assert (found.action is Action.NOTHING) == scale.is_echo(native, agreed, value)


def test_plans_can_be_written_down():
    found = plan(None, here(title="A"), there(title="B"), under("merge"))
    assert msgspec.json.decode(msgspec.json.encode(found))["conflicts"][0]["hub"] == "A"
