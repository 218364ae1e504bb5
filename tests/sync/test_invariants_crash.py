"""What a crash, a lost answer, a second process or an edit in the middle must not do."""

import threading
from contextlib import contextmanager

import pytest
from tests.sync.fake_remote import BatchingRemote, FakeRemote, Knobs
from tests.sync.faults import doing, failing, killing, no_fault
from tests.sync.world import World

from entrepot.core.errors import TryLater
from entrepot.storage.database import Database

SERVICES = {
    "that finds by op": {},
    "that takes a create twice": {"repeatable": True, "finds": False},
    "with ids of ours": {"chooses_ids": False},
    "that cannot find": {"finds": False},
    "that normalises": {"normalise": lambda fields: {**fields, "title": fields["title"].strip().capitalize()}},
    "that normalises and cannot find": {
        "finds": False,
        "normalise": lambda fields: {**fields, "keywords": sorted(each.lower() for each in fields["keywords"])},
    },
    "without versions": {"versions": False},
    "with late versions": {"late_versions": True},
    "without a feed": {"feed": False},
    "whose feed lags": {"lag": 1},
}


@pytest.mark.parametrize("habits", SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("when", ["before create", "after create"])
@pytest.mark.parametrize("nth", [1, 3])
def test_i06_no_duplicate_after_a_crash_between_the_remote_create_and_the_local_commit(tmp_path, habits, when, nth):
    a = FakeRemote("a", knobs=Knobs(**habits))
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        for number in range(3):
            world.add(title=f"Thing {number}", keywords=["Home"])
        a.fault = killing(when, nth)
        world.killed("a")
        world.settle()
        a.knobs.lag = 0
        world.settle()
        assert a.titles() == world.titles() == ["Thing 0", "Thing 1", "Thing 2"]
        assert world.rest() == 0


@pytest.mark.parametrize("habits", SERVICES.values(), ids=SERVICES)
def test_i07_an_answer_that_is_lost_after_the_create_makes_no_duplicate(tmp_path, habits):
    a = FakeRemote("a", knobs=Knobs(**habits))
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        world.add(title="Milk", keywords=["Home"])
        a.fault = failing("after create")
        assert world.sync("a").status == "failed"
        a.fault = no_fault
        assert a.titles() == ["Milk"]
        world.settle()
        a.knobs.lag = 0
        world.settle()
        assert a.titles() == world.titles() == ["Milk"]
        assert len(a.writes) <= 2
        assert world.rest() == 0


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("end", ["answer lost", "killed"])
def test_i07_an_answer_that_is_lost_after_an_update_or_a_delete_leaves_no_conflict(tmp_path, verb, end):
    a = FakeRemote("a")
    a.put("a1", title="milk")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        if verb == "update":
            world.edit(world.item("milk"), title="oat milk")
        else:
            world.delete(world.item("milk"))
        if end == "killed":
            a.fault = killing(f"after {verb}")
            world.killed("a")
        else:
            a.fault = failing(f"after {verb}")
            assert world.sync("a").status == "failed"
            a.fault = no_fault
        world.settle()
        left = ["oat milk"] if verb == "update" else []
        assert a.titles() == world.titles() == left
        assert a.writes == [(verb, "a1")]
        assert world.conflicts() == []
        assert world.rest() == 0


def test_i07_an_edit_made_in_the_hub_while_the_answer_was_lost_follows(tmp_path):
    a = FakeRemote("a")
    a.put("a1", title="milk")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        item = world.item("milk")
        world.edit(item, title="oat milk")
        a.fault = failing("after update")
        world.sync("a")
        a.fault = no_fault
        world.edit(item, title="soy milk")
        world.settle()
        assert a.titles() == world.titles() == ["soy milk"]
        assert world.conflicts() == []


def test_i07_an_item_deleted_in_the_hub_while_the_answer_to_its_create_was_lost_goes(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        item = world.add(title="milk")
        a.fault = failing("after create")
        world.sync("a")
        a.fault = no_fault
        world.delete(item)
        world.settle()
        assert a.titles() == world.titles() == []


def test_i07_a_record_found_late_is_waited_for(tmp_path):
    a = FakeRemote("a", knobs=Knobs(finds=False, lag=1, lag_found=3600))
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        world.add(title="milk")
        a.fault = failing("after create")
        world.sync("a")
        a.fault = no_fault
        assert world.sync("a").status == "done"
        assert len(a.writes) == 1
        assert a.titles() == ["milk"]
        a.knobs.lag = 0
        world.settle()
        assert a.titles() == world.titles() == ["milk"]


def test_i08_the_same_change_read_again_and_again_is_one(tmp_path):
    a, b = FakeRemote("a", knobs=Knobs(replay=1000, reverse=True)), FakeRemote("b")
    for number in range(5):
        a.put(f"a{number}", title=f"t{number}")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        world.settle()
        a.put("a1", title="new")
        a.drop("a2")
        world.settle()
        written = list(b.writes)
        entries = len(world.journal())
        for _ in range(3):
            world.sync("a")
            world.sync("b")
        assert b.writes == written
        assert len(world.journal()) == entries
        assert a.titles() == b.titles() == world.titles() == ["new", "t0", "t3", "t4"]


def test_i22_two_syncs_of_one_integration_do_not_interleave(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        world.attach("a")
        for number in range(5):
            world.add(title=f"t{number}")
        met: list[str] = []

        def second() -> None:
            with pytest.raises(TryLater):
                world.sync("a")
            met.append("refused")

        def at_the_same_time() -> None:
            other = threading.Thread(target=second)
            other.start()
            other.join()

        a.fault = doing("before create", at_the_same_time, nth=2)
        assert world.sync("a").status == "done"
        assert met == ["refused"]
        a.fault = no_fault
        world.settle()
        assert a.titles() == [f"t{number}" for number in range(5)]


def test_i22_a_process_that_lost_its_run_keeps_nothing_more(tmp_path):
    """It slept past its lease, another went on: what it then hears is not kept, and is looked up by the other."""
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.add(title="milk")

        def taken_over() -> None:
            with world.database.write() as tx:
                tx.execute("UPDATE runs SET fence = fence + 1, status = 'queued', lease_until = NULL")

        a.fault = doing("after create", taken_over)
        with pytest.raises(TryLater):
            world.sync("a")
        assert world.rows("SELECT count(*) FROM links") == [(0,)]
        a.fault = no_fault
        world.settle()
        assert a.titles() == world.titles() == ["milk"]
        assert len(a.writes) == 1


@pytest.mark.parametrize("point", ["changes", "before update", "after update"])
@pytest.mark.parametrize("side", ["hub", "service"])
def test_i23_an_edit_made_while_a_run_is_under_way_is_not_lost(tmp_path, point, side):
    a = FakeRemote("a")
    a.put("a1", title="milk", description="one")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        item = world.item("milk")
        world.edit(item, title="oat milk")
        a.put("a1", description="two")

        def edit() -> None:
            if side == "service":
                a.put("a1", percent_complete=50)
            else:
                other = threading.Thread(target=lambda: world.edit(item, percent_complete=50))
                other.start()
                other.join()

        a.fault = doing(point, edit)
        world.sync("a")
        a.fault = no_fault
        world.settle()
        for told in (a.records["a1"].fields, world.items()[item]):
            assert (told["title"], told["description"], told["percent_complete"]) == ("oat milk", "two", 50)
        assert world.conflicts() == []


@pytest.mark.parametrize("knobs", [{}, {"versions": False}], ids=["versions", "no versions"])
def test_i23_an_edit_of_the_same_field_while_a_run_writes_it_is_asked_about(tmp_path, knobs):
    a = FakeRemote("a", knobs=Knobs(**knobs))
    a.put("a1", title="milk")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        world.edit(world.item("milk"), title="oat milk")
        a.fault = doing("before update", lambda: a.put("a1", title="soy milk"))
        world.sync("a")
        a.fault = no_fault
        world.settle()
        if knobs:
            # Nobody can tell: the service has no versions, and the write came last.
            assert a.titles() == world.titles() == ["oat milk"]
        else:
            assert world.conflicts() == ["title"]
            assert (a.titles(), world.titles()) == (["soy milk"], ["oat milk"])


class Disk(Database):
    """It remembers whether all that was kept is on the disk by now."""

    safe = True

    @contextmanager
    def write(self, *, durable=False):
        with super().write(durable=durable) as tx:
            yield tx
        self.safe = durable


class DiskWorld(World):
    def open(self):
        return Disk(self.folder / "hub.db")


@pytest.mark.parametrize("remote", [FakeRemote, BatchingRemote])
def test_i06_what_is_to_be_written_is_on_the_disk_before_it_is_sent(tmp_path, remote):
    """A power cut takes the last moments of what was kept unsafely: an intent must not be among them."""
    a = remote("a")
    with DiskWorld(tmp_path, a) as world:
        world.attach("a")
        for number in range(3):
            world.add(title=f"t{number}")
        seen = []

        def look(what):
            if what == "before create":
                seen.append((world.database.safe, len(world.rows("SELECT 1 FROM intents"))))

        a.fault = look
        world.sync("a")
        assert seen == [(True, 3)] * 3
