"""The laws every merge keeps, and what each is for."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.core.fields import identity, is_same
from entrepot.core.kinds import KINDS
from entrepot.core.merge import Clash, Merged
from entrepot.core.merge_choice import KEYS, How, Unit, units
from entrepot.core.people import EmailAddress
from entrepot.core.planner import Participant

QUICK = settings(max_examples=120, deadline=None)

words = st.sampled_from(["a", "b", "c", "d", "e"])
scalars = st.none() | st.booleans() | st.integers(0, 3) | words
texts = st.lists(st.sampled_from(["one two\n", "one\n", "two three", "three\n", "four ", "\n"]), max_size=6).map(
    "".join
)
maps = st.recursive(
    st.dictionaries(words, scalars | st.lists(words, max_size=2), max_size=3),
    lambda inner: st.dictionaries(words, inner | scalars, max_size=3),
    max_leaves=4,
)
parts = st.lists(
    st.builds(EmailAddress, address=words, label=st.none() | words), max_size=4, unique_by=lambda part: part.address
)
whens = st.fixed_dictionaries(
    {
        "start": st.sampled_from(["2026-01-05T09:00:00", "2026-01-05T10:00:00"]),
        "time_zone": st.sampled_from([None, "Europe/Berlin"]),
        "recurrence_rules": st.sampled_from([[], ["weekly"]]),
        "recurrence_overrides": st.dictionaries(
            st.sampled_from(["2026-01-12T09:00:00", "2026-01-19T09:00:00"]), st.dictionaries(words, scalars, max_size=2)
        ),
    }
)
UNITS: dict[str, tuple[Unit, st.SearchStrategy[Any]]] = {
    "scalar": (Unit("x", ("x",), How.SCALAR), scalars),
    "set": (Unit("x", ("x",), How.SET), st.lists(words, max_size=5)),
    "list": (Unit("x", ("x",), How.LIST), st.lists(words, max_size=6)),
    "parts": (Unit("x", ("x",), How.PARTS, "address"), parts),
    "text": (Unit("x", ("x",), How.TEXT), texts),
    "map": (Unit("x", ("x",), How.MAP), maps),
    "recurrence": (Unit("when", ("start",), How.RECURRENCE), whens),
}


def order_free(unit, value):
    return sorted(map(repr, {identity(member) for member in value})) if unit.how in {How.SET, How.PARTS} else value


@pytest.mark.parametrize("name", UNITS)
def test_a_side_that_did_not_change_gives_way_and_sides_that_agree_stay(name):
    unit, values = UNITS[name]

    @QUICK
    @given(values, values)
    def check(base, new):
        assert unit.merge(base, new, base) == Merged(new)
        assert unit.is_same(unit.merge(base, base, new).value, new)
        assert unit.merge(base, new, new) == Merged(new)

    check()


@pytest.mark.parametrize("name", UNITS)
def test_the_hub_and_the_service_are_treated_alike(name):
    unit, values = UNITS[name]

    @QUICK
    @given(values, values, values)
    def check(base, one, other):
        here, there = unit.merge(base, one, other, "hub"), unit.merge(base, other, one, "remote")
        assert order_free(unit, here.value) == order_free(unit, there.value)
        swapped = {(clash.path, repr(clash.remote), repr(clash.hub)) for clash in there.clashes}
        assert {(clash.path, repr(clash.hub), repr(clash.remote)) for clash in here.clashes} == swapped

    check()


@QUICK
@given(*[st.lists(words, max_size=5)] * 3)
def test_what_a_side_added_to_a_set_is_there_and_what_it_took_away_is_not(base, hub, remote):
    merged = set(UNITS["set"][0].merge(base, hub, remote).value)
    for side in (hub, remote):
        assert set(side) - set(base) <= merged
        assert not (set(base) - set(side)) & merged


@QUICK
@given(*[st.lists(words, max_size=6, unique=True)] * 3)
def test_a_list_loses_no_insertion_and_doubles_nothing_unless_it_says_so(base, hub, remote):
    merged = UNITS["list"][0].merge(base, hub, remote)
    if not merged.clashes:
        members = set(merged.value)
        assert len(members) == len(merged.value)
        for side in (hub, remote):
            assert set(side) - set(base) <= members


@QUICK
@given(texts, texts, texts)
def test_every_word_a_side_wrote_is_in_the_text_or_in_a_clash(base, hub, remote):
    merged = UNITS["text"][0].merge(base, hub, remote)
    kept = merged.value + "".join(clash.hub + clash.remote for clash in merged.clashes)
    for side in (hub, remote):
        assert set(side.split()) - set(base.split()) <= set(kept.split()) | {
            word for word in side.split() if word in kept
        }


@QUICK
@given(maps, maps, maps)
def test_every_key_edited_is_as_its_side_says_or_in_a_clash(base, hub, remote):
    merged = UNITS["map"][0].merge(base, hub, remote)
    clashing = {clash.path[0] for clash in merged.clashes}
    for side, other in ((hub, remote), (remote, hub)):
        for key in base.keys() | side.keys():
            before, after = base.get(key, msgspec.UNSET), side.get(key, msgspec.UNSET)
            if not is_same(before, after) and is_same(before, other.get(key, msgspec.UNSET)) and key not in clashing:
                assert is_same(merged.value.get(key, msgspec.UNSET), after)


def merge(name, base, hub, remote, prefer="hub"):
    return UNITS[name][0].merge(base, hub, remote, prefer)


def test_two_edits_of_one_scalar_clash_and_true_is_not_one():
    assert merge("scalar", "a", "b", "c", "remote") == Merged("c", (Clash((), "a", "b", "c"),))
    assert merge("scalar", None, True, 1).clashes


def test_edits_of_different_lines_join():
    base = "buy milk\ncall\nrest\n"
    assert merge("text", base, "buy oat milk\ncall\nrest\n", base + "sleep\n").value == (
        "buy oat milk\ncall\nrest\nsleep\n"
    )


def test_edits_of_different_words_in_one_line_join():
    assert merge("text", "the red cat sat", "the blue cat sat", "the red cat slept") == Merged("the blue cat slept")


def test_two_edits_of_one_word_are_a_clash_and_leave_no_marks_in_the_text():
    merged = merge("text", "x\nthe cat\ny\n", "x\nthe dog\ny\n", "x2\nthe cow\ny\n")
    assert "<<<" not in merged.value
    assert merged.clashes
    assert all(clash.hub and clash.remote for clash in merged.clashes)


def test_a_line_deleted_here_and_edited_there_is_a_clash():
    assert merge("text", "a\nb\nc\n", "a\nc\n", "a\nb too\nc\n").clashes


def test_a_text_too_long_to_compare_word_by_word_clashes_by_line():
    long = "w " * 5000
    assert merge("text", long, long + "x", "y " + long).clashes


def test_both_sides_may_append_to_a_list():
    assert merge("list", ["a"], ["a", "c"], ["a", "b"]) == Merged(["a", "b", "c"])


def test_one_member_moved_to_two_places_is_a_clash_of_orders_with_every_member_once():
    merged = merge("list", ["a", "b", "c", "d"], ["b", "c", "a", "d"], ["b", "c", "d", "a"])
    assert merged.clashes
    assert sorted(merged.value) == ["a", "b", "c", "d"]


def test_the_preferred_side_orders_a_list_and_the_other_adds_to_it():
    hub, remote = ["b", "a", "x"], ["a", "y", "b"]
    assert merge("list", ["a", "b"], hub, remote).value == ["b", "a", "y", "x"]
    assert merge("list", ["a", "b"], hub, remote, "remote").value == ["a", "x", "y", "b"]


def test_a_key_taken_away_here_and_edited_there_is_a_clash_at_that_key():
    merged = merge("map", {"k": {"x": 1}, "l": 1}, {"l": 2}, {"k": {"x": 2}, "l": 1})
    assert [clash.path for clash in merged.clashes] == [("k",)]
    assert merged.value["l"] == 2


def test_maps_merge_as_deep_as_they_go():
    base = {"a": {"b": {"x": 1, "y": 1}}}
    assert merge("map", base, {"a": {"b": {"x": 2, "y": 1}}}, {"a": {"b": {"x": 1, "y": 2}}}).value == (
        {"a": {"b": {"x": 2, "y": 2}}}
    )


def test_a_part_is_merged_by_its_key_attribute_by_attribute():
    unit = Unit("participants", ("participants",), How.PARTS, "email")
    base = [Participant(email="a@example.org", name="A"), Participant(email="b@example.org")]
    hub = [Participant(email="a@example.org", name="Ann"), Participant(email="b@example.org")]
    remote = [Participant(email="a@example.org", name="A", participation_status="accepted")]
    merged = unit.merge(base, hub, remote)
    assert merged == Merged([Participant(email="a@example.org", name="Ann", participation_status="accepted")])


def test_parts_without_a_key_are_merged_as_a_list():
    unit = Unit("participants", ("participants",), How.PARTS, "email")
    nobody = Participant(name="the team")
    assert unit.merge([], [nobody], [Participant(email="a@example.org")]).clashes == ()


EARLY, LATE = "2026-01-12T09:00:00", "2026-01-19T09:00:00"


def when(**changed):
    return {
        "start": "2026-01-05T09:00:00",
        "due": None,
        "time_zone": "Europe/Berlin",
        "recurrence_rules": ["weekly"],
        "recurrence_overrides": {EARLY: {"title": "short"}},
        **changed,
    }


def test_overrides_of_different_occurrences_and_of_different_properties_join():
    hub = when(recurrence_overrides={EARLY: {"title": "long"}})
    remote = when(recurrence_overrides={EARLY: {"title": "short", "color": "red"}, LATE: {"excluded": True}})
    assert merge("recurrence", when(), hub, remote) == Merged(
        when(recurrence_overrides={EARLY: {"title": "long", "color": "red"}, LATE: {"excluded": True}})
    )


def test_a_clash_inside_a_series_names_its_recurrence_id():
    hub, remote = (when(recurrence_overrides={EARLY: {"title": title}}) for title in ("here", "there"))
    assert [c.path for c in merge("recurrence", when(), hub, remote).clashes] == [
        ("recurrence_overrides", EARLY, "title")
    ]


def test_a_new_rule_here_and_a_new_override_there_clash_as_one():
    hub, remote = when(recurrence_rules=["daily"]), when(recurrence_overrides={})
    merged = merge("recurrence", when(), hub, remote, "remote")
    assert merged.value == remote
    assert [c.path for c in merged.clashes] == [()]


def test_start_and_due_of_what_happens_once_move_apart_but_not_while_the_clock_changes():
    once = when(recurrence_rules=[], recurrence_overrides={})
    hub, remote = {**once, "start": "2026-01-05T10:00:00"}, {**once, "due": "2026-01-06T10:00:00"}
    assert merge("recurrence", once, hub, remote) == Merged({**hub, "due": "2026-01-06T10:00:00"})
    assert merge("recurrence", once, {**hub, "time_zone": None}, remote).clashes
    assert merge("recurrence", when(), when(start=hub["start"]), when(due=remote["due"])).clashes


def test_every_field_of_every_kind_is_in_one_unit_and_the_merge_follows_from_its_type():
    for kind, struct in KINDS.items():
        names = [name for unit in units(kind) for name in unit.fields]
        assert sorted(names) == sorted(struct.__struct_fields__)
    hows = {unit.name: unit.how for unit in units("task")}
    assert hows["title"] is How.SCALAR
    assert hows["description"] is How.TEXT
    assert hows["keywords"] is How.SET
    assert hows["participants"] is How.PARTS
    assert hows["extra"] is How.MAP
    assert hows["when"] is How.RECURRENCE
    assert hows["updated"] is How.OWN
    assert {u.name: u.how for u in units("citation")}["author"] is How.LIST
    assert {u.name: u.how for u in units("contact")}["notes"] is How.SET


def test_a_scope_leaves_fields_out_and_every_key_is_an_attribute():
    assert [unit.name for unit in units("task", frozenset({"title", "due"}))] == ["title", "when"]
    for part, key in KEYS.items():
        assert key in part.__struct_fields__
