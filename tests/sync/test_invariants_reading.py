"""Reading: what is deleted stays so, a position is kept only with what came before it, and too much at once stops."""

import pytest
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.faults import Down, doing, failing, killing, no_fault
from tests.sync.world import World

from entrepot.core.errors import ServiceChanged, Stale


def begun(world, *remotes, count=3):
    for number in range(count):
        remotes[0].put(f"a{number}", title=f"t{number}")
    for remote in remotes:
        world.attach(remote.name)
    world.settle()


def deleted_on_all(world, *remotes, title="t1"):
    return all(title not in remote.titles() for remote in remotes) and title not in world.titles()


@pytest.mark.parametrize(
    "habits", [{}, {"replay": 1000}, {"lag": 1}, {"versions": False}, {"feed": False}, {"reverse": True, "replay": 9}]
)
@pytest.mark.parametrize("where", ["hub", "service", "other service"])
def test_i04_what_was_deleted_does_not_come_back_by_late_pages_or_a_full_resync(tmp_path, habits, where):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b)
        match where:
            case "hub":
                world.delete(world.item("t1"))
            case "service":
                a.drop("a1")
            case _:
                b.drop(b.of("t1").id)
        world.settle()
        a.knobs.lag = 0
        world.settle()
        assert deleted_on_all(world, a, b)
        a.log.insert(0, ("a1", "main"))
        for full in (False, True, False):
            world.sync("a", full=full)
            world.sync("b", full=full)
            assert deleted_on_all(world, a, b)
        assert len(a.records) == len(b.records) == len(world.items()) == 2


@pytest.mark.parametrize("full", [False, True])
def test_i04_a_page_as_old_as_before_the_deletion_brings_nothing_back(tmp_path, full):
    """The service tells the deleted record once more, as it was; then it says again that it is gone."""
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b)
        old = a.records["a1"]
        world.delete(world.item("t1"))
        world.settle()
        a.records["a1"] = old
        a.log.append(("a1", "main"))
        world.sync("a", full=full)
        a.drop("a1") if "a1" in a.records else None
        world.settle()
        assert deleted_on_all(world, a, b)
        assert [verb for verb, _ in b.writes] == ["create"] * 3 + ["delete"]


def test_i09_the_position_moves_only_with_what_came_before_it(tmp_path):
    a = FakeRemote("a", knobs=Knobs(page=2))
    with World(tmp_path, a) as world:
        begun(world, a, count=1)
        for number in range(10, 17):
            a.put(f"a{number}", title=f"t{number}")
        before = world.rows("SELECT cursor FROM positions")
        a.fault = killing("changes", nth=3)
        world.killed("a")
        known = {str(one) for (one,) in world.rows("SELECT object_id FROM incoming UNION SELECT object_id FROM links")}
        ((cursor,),) = world.rows("SELECT cursor FROM positions")
        reached = int(str(cursor).partition(":")[2].strip("}")) if (cursor,) not in before else 1
        assert {id_ for id_, _ in a.log[:reached]} <= known
        asked = len(a.requests)
        world.settle()
        assert len(world.items()) == 8
        assert len(a.requests) > asked


def test_i09_a_record_that_is_refused_is_parked_where_one_sees_it_and_the_rest_goes_on(tmp_path):
    a = FakeRemote("a", knobs=Knobs(page=2, refuses=lambda write: "no such title" if write.data.title == "t3" else ""))
    with World(tmp_path, a) as world:
        world.attach("a")
        for number in range(6):
            world.add(title=f"t{number}")
        world.settle()
        assert a.titles() == ["t0", "t1", "t2", "t4", "t5"]
        assert world.aside() == ["no such title"]
        assert world.rows("SELECT stream, reason FROM refused") == [("things", "no such title")]


