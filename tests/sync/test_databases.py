"""The same on SQLite and on PostgreSQL; and two workers at once, each with an integration of the same collection."""

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.storage.conftest import postgres, url
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.faults import killing
from tests.sync.world import World

from entrepot.core.errors import TryLater
from entrepot.storage.database import Database

__all__ = ["postgres", "url"]

Make = Callable[..., World]
COUNT = 40


@pytest.fixture
def world_of(url: str, tmp_path: Path) -> Iterator[Make]:
    """Worlds over one database; the first one makes it."""
    made: list[World] = []

    class Here(World):
        def open(self) -> Database:
            return Database(url)

    def make(*remotes: FakeRemote, kind: str = "task") -> World:
        made.append(Here(tmp_path, *remotes, kind=kind))
        return made[-1]

    yield make
    for world in made:
        world.close()


def test_edits_moves_deletions_and_conflicts_come_to_rest(world_of: Make):
    a, b = FakeRemote("a"), FakeRemote("b", knobs=Knobs(versions=False, feed=False))
    for number in range(30):
        a.put(f"a{number}", title=f"task {number}", keywords=["one"])
        b.put(f"b{number}", title=f"task {number + 10}", keywords=["one"])
    world = world_of(a, b)
    world.attach("a")
    world.attach("b")
    world.settle(confirmed=True)
    assert a.titles() == b.titles() == world.titles() == sorted(f"task {number}" for number in range(40))
    a.put("a1", title="edited at a", description="of a")
    world.edit(world.item("task 2"), title="edited here")
    b.put("b1", keywords=["one", "of b"])
    a.put("a11", keywords=["one", "of a"])
    a.drop("a4")
    world.delete(world.item("task 5"))
    a.put("a6", title="of a")
    world.edit(world.item("task 6"), title="of the hub")
    world.settle()
    assert world.conflicts() == ["title"]
    assert set(world.told("task 11", "keywords")) == {"one", "of a", "of b"}
    assert {"edited at a", "edited here", "of the hub"} <= set(world.titles())
    assert not {"task 4", "task 5"} & set(b.titles())
    assert world.rest() == 0


@pytest.mark.parametrize("what", ["after create", "after update", "before delete"])
def test_a_kill_makes_nothing_twice_and_loses_nothing(world_of: Make, what: str):
    a, b = FakeRemote("a"), FakeRemote("b")
    for number in range(12):
        a.put(f"a{number}", title=f"task {number}")
    world = world_of(a, b)
    world.attach("a")
    world.attach("b")
    if what == "after create":
        world.sync("a")
    else:
        world.settle()
        for number in range(3):
            a.put(f"a{number}", description="edited")
            a.drop(f"a{number + 3}")
        world.sync("a")
    b.fault = killing(what, 2)
    world.killed("b")
    world.settle()
    assert a.titles() == b.titles() == world.titles()
    assert len(b.records) == len(a.records) == (12 if what == "after create" else 9)
    assert world.conflicts() == []
    assert world.rest() == 0


class Crowd:
    """People and workers at work at the same time, each on a field of their own, so that nothing is in dispute."""

    def __init__(self, world_of: Make, remotes: dict[str, FakeRemote], turns: int) -> None:
        self.world_of, self.remotes, self.turns = world_of, remotes, turns
        self.expected: dict[tuple[str, str], object] = {}
        self.failures: list[BaseException] = []

    def together(self, *jobs: Callable[[World], None]) -> None:
        threads = [threading.Thread(target=self._tried, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(600)
        assert not self.failures, self.failures[0]

    def worker(self, name: str, field: str) -> Callable[[World], None]:
        """Edits at its own service, records that the other worker edits too, and syncs; over and over."""
        remote, chance = self.remotes[name], random.Random(name)

        def work(world: World) -> None:
            for turn in range(self.turns):
                for number in chance.sample(range(COUNT), k=6):
                    value = f"{name} {turn} {number}" if field == "description" else turn % 9 + 1
                    remote.put(remote.of(f"task {number}").id, **{field: value})
                    self.expected[f"task {number}", field] = value
                remote.put(f"{name}-new-{turn}", title=f"new at {name} {turn}")
                assert world.sync(name, confirmed=True).status == "done"

        return work

    def person(self, world: World) -> None:
        items = {str(fields["title"]): public for public, fields in world.items().items()}
        for number in range(COUNT):
            at = f"2026-01-{1 + number % 28:02d}T00:00:00"
            world.edit(items[f"task {number}"], due=at)
            self.expected[f"task {number}", "due"] = at

    def _tried(self, job: Callable[[World], None]) -> None:
        try:
            job(self.world_of(*self.remotes.values()))
        except BaseException as error:  # noqa: BLE001 -- told by the test's own thread
            self.failures.append(error)


@pytest.mark.parametrize("turns", [5, pytest.param(80, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_two_workers_at_once_lose_no_edit_and_make_nothing_twice(world_of: Make, turns: int):
    remotes = {name: FakeRemote(name, knobs=Knobs(chooses_ids=False)) for name in ("a", "b")}
    for number in range(COUNT):
        remotes["a"].put(f"a{number:02d}", title=f"task {number}")
    first = world_of(*remotes.values())
    first.attach("a")
    first.attach("b")
    first.settle(confirmed=True)
    crowd = Crowd(world_of, remotes, turns)
    crowd.together(crowd.worker("a", "description"), crowd.worker("b", "priority"), crowd.person)
    first.settle(confirmed=True)
    new = [f"new at {name} {turn}" for name in remotes for turn in range(turns)]
    wanted = sorted([*(f"task {number}" for number in range(COUNT)), *new])
    assert first.titles() == remotes["a"].titles() == remotes["b"].titles() == wanted
    told = {str(fields["title"]): fields for fields in first.items().values()}
    for (title, field), value in crowd.expected.items():
        assert [told[title][field], *(remote.of(title).fields[field] for remote in remotes.values())] == [value] * 3
    assert first.conflicts() == []
    assert first.rest() == 0


def test_one_integration_is_synced_by_one_worker_at_a_time(world_of: Make):
    a = FakeRemote("a")
    for number in range(20):
        a.put(f"a{number}", title=f"task {number}")
    first, second = world_of(a), world_of(a)
    first.attach("a")
    met: list[object] = []

    def fault(what: str) -> None:
        if what == "listing" and not met:
            met.append(what)
            with pytest.raises(TryLater, match="read already"):
                second.sync("a")

    a.fault = fault
    thread = threading.Thread(target=lambda: met.append(first.sync("a").status))
    thread.start()
    thread.join(30)
    assert met == ["listing", "done"]
    assert len(first.titles()) == 20


def test_two_lists_of_one_account_that_hold_the_same_are_matched_although_both_are_read_at_once(world_of: Make):
    a = FakeRemote("a", places=("main", "other"))
    for number in range(5):
        a.put(f"m{number}", title=f"task {number}", due="2026-01-01T00:00:00")
        a.put(f"o{number}", "other", title=f"task {number}", due="2026-01-01T00:00:00")
    a.put("o9", "other", title="only in the other")
    world = world_of(a)
    world.attach("a")
    world.attach("a", remote="other")
    world.settle(confirmed=True)
    assert len(world.items()) == 6
    assert [verb for verb, _ in a.writes] == ["create"]
    assert world.rest() == 0
