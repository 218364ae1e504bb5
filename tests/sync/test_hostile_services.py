"""Services that refuse in odd words, break one record, run in circles, or have another day than we have."""

import pytest
from tests.sync.fake_remote import FakeRemote
from tests.sync.faults import Killed
from tests.sync.world import World

from entrepot.core.errors import PersonMustFix, RecordRefused, ServiceChanged, Stale


class Poisoned(FakeRemote):
    """One of its records breaks whatever is done with it."""

    error: type[Exception] = ServiceChanged
    victim = "bad"

    async def write(self, write):
        if write.data is not None and write.data.title.startswith(self.victim):
            raise self.error("an answer that nobody can read")
        return await super().write(write)

    async def confirm(self, stream, ref, collection=None):
        held = self.records.get(ref.id)
        if held is not None and str(held.fields["title"]).startswith("bad"):
            raise self.error("an answer that nobody can read")
        return await super().confirm(stream, ref, collection)

    async def find(self, write):
        if write.data is not None and write.data.title.startswith("bad"):
            raise self.error("an answer that nobody can read")
        return await super().find(write)


@pytest.mark.parametrize("error", [ServiceChanged, PersonMustFix])
@pytest.mark.parametrize("verb", ["create", "update"])
def test_one_record_that_nobody_can_read_does_not_keep_the_others_back_for_ever(tmp_path, error, verb):
    remote = Poisoned("a")
    remote.error = error
    for name in ("bad", "good"):
        remote.put(name, title=name)
    with World(tmp_path, remote) as world:
        world.attach("a")
        world.settle()
        if verb == "create":
            world.add(title="bad too")
        else:
            world.edit(world.item("bad"), description="edited")
        assert world.sync("a").status == "failed"
        world.edit(world.item("good"), description="edited")
        for _ in range(3):
            report = world.sync("a")
            assert report.status == "failed", "it is told each time"
        assert remote.told("good", "description") == "edited"
        assert len(world.waits()) >= 1


@pytest.mark.parametrize("reason", ["\ud800 half", "a\0b", "x" * 1_000_000, "\x1b[2Jgone", ""])
def test_reasons_of_a_refusal_are_kept_as_text_of_a_few_lines(tmp_path, reason):
    remote = FakeRemote("a")

    def refuses(write):
        raise RecordRefused(reason)

    with World(tmp_path, remote) as world:
        world.attach("a")
        world.add(title="new")
        remote.knobs.refuses = refuses
        report = world.sync("a")
        assert report.status == "done"
        (aside,) = world.aside()
        assert 0 < len(aside) <= 1000
        assert "\0" not in aside


def test_a_service_where_everything_changed_meanwhile_is_left_after_some_tries(tmp_path):
    remote = FakeRemote("a")
    remote.put("1", title="milk")
    with World(tmp_path, remote) as world:
        world.attach("a")
        world.settle()
        world.edit(world.item("milk"), title="oat")

        def fault(what):
            if what == "before update":
                raise Stale("it changed")

        remote.fault = fault
        before = len(remote.requests)
        assert world.sync("a").status == "done"
        assert len(remote.requests) - before < 40
        assert world.titles() == ["oat"]
        remote.fault = lambda _: None
        world.settle()
        assert remote.titles() == ["oat"]


@pytest.mark.parametrize("circle", [1, 2, 3])
def test_records_that_stand_below_each_other_in_a_circle_go_everywhere(tmp_path, circle):
    a, b = FakeRemote("a"), FakeRemote("b")
    names = [f"t{number}" for number in range(circle)]
    for place, name in enumerate(names):
        a.put(name, title=name, parent=names[(place + 1) % circle])
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        for _ in range(3):
            for name in ("a", "b"):
                assert world.sync(name).status == "done"
        assert world.titles() == b.titles() == names
        assert a.titles() == names
        assert world.rest() == 0


@pytest.mark.parametrize("circle", [1, 2, 3])
def test_items_that_stand_below_each_other_in_a_circle_go_out(tmp_path, circle):
    remote = FakeRemote("a")
    with World(tmp_path, remote) as world:
        world.attach("a")
        items = [world.add(title=f"t{number}") for number in range(circle)]
        for place, item in enumerate(items):
            world.edit(item, parent=items[(place + 1) % circle])
        for _ in range(3):
            assert world.sync("a").status == "done"
        assert remote.titles() == [f"t{number}" for number in range(circle)]
        assert world.rest() == 0
        assert [each.fields["parent"] for each in remote.records.values()].count(None) == 1, "where it was cut"


@pytest.mark.parametrize("day", [-1, 1])
def test_a_clock_that_was_put_by_a_day_keeps_no_write_in_doubt(tmp_path, day):
    remote = FakeRemote("a")
    remote.knobs.lag_found = 30.0
    remote.knobs.finds = False
    with World(tmp_path, remote) as world:
        world.attach("a")
        world.add(title="new")

        def fault(what):
            if what == "before create":
                raise Killed

        remote.fault = fault
        world.killed("a")
        with world.database.write() as tx:
            tx.execute("UPDATE intents SET at = at + ?", day * 86_400_000)
        for _ in range(3):
            assert world.sync("a").status == "done"
        assert remote.titles() == ["new"]
        assert world.waits() == []
