"""What takes part: which fields, which records, since when, and which way."""

from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.world import World


def test_fields_out_of_scope_stay_on_their_side(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk", description="private", color="red")
        world.attach("a")
        world.attach("b", fields=frozenset({"title"}))
        world.settle()
        assert (b.told("milk", "description"), b.told("milk", "color")) == ("", None)
        world.edit(world.item("milk"), description="more")
        b.put(b.of("milk").id, color="blue", title="oat milk")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["oat milk"]
        assert (a.told("oat milk", "description"), a.told("oat milk", "color")) == ("more", "red")
        assert (b.told("oat milk", "description"), b.told("oat milk", "color")) == ("", "blue")
        assert world.rest() == 0


def test_a_field_that_comes_into_scope_is_sent_and_taken(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk", description="d")
        world.attach("a")
        world.attach("b", fields=frozenset({"title"}))
        world.settle()
        world.set("b", fields=None)
        world.edit(world.item("milk"), title="oat milk")
        world.settle()
        assert b.told("oat milk", "description") == "d"


def test_only_what_has_one_of_the_values_takes_part(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="work", keywords=["job", "x"])
        a.put("a2", title="home", keywords=["home"])
        b.put("b1", title="other")
        b.put("b2", title="job at b", keywords=["job"])
        world.attach("a")
        world.attach("b", only={"keywords": ["job"]})
        world.settle()
        assert b.titles() == ["job at b", "other", "work"]
        assert a.titles() == world.titles() == ["home", "job at b", "work"]
        a.put("a2", keywords=["job"])
        b.put("b1", keywords=["job"])
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["home", "job at b", "other", "work"]
        a.put("a1", keywords=[])
        world.settle()
        assert b.told("work", "keywords") == []
        assert world.rest() == 0


def test_what_lies_before_a_day_takes_no_part_unless_it_does_already(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="old", due="2020-01-01T00:00:00")
        a.put("a2", title="new", due="2026-01-01T00:00:00")
        a.put("a3", title="undated")
        world.attach("a")
        world.attach("b", since="2025-01-01")
        world.settle()
        assert b.titles() == ["new", "undated"]
        a.put("a2", due="2019-01-01T00:00:00")
        world.settle()
        assert b.told("new", "due") == "2019-01-01T00:00:00"
        world.delete(world.item("new"))
        world.settle()
        assert b.titles() == ["undated"]


def test_a_manual_link_does_nothing_before_it_is_confirmed_and_nothing_is_left_then(tmp_path):
    for number, habits in enumerate(({}, {"late_versions": True}, {"versions": False}, {"bogus_versions": True})):
        a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
        (tmp_path / str(number)).mkdir()
        with World(tmp_path / str(number), a, b) as world:
            world.attach("a", "manual")
            world.attach("b")
            a.put("a1", title="milk")
            world.add(title="bread")
            report = world.sync("a")
            assert report.status == "stopped"
            assert "2 changes wait" in report.error["message"]
            assert (a.titles(), world.titles()) == (["milk"], ["bread"])
            assert world.sync("a", confirmed=True).status == "done"
            assert a.titles() == world.titles() == ["bread", "milk"]
            for _ in range(3):
                assert world.sync("a").status == "done", habits
            world.settle()
            b.put(b.of("milk").id, title="oat milk")
            world.sync("b")
            assert world.sync("a").status == "stopped"
            assert a.titles() == ["bread", "milk"]


def test_a_pull_makes_what_it_first_saw_and_follows_deletions(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        a.put("a1", title="one")
        a.put("a2", title="two")
        world.attach("a", "pull")
        world.settle()
        a.drop("a1")
        a.put("a2", title="zwei")
        world.settle()
        assert world.titles() == ["zwei"]
        assert a.writes == []


def test_a_direction_that_is_changed_holds_from_then_on(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        a.put("a1", title="one", description="d")
        world.attach("a", "pull")
        world.settle()
        world.edit(world.item("one"), title="edited here")
        world.settle()
        world.attach("a", "two_way")
        world.settle()
        assert a.titles() == world.titles() == ["edited here"]
        world.attach("a", "push")
        a.put("a1", description="edited there")
        world.settle()
        assert world.told("edited here", "description") == "d"
        world.attach("a", "two_way")
        a.put("a1", color="red")
        world.settle()
        assert world.told("edited here", "description") == "edited there"
        assert world.rest() == 0