@pytest.mark.parametrize("habits", [{}, {"page": 2}, {"versions": False}])
def test_i10_an_expired_cursor_leads_to_a_full_listing_with_deletions_and_no_duplicates(tmp_path, habits):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=5)
        items = set(world.items())
        a.put("a0", title="edited")
        a.put("new", title="new")
        a.drop("a1")
        a.expire()
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["edited", "new", "t2", "t3", "t4"]
        assert a.requests.count("listing") == 2 * -(-5 // a.knobs.page)
        assert len(items & set(world.items())) == 4
        assert world.rows("SELECT count(*) FROM items") == [(6,)]
        assert world.rest() == 0


def test_i10_a_cursor_that_expires_in_the_middle_of_a_read_does_so_too(tmp_path):
    a, b = FakeRemote("a", knobs=Knobs(page=1)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=5)
        a.put("a0", title="edited")
        a.drop("a1")
        a.put("new", title="new")
        a.fault = doing("changes", a.expire, nth=2)
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["edited", "new", "t2", "t3", "t4"]
        assert world.rest() == 0


def test_i10_a_cursor_that_never_holds_is_reported_and_not_asked_for_ever(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        begun(world, a)
        a.fault = failing("listing", Stale, times=99)
        a.expire()
        assert world.sync("a").status == "failed"
        assert len(a.requests) < 20
        assert len(world.items()) == 3


def test_i11_edits_that_wait_in_the_hub_survive_a_full_resync(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b)
        world.edit(world.item("t0"), title="edited here")
        world.delete(world.item("t1"))
        world.add(title="new here")
        a.put("a2", title="edited there")
        a.expire()
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["edited here", "edited there", "new here"]
        assert world.conflicts() == []


@pytest.mark.parametrize(("there", "gone"), [(3, 3), (2, 2), (30, 30), (30, 12), (40, 40)])
@pytest.mark.parametrize("habits", [{}, {"feed": False}, {"page": 7}], ids=["feed", "listings", "small pages"])
def test_i12_too_many_deletions_stop_before_anything_is_written(tmp_path, there, gone, habits):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=there)
        for number in range(gone):
            a.drop(f"a{number}")
        world.edit(world.item(f"t{there - 1}"), description="waits")
        entries, written = len(world.journal()), world.writes()
        for _ in range(2):
            report = world.sync("a")
            assert report.status == "stopped"
            assert "othing was deleted" in report.error["message"]
            assert len(world.journal()) == entries
            assert world.writes() == written
            assert len(world.items()) == len(b.records) == there
        assert world.sync("a", confirmed=True).status == "done"
        world.settle(confirmed=True)
        kept = 1 if gone == there else 0
        assert len(world.items()) == len(b.records) == len(a.records) == there - gone + kept


def test_i12_too_many_deletions_in_the_hub_stop_before_any_service_is_written_to(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=30)
        for public in list(world.items())[:20]:
            world.delete(public)
        written = world.writes()
        report = world.sync("b")
        assert report.status == "stopped"
        assert "deleted in the hub" in report.error["message"]
        assert world.writes() == written
        world.settle(confirmed=True)
        assert len(a.records) == len(b.records) == 10


def test_i12_everything_changed_at_once_stops(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=30)
        for number in range(30):
            a.put(f"a{number}", due="2026-01-01T01:00:00")
        written, items = world.writes(), world.items()
        report = world.sync("a")
        assert report.status == "stopped"
        assert "all at once" in report.error["message"]
        assert (world.writes(), world.items()) == (written, items)
        world.settle(confirmed=True)
        assert {record.fields["due"] for record in b.records.values()} == {"2026-01-01T01:00:00"}


def test_i12_ordinary_edits_and_deletions_stop_nothing(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=30)
        for number in range(9):
            a.drop(f"a{number}")
        for number in range(10, 25):
            a.put(f"a{number}", title="edited")
        world.settle()
        assert len(b.records) == len(world.items()) == 21


def test_i12_a_truncated_listing_that_says_it_is_all_deletes_nothing_unasked(tmp_path):
    a, b = FakeRemote("a", knobs=Knobs(feed=False)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=30)
        a.knobs.truncates = 5
        world.sync("a")
        assert len(world.items()) == len(b.records) == 30
        a.knobs.truncates = 0
        world.settle()
        assert len(world.items()) == len(b.records) == len(a.records) == 30


@pytest.mark.parametrize("habits", [{}, {"feed": False}], ids=["feed", "listings"])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("end", [Down, ServiceChanged, "killed"])
def test_i13_a_listing_that_failed_is_no_empty_listing(tmp_path, habits, nth, end):
    a, b = FakeRemote("a", knobs=Knobs(page=2, **habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=6)
        a.drop("a5")
        a.expire()
        if end == "killed":
            a.fault = killing("listing", nth)
            world.killed("a")
        else:
            a.fault = failing("listing", end, nth)
            assert world.sync("a").status == "failed"
            a.fault = no_fault
        assert len(world.items()) == len(b.records) == 6
        assert not [verb for verb, _ in b.writes if verb == "delete"]
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["t0", "t1", "t2", "t3", "t4"]


def test_what_was_refused_is_tried_again_when_everything_is_asked_for(tmp_path):
    a = FakeRemote("a", knobs=Knobs(refuses=lambda _: "not today"))
    with World(tmp_path, a) as world:
        world.attach("a")
        world.add(title="milk")
        world.sync("a")
        world.sync("a")
        assert a.titles() == []
        a.knobs.refuses = lambda _: ""
        world.sync("a")
        assert a.titles() == []
        world.sync("a", full=True)
        assert a.titles() == ["milk"]
