"""No edit is lost: it is there in the end, or in a conflict or a resolution that a person can read."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.faults import doing, no_fault
from tests.sync.world import World

from entrepot.core.conflict import Policy

ONE, TWO = "one", "two"


def both_edited(world, a, **fields):
    """The same field, differently; first here and then there."""
    item = next(iter(world.items()))
    for name, (here, there) in fields.items():
        world.edit(item, **{name: here})
        a.put("a1", **{name: there})
    return item


def begun(world, *remotes, **fields):
    remotes[0].put("a1", **{"title": "milk", **fields})
    for remote in remotes:
        world.attach(remote.name)
    world.settle()
    return next(iter(world.items()))


@pytest.mark.parametrize(
    "habits", [{}, {"versions": False}, {"late_versions": True}, {"feed": False}, {"conditional": False}]
)
def test_i03_edits_of_different_fields_on_both_sides_are_both_in_the_final_state(tmp_path, habits):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b)
        world.edit(item, title="oat milk")
        a.put("a1", percent_complete=10)
        b.put(b.of("milk").id, priority=3)
        world.settle()
        expected = ("oat milk", 10, 3)
        names = ("title", "percent_complete", "priority")
        assert [tuple(side[name] for name in names) for side in (
            world.items()[item], a.of("oat milk").fields, b.of("oat milk").fields
        )] == [expected] * 3  # fmt: skip
        assert world.conflicts() == []
        assert world.rest() == 0


def test_i03_different_edits_of_the_same_field_are_a_conflict_with_both_values(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b)
        both_edited(world, a, title=("oat milk", "soy milk"))
        a.put("a1", description="flows all the same")
        world.settle()
        ((told,),) = world.rows("SELECT told FROM conflicts WHERE closed = ''")
        values = msgspec.json.decode(told)
        assert values["base"] == {"title": "milk"}
        assert values["hub"] == {"title": "oat milk"}
        assert values["remote"] == {"title": "soy milk"}
        assert (world.titles(), a.titles(), b.titles()) == (["oat milk"], ["soy milk"], ["oat milk"])
        assert world.items()[item]["description"] == b.told("oat milk", "description") == "flows all the same"
        assert world.rest() == 0
        assert world.conflicts() == ["title"]
        a.put("a1", title="oat milk")
        world.settle()
        assert world.conflicts() == []
        assert a.titles() == b.titles() == world.titles() == ["oat milk"]


@pytest.mark.parametrize("where", ["hub", "service", "other service"])
def test_i03_a_conflict_outlives_edits_of_other_fields(tmp_path, where):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b)
        both_edited(world, a, title=("oat milk", "soy milk"))
        world.settle()
        match where:
            case "hub":
                world.edit(item, priority=1)
            case "service":
                a.put("a1", priority=1)
            case _:
                b.put(b.of("oat milk").id, priority=1)
        world.settle()
        assert (world.titles(), a.titles(), b.titles()) == (["oat milk"], ["soy milk"], ["oat milk"])
        assert world.conflicts() == ["title"]
        assert (
            world.told("oat milk", "priority") == a.told("soy milk", "priority") == b.told("oat milk", "priority") == 1
        )
        assert world.rest() == 0


def test_i03_three_edits_of_one_field_on_three_sides_lose_none(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b)
        world.edit(item, title="hub")
        a.put("a1", title="at a")
        b.put(b.of("milk").id, title="at b")
        world.settle()
        assert (world.titles(), a.titles(), b.titles()) == (["hub"], ["at a"], ["at b"])
        assert world.conflicts() == ["title", "title"]


def test_i03_a_write_with_a_stale_version_is_refused_read_again_and_merged(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        item = begun(world, a)
        world.edit(item, title="oat milk")
        a.fault = doing("before update", lambda: a.put("a1", description="just now"))
        world.sync("a")
        a.fault = no_fault
        assert (a.titles(), a.told("oat milk", "description")) == (["oat milk"], "just now")
        world.settle()
        assert (a.titles(), a.told("oat milk", "description")) == (["oat milk"], "just now")
        assert world.items()[item]["description"] == "just now"
        assert a.requests.count("confirm") == 1
        assert [verb for verb, _ in a.writes] == ["update"]


def test_i03_a_record_edited_faster_than_it_can_be_written_is_left_for_later(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        item = begun(world, a)
        world.edit(item, title="oat milk")
        a.fault = lambda what: a.put("a1", percent_complete=len(a.log)) if what == "before update" else None
        assert world.sync("a").status == "done"
        a.fault = no_fault
        assert a.requests.count("before update") < 20
        world.settle()
        assert a.titles() == world.titles() == ["oat milk"]


def test_i03_members_added_on_both_sides_are_all_there(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b, keywords=["x", "y"])
        world.edit(item, keywords=["x", "y", "here"])
        a.put("a1", keywords=["x", "there"])
        b.put(b.of("milk").id, keywords=["y", "x", "far"])
        world.settle()
        for side in (world.items()[item], a.records["a1"].fields, b.of("milk").fields):
            assert sorted(side["keywords"]) == ["far", "here", "there", "x"]
        assert world.rest() == 0


def test_i03_long_text_edited_on_both_sides_is_merged(tmp_path):
    a = FakeRemote("a")
    lines = [f"line {number}" for number in range(20)]
    with World(tmp_path, a) as world:
        item = begun(world, a, description="\n".join(lines))
        world.edit(item, description="\n".join(["FIRST", *lines[1:]]))
        a.put("a1", description="\n".join([*lines[:-1], "LAST"]))
        world.settle()
        merged = "\n".join(["FIRST", *lines[1:-1], "LAST"])
        assert a.told("milk", "description") == world.items()[item]["description"] == merged
        assert world.conflicts() == []


@pytest.mark.parametrize("who", ["hub deletes", "service deletes"])
@pytest.mark.parametrize("deletion", ["default", "keep", "delete", "ask"])
def test_i05_an_edit_against_a_deletion_goes_by_the_policy_and_is_told(tmp_path, who, deletion):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b)
        if deletion != "default":
            world.policies(Policy(deletion=deletion))
        if who == "hub deletes":
            world.delete(item)
            a.put("a1", title="oat milk")
        else:
            a.drop("a1")
            world.edit(item, title="oat milk")
        world.settle()
        if deletion in {"default", "keep"}:
            assert a.titles() == world.titles() == b.titles() == ["oat milk"]
            assert len(world.items()) == 1
            assert "WHOLE" not in world.conflicts()
        elif deletion == "delete":
            assert a.titles() == world.titles() == b.titles() == []
        else:
            assert world.conflicts() == [""]
            assert a.titles() == ([] if who == "service deletes" else ["oat milk"])
            assert world.titles() == (["oat milk"] if who == "service deletes" else [])
        if deletion != "ask":
            told = [each for each in world.resolutions() if each["field"] == ""]
            assert len(told) == 1
            assert "oat milk" in repr(told)
        assert world.rest() == 0


def test_i05_an_edit_at_one_service_against_a_deletion_at_another_is_kept(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b)
        a.put("a1", title="oat milk")
        b.drop(b.of("milk").id)
        world.sync("b")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["oat milk"]
        assert world.rest() == 0


@pytest.mark.parametrize(
    "skew", [timedelta(days=-365), timedelta(0), timedelta(days=365)], ids=["behind", "right", "ahead"]
)
@pytest.mark.parametrize("coarse", [1, 60, 86400])
def test_i21_a_wrong_clock_decides_nothing_but_who_is_latest(tmp_path, skew, coarse):
    """The same edits with clocks that are a year wrong: what merges, is deleted or asked about is the same."""
    a, b = FakeRemote("a", knobs=Knobs(stamps=skew, coarse=coarse)), FakeRemote("b", knobs=Knobs(stamps=-skew))
    with World(tmp_path, a, b) as world:
        item = begun(world, a, b, keywords=["x"])
        a.put("a2", title="goes")
        world.settle()
        world.edit(item, title="oat milk", keywords=["x", "here"])
        a.put("a1", keywords=["x", "there"], percent_complete=20)
        b.put(b.of("milk").id, percent_complete=30)
        a.drop("a2")
        world.settle()
        assert world.conflicts() == ["percent_complete"]
        assert a.titles() == b.titles() == world.titles() == ["oat milk"]
        assert sorted(world.items()[item]["keywords"]) == ["here", "there", "x"]
        assert world.rest() == 0


@pytest.mark.parametrize(
    ("skew", "coarse", "winner"),
    [
        (timedelta(hours=1), 1, "soy milk"),
        (timedelta(hours=-1), 1, "oat milk"),
        (timedelta(minutes=-3), 60, "oat milk"),
        (timedelta(minutes=3), 60, "soy milk"),
    ],
    ids=["ahead", "behind", "minutes behind", "minutes ahead"],
)
def test_i21_latest_goes_by_the_clock_with_its_granularity_and_tells_what_lost(tmp_path, skew, coarse, winner):
    a = FakeRemote("a", knobs=Knobs(stamps=skew, coarse=coarse))
    with World(tmp_path, a) as world:
        begun(world, a)
        world.policies(Policy(mode="latest"))
        both_edited(world, a, title=("oat milk", "soy milk"))
        world.settle()
        assert a.titles() == world.titles() == [winner]
        assert world.conflicts() == []
        (told,) = [each for each in world.resolutions() if each["field"] == "title"]
        assert {str(told["kept"]), str(told["lost"])} == {"{'title': 'oat milk'}", "{'title': 'soy milk'}"}
        assert world.rest() == 0


def test_i21_a_tie_within_the_minute_a_service_counts_in_is_broken_by_the_values_whoever_is_asked_first(tmp_path):
    for names in (("oat milk", "soy milk"), ("soy milk", "oat milk")):
        a = FakeRemote("a")
        (tmp_path / names[0]).mkdir()
        with World(tmp_path / names[0], a) as world:
            item = begun(world, a)
            world.policies(Policy(mode="latest"))
            world.edit(item, title=names[0])
            ((told,),) = world.rows("SELECT told FROM marks")
            at = datetime.fromtimestamp(msgspec.json.decode(told)["title"]["at"]["at"] / 1000, UTC)
            a.put("a1", title=names[1], updated=at.replace(second=0, microsecond=0))
            world.settle()
            assert a.titles() == world.titles() == ["soy milk"]


def test_i21_latest_without_a_time_on_one_side_asks(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        begun(world, a)
        world.policies(Policy(mode="latest"))
        both_edited(world, a, title=("oat milk", "soy milk"))
        world.settle()
        assert world.conflicts() == ["title"]
