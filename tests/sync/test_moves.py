"""Records and items that change their place: between remote collections, between those of the hub, and below parents."""

import pytest
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.world import World

from entrepot.core.conflict import Policy

PLACES = ("main", "other")


def attached(world, *names):
    """Each remote collection to one of its own name in the hub: a `main` and an `other` for all."""
    for name in names:
        world.attach(name, remote="main")
        world.attach(name, remote="other", into="Other")
    world.settle()


@pytest.mark.parametrize("habits", [{}, {"feed": False}, {"replay": 100}, {"reverse": True}], ids=str)
def test_a_record_moved_to_another_remote_collection_moves_in_the_hub_and_elsewhere(tmp_path, habits):
    a, b = FakeRemote("a", places=PLACES, knobs=Knobs(**habits)), FakeRemote("b", places=PLACES)
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk")
        a.put("a2", title="stays")
        attached(world, "a", "b")
        item = world.item("milk")
        a.put("a1", "other", title="oat milk")
        world.settle()
        assert (world.titles(), world.titles("Other")) == (["stays"], ["oat milk"])
        assert world.item("oat milk", "Other") == item
        assert (b.titles("main"), b.titles("other")) == (["stays"], ["oat milk"])
        assert (a.titles("main"), a.titles("other")) == (["stays"], ["oat milk"])
        world.edit(item, description="edited here")
        world.settle()
        assert a.told("oat milk", "description") == b.told("oat milk", "description") == "edited here"
        assert [verb for verb, _ in a.writes] == ["update"]
        assert world.rest() == 0


def test_a_record_moved_out_of_what_is_attached_goes_here(tmp_path):
    a, b = FakeRemote("a", places=PLACES), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(4):
            a.put(f"a{number}", title=f"t{number}")
        world.attach("a")
        world.attach("b")
        world.settle()
        a.put("a1", "other")
        world.settle()
        assert world.titles() == b.titles() == ["t0", "t2", "t3"]
        assert a.titles() == ["t0", "t1", "t2", "t3"]
        assert world.rest() == 0


def test_an_item_moved_in_the_hub_moves_at_every_service(tmp_path):
    a, b = FakeRemote("a", places=PLACES), FakeRemote("b", places=PLACES)
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk")
        a.put("a2", title="stays")
        attached(world, "a", "b")
        item = world.item("milk")
        world.move(item, "Other")
        world.settle()
        for side in (a, b):
            assert (side.titles("main"), side.titles("other")) == (["stays"], ["milk"])
        assert (world.titles(), world.titles("Other")) == (["stays"], ["milk"])
        assert world.item("milk", "Other") == item
        world.move(item, "Shared")
        world.settle()
        for side in (a, b):
            assert (side.titles("main"), side.titles("other")) == (["milk", "stays"], [])
        world.edit(item, title="oat milk")
        world.settle()
        assert a.titles() == b.titles() == ["oat milk", "stays"]
        assert world.rest() == 0


def test_an_item_moved_where_nothing_is_attached_goes_at_the_services(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(3):
            a.put(f"a{number}", title=f"t{number}")
        world.attach("a")
        world.attach("b")
        world.settle()
        item = world.item("t1")
        world.move(item, "Drawer")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["t0", "t2"]
        assert world.titles("Drawer") == ["t1"]
        world.move(item, "Shared")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["t0", "t1", "t2"]
        assert world.rest() == 0


@pytest.mark.parametrize("deletion", ["keep", "delete", "ask"])
def test_an_item_moved_here_while_its_record_is_edited_there_keeps_the_edit(tmp_path, deletion):
    a = FakeRemote("a", places=PLACES)
    with World(tmp_path, a) as world:
        world.policies(Policy(deletion=deletion))
        a.put("a1", title="milk")
        a.put("a2", title="stays")
        attached(world, "a")
        world.move(world.item("milk"), "Other")
        a.put("a1", description="edited there")
        world.settle()
        assert [record.fields["description"] for record in a.records.values() if record.fields["title"] == "milk"] == [
            "edited there"
        ]
        assert len(world.items()) + len(world.items("Other")) == 2
        assert world.rest() == 0


def test_a_record_moved_there_and_its_item_moved_elsewhere_end_in_one_place(tmp_path):
    places = (*PLACES, "third")
    a = FakeRemote("a", places=places)
    with World(tmp_path, a) as world:
        a.put("a1", title="milk")
        a.put("a2", title="stays")
        attached(world, "a")
        world.attach("a", remote="third", into="Third")
        world.settle()
        world.move(world.item("milk"), "Third")
        a.put("a1", "other")
        world.settle()
        everything = [*world.titles(), *world.titles("Other"), *world.titles("Third")]
        assert sorted(everything) == a.titles() == ["milk", "stays"]
        assert world.rest() == 0


@pytest.mark.parametrize("first", ["parent", "child"])
def test_a_child_is_made_below_its_parent_at_the_other_service(tmp_path, first):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        ids = {"parent": "p", "child": "c"} if first == "parent" else {"parent": "z", "child": "a"}
        a.put(ids["child"], title="child", parent=ids["parent"])
        a.put(ids["parent"], title="parent")
        world.attach("a")
        world.attach("b")
        world.settle()
        assert b.told("child", "parent") == b.of("parent").id
        assert world.told("child", "parent") == world.item("parent")
        assert a.told("child", "parent") == ids["parent"]
        assert world.rest() == 0


def test_a_family_made_in_the_hub_reaches_every_service(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        top = world.add(title="top")
        middle = world.add(title="middle", parent=top)
        world.add(title="low", parent=middle)
        world.settle()
        for side in (a, b):
            assert side.told("low", "parent") == side.of("middle").id
            assert side.told("middle", "parent") == side.of("top").id
        world.edit(world.item("low"), parent=top)
        world.settle()
        assert b.told("low", "parent") == b.of("top").id
        a.put(a.of("low").id, parent=None)
        world.settle()
        assert (b.told("low", "parent"), world.told("low", "parent")) == (None, None)
        assert world.rest() == 0


def test_a_child_whose_parent_is_refused_is_made_without_it(tmp_path):
    a = FakeRemote("a", knobs=Knobs(refuses=lambda write: "no" if write.data and write.data.title == "parent" else ""))
    with World(tmp_path, a) as world:
        world.attach("a")
        parent = world.add(title="parent")
        world.add(title="child", parent=parent)
        world.settle()
        assert a.titles() == ["child"]
        assert world.aside() == ["no"]
        assert world.told("child", "parent") == parent
        a.knobs.refuses = lambda _: ""
        world.edit(parent, description="again")
        world.settle()
        assert a.titles() == ["child", "parent"]
        assert world.told("child", "parent") == parent
        assert world.rest() == 0


def test_two_that_are_each_others_parent_hold_up_nobody(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        world.attach("a")
        one = world.add(title="one")
        two = world.add(title="two", parent=one)
        world.edit(one, parent=two)
        world.add(title="three")
        for _ in range(3):
            assert world.sync("a").status == "done"
        assert "three" in a.titles()
