"""Attaching what was mirrored, or attached before: the same records meet again, and none is made twice."""

import pytest
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.world import World

from entrepot.core.errors import PersonMustFix
from entrepot.storage import integrations
from entrepot.sync import editing


@pytest.mark.parametrize("habits", [{}, {"feed": False}], ids=str)
def test_what_was_mirrored_is_merged_with_what_the_collection_has(tmp_path, habits):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b", knobs=Knobs(**habits))
    with World(tmp_path, a, b) as world:
        for number in range(6):
            a.put(f"a{number}", title=f"t{number}", due=f"2026-01-0{number + 1}T00:00:00")
            b.put(f"b{number}", title=f"t{number + 2}", due=f"2026-01-0{number + 3}T00:00:00")
        world.sync("a")
        world.sync("b")
        world.attach("a")
        matched = world.attach("b")
        assert (matched.by, matched.only_here, matched.only_there, matched.doubts) == ({"fingerprint": 4}, 2, 2, [])
        assert len(world.items()) == 8
        world.settle()
        assert a.titles() == b.titles() == world.titles() == [f"t{number}" for number in range(8)]
        assert sorted(verb for verb, _ in [*a.writes, *b.writes]) == ["create"] * 4
        assert world.rows("SELECT count(*) FROM items WHERE deleted_at IS NULL") == [(8,)]
        assert world.rest() == 0


def test_attached_without_matching_all_stay_apart(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="same")
        b.put("b1", title="same")
        world.attach("a", match=False)
        world.attach("b", match=False)
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["same", "same"]
        assert world.rest() == 0


@pytest.mark.parametrize("habits", [{}, {"versions": False}, {"feed": False}], ids=str)
def test_what_changed_since_it_was_mirrored_is_merged_once_it_is_attached(tmp_path, habits):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(3):
            a.put(f"a{number}", title=f"t{number}")
        world.sync("a")
        a.put("a0", title="edited")
        a.drop("a1")
        a.put("new", title="new")
        world.attach("a")
        world.attach("b")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["edited", "new", "t2"]
        assert world.rest() == 0


def test_an_edit_of_a_mirrored_item_makes_its_stream_planned_and_stays(tmp_path):
    """A mirror is a pull: the edit stays here, what comes in is merged, and nothing is written."""
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        a.put("a1", title="milk")
        world.sync("a")
        ((public,),) = world.rows("SELECT public_id FROM items")
        with world.database.write() as tx:
            found = editing.find(tx, world.workspace, public)
            editing.edit(tx, world.workspace, found, type(_data(found))(title="oat milk"))
        a.put("a1", description="edited there")
        world.sync("a")
        world.sync("a", full=True)
        with world.database.read() as tx:
            fields = editing.find(tx, world.workspace, public).fields
        assert (fields["title"], fields["description"]) == ("oat milk", "edited there")
        assert a.writes == []


def _data(found):
    from entrepot.core.fields import record_of

    return record_of(found.kind, found.fields)


@pytest.mark.parametrize("again", ["the same collection", "another collection"])
def test_detached_neither_side_is_followed_and_attached_again_both_meet(tmp_path, again):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(4):
            a.put(f"a{number}", title=f"t{number}", uid=f"u{number}")
        world.attach("a")
        world.attach("b")
        world.settle()
        world.detach("a")
        written = list(a.writes)
        a.put("a0", title="edited there")
        a.drop("a1")
        world.edit(world.item("t2"), title="edited here")
        world.delete(world.item("t3"))
        world.settle()
        assert a.writes == written
        assert world.titles() == b.titles() == ["edited here", "t0", "t1"]
        assert a.titles() == ["edited there", "t2", "t3"]
        if again == "the same collection":
            world.attach("a")
            world.settle()
            assert a.titles() == ["edited there", "t1", "t2", "t3"]
            assert b.titles() == world.titles() == ["edited here", "t0", "t1", "t3"]
            assert world.conflicts() == ["title", "title"]
        else:
            world.attach("a", into="Elsewhere")
            world.settle()
            assert world.titles("Elsewhere") == a.titles() == ["edited there", "t2", "t3"]
            assert world.titles() == b.titles() == ["edited here", "t0", "t1"]
        assert world.rest() == 0


def test_detached_with_a_write_under_way_nothing_more_is_sent(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        a.put("a1", title="milk")
        world.attach("a")
        world.settle()
        world.edit(world.item("milk"), title="oat milk")
        world.detach("a")
        world.sync("a")
        assert a.writes == []
        assert world.waits() == []
        world.attach("a")
        world.settle()
        assert len(world.items()) == len(a.records)


def test_what_shares_a_collection_with_others_is_detached_before_it_goes_elsewhere(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk")
        world.attach("a")
        world.attach("b")
        world.settle()
        with pytest.raises(PersonMustFix, match="Detach it there first"):
            world.attach("a", into="Elsewhere")
        assert world.rest() == 0


def test_a_service_that_is_removed_leaves_the_others_as_they_are(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk")
        world.attach("a")
        world.attach("b")
        world.settle()
        world.detach("a")
        with world.database.write() as tx:
            integration = integrations.find(tx, world.workspace, "a")
            tx.execute("UPDATE integrations SET removed_at = 1 WHERE id = ?", integration.key)
        del world.remotes["a"]
        world.edit(world.item("milk"), title="oat milk")
        world.settle()
        assert (a.titles(), b.titles()) == (["milk"], ["oat milk"])


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_families_that_were_mirrored_meet_as_families(tmp_path, order):
    """A parent is another record: merged with its counterpart, it is that one's id that its children hold."""
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("c", title="child", parent="p", uid="1")
        a.put("d", title="only at a", parent="p")
        a.put("p", title="parent", uid="2")
        b.put("1", title="parent", uid="2")
        b.put("2", title="child", parent="1", uid="1")
        for name in order:
            world.sync(name)
            world.attach(name)
        world.settle()
        assert world.conflicts() == []
        assert len(world.items()) == 3
        for title in ("child", "only at a"):
            assert world.told(title, "parent") == world.item("parent")
            assert (a.told(title, "parent"), b.told(title, "parent")) == ("p", "1")
        b.put("2", description="edited")
        world.settle()
        assert (a.told("child", "description"), a.told("child", "parent")) == ("edited", "p")
        assert world.rest() == 0


def test_an_edit_elsewhere_takes_no_parent_away_that_is_nowhere_known(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("c", title="child", parent="in a list we do not see")
        world.sync("a")
        world.attach("a")
        world.attach("b")
        world.settle()
        b.put(b.of("child").id, title="kid")
        world.settle()
        assert (a.told("kid", "parent"), b.told("kid", "parent")) == ("in a list we do not see", None)
        assert world.rest() == 0


def test_a_mirrored_record_that_a_person_edited_is_not_merged_so_that_the_edit_is_not_taken_for_the_services(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="same")
        b.put("b1", title="same")
        world.sync("a")
        world.sync("b")
        public = world.rows("SELECT public_id FROM items WHERE source_object_id = 'b1'")[0][0]
        world.edit(public, description="mine")
        world.attach("a")
        assert world.attach("b").by == {}
        world.settle()
        assert a.titles() == b.titles() == ["same", "same"]
        assert sorted(record.fields["description"] for record in b.records.values()) == ["", "mine"]
