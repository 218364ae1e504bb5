"""What a sync costs grows with what changed, not with how much there is."""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool
from tests.sync.fake_remote import FakeRemote
from tests.sync.world import World

STEPS = 100
"""SQLite counts the steps of its programs; so many are one unit here."""
KEPT = ("items", "links", "natives", "bases", "journal", "incoming", "pending", "intents", "conflicts", "marks")


@dataclass
class Cost:
    """`work` is what SQLite did, in steps; `peak` what was taken from memory on top of what was there, in bytes."""

    statements: int = 0
    work: int = 0
    requests: int = 0
    peak: int = 0


@dataclass
class Meter:
    world: World
    statements: int = 0
    work: int = 0

    @contextmanager
    def reading(self) -> Iterator[Cost]:
        cost = Cost()
        requests = self._requests()
        before = (self.statements, self.work)
        gc.collect()
        tracemalloc.start()
        yield cost
        cost.peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        cost.statements, cost.work = self.statements - before[0], self.work - before[1]
        cost.requests = self._requests() - requests

    def step(self) -> int:
        self.work += 1
        return 0

    def _requests(self) -> int:
        return sum(len(remote.requests) for remote in self.world.remotes.values())


@contextmanager
def linked(folder: Path, count: int) -> Iterator[Meter]:
    """A world with so many items at two services, at rest."""
    a, b = FakeRemote("a"), FakeRemote("b")
    for number in range(count):
        a.put(f"a{number:06d}", title=f"task {number}", description="lorem ipsum " * 5, due="2026-01-01T00:00:00")
    meters: list[Meter] = []

    def connected(connection: object, _record: object) -> None:
        connection.set_progress_handler(lambda: meters[0].step() if meters else 0, STEPS)  # type: ignore[attr-defined]

    event.listen(Pool, "connect", connected)
    try:
        with World(folder, a, b) as world:
            meter = Meter(world)

            @event.listens_for(world.database._engine, "before_cursor_execute")
            def executed(*_: object) -> None:
                meter.statements += 1

            world.attach("a")
            world.attach("b")
            world.settle(confirmed=True)
            for remote in (a, b):  # what the made-up services remember is nobody's memory but theirs
                remote.written.clear()
            meters.append(meter)
            yield meter
    finally:
        event.remove(Pool, "connect", connected)


def nothing(meter: Meter) -> Cost:
    """One round of both services in which nothing is new."""
    world = meter.world
    with meter.reading() as cost:
        for name in world.remotes:
            world.sync(name)
    return cost


def change(meter: Meter, count: int) -> Cost:
    """So many edits at each service and in the hub, and what it takes until everybody has them."""
    world = meter.world
    a, b = world.remotes["a"], world.remotes["b"]
    names = {name: sorted(remote.records) for name, remote in world.remotes.items()}
    items = [public for (public,) in world.rows("SELECT public_id FROM items ORDER BY id")]
    for number in range(count):
        a.put(names["a"][number], description=f"edited at a {number}")
        b.put(names["b"][number + count], title=f"edited at b {number}")
        world.edit(str(items[number + 2 * count]), priority=number % 9 + 1)
    a.drop(names["a"][3 * count])
    with meter.reading() as cost:
        for name in ("a", "b", "a"):
            report = world.sync(name)
            assert report.status == "done", report
    nothing(meter)
    assert world.conflicts() == []
    assert a.titles() == b.titles() == world.titles()
    return cost


def test_the_cost_of_a_change_does_not_grow_with_what_is_there(tmp_path: Path):
    costs: list[Cost] = []
    for count in (300, 2400):
        (tmp_path / str(count)).mkdir()
        with linked(tmp_path / str(count), count) as meter:
            costs.append(change(meter, 20))
    small, large = costs
    assert large.statements <= small.statements + 5
    assert large.requests == small.requests
    assert large.work < 1.5 * small.work
    assert large.peak < 1.5 * small.peak


def test_a_round_without_a_change_costs_the_same_however_much_is_there(tmp_path: Path):
    costs: list[Cost] = []
    for count in (300, 2400):
        (tmp_path / str(count)).mkdir()
        with linked(tmp_path / str(count), count) as meter:
            before = {name: meter.world.rows(f"SELECT * FROM {name} ORDER BY 1") for name in KEPT}
            costs.append(nothing(meter))
            assert {name: meter.world.rows(f"SELECT * FROM {name} ORDER BY 1") for name in KEPT} == before
    small, large = costs
    assert (small.requests, large.requests) == (2, 2)
    assert large.statements == small.statements
    assert large.work < 1.3 * small.work + 5
    assert large.peak < 1.3 * small.peak


def test_twice_as_much_to_do_costs_about_twice_as_much(tmp_path: Path):
    costs: list[Cost] = []
    for count in (20, 80):
        (tmp_path / str(count)).mkdir()
        with linked(tmp_path / str(count), 600) as meter:
            costs.append(change(meter, count))
    small, large = costs
    assert large.work < 6 * small.work
    assert large.requests < 5 * small.requests


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_linked_items_and_one_in_a_hundred_changed_on_each_side(tmp_path: Path):
    costs: list[tuple[Cost, Cost]] = []
    for count in (4_000, 100_000):
        (tmp_path / str(count)).mkdir()
        with linked(tmp_path / str(count), count) as meter:
            still = nothing(meter)
            costs.append((change(meter, 1_000), still))
    (small, small_still), (large, large_still) = costs
    assert large_still.requests == 2
    assert large_still.work < 1.5 * small_still.work + 5
    assert large.requests == small.requests
    assert large.work < 2 * small.work
    assert large.peak < 1.5 * small.peak


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_that_are_on_both_sides_already_are_matched_and_made_nowhere(tmp_path: Path):
    a, b = FakeRemote("a"), FakeRemote("b")
    for number in range(100_000):
        fields = {"title": f"task {number}", "description": "lorem " * 5, "due": "2026-01-01T00:00:00"}
        a.put(f"a{number:06d}", **fields)
        b.put(f"b{number:06d}", **fields)
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        world.settle(confirmed=True)
        assert world.writes() == 0
        assert world.rows("SELECT count(*) FROM items") == [(100_000,)]
