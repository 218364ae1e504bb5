"""What is hard on a database: odd text in every column, several writers at once, a disk that is full."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.sync.fake_remote import FakeRemote
from tests.sync.test_hostile_answers import IMPOSSIBLE, Liar
from tests.sync.world import World

from entrepot.core.errors import RecordRefused, TryLater
from entrepot.storage.database import Database


class Elsewhere(World):
    """A world whose database is at a URL."""

    url = ""

    def open(self) -> Database:
        return Database(self.url)


@pytest.fixture
def world_at(tmp_path: Path, url: str):
    opened = []

    def build(*remotes: FakeRemote) -> World:
        made = type("There", (Elsewhere,), {"url": url})(tmp_path, *remotes)
        opened.append(made)
        return made

    yield build
    for one in opened:
        one.close()


def test_what_no_answer_can_say_breaks_no_database(world_at):
    remote = Liar("a")
    world = world_at(remote)
    world.attach("a")
    for place, lie in enumerate(IMPOSSIBLE.values()):
        world.add(title=f"t{place}")
        remote.lie = lie
        assert world.sync("a").status in {"done", "failed"}
    remote.lie = Liar.lie
    for _ in range(2):
        assert world.sync("a").status == "done"
    assert len(world.items()) >= len(IMPOSSIBLE)


@pytest.mark.parametrize("was_mirrored", [False, True])
@pytest.mark.parametrize("odd", ["a\0b", "itm_\0", "itm_nobody", "'); DROP TABLE items; --", "%s ? :x %"])
def test_odd_names_of_parents_refer_to_nothing(world_at, odd, was_mirrored):
    a, b = FakeRemote("a"), FakeRemote("b")
    a.put("1", title="child", parent=odd)
    world = world_at(a, b)
    if was_mirrored:
        world.sync("a")
    world.attach("a")
    world.attach("b")
    world.settle()
    assert b.titles() == world.titles() == ["child"]
    a.put("1", description=odd)
    world.settle()
    assert b.told("child", "description") == odd


def test_reasons_that_no_column_can_hold_are_mended(world_at):
    remote = FakeRemote("a")
    world = world_at(remote)
    world.attach("a")
    world.add(title="new")

    def refuses(_):
        raise RecordRefused("a\0b \ud800")

    remote.knobs.refuses = refuses
    assert world.sync("a").status == "done"
    assert len(world.aside()) == 1


def test_a_rehearsal_leaves_nothing_also_where_it_fails(world_at):
    remote = FakeRemote("a")
    for number in range(30):
        remote.put(f"r{number}", title=f"t{number}")
    world = world_at(remote)
    world.attach("a")
    world.sync("a")
    world.add(title="new")
    remote.put("more", title="more")

    def state():
        tables = ("items", "links", "incoming", "pending", "intents", "journal", "runs", "positions", "bases")
        return [world.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]

    before = state()
    assert world.rehearse("a").count == 2
    assert state() == before

    def fault(what):
        raise TryLater("down")

    remote.fault = fault
    with pytest.raises(AssertionError):
        world.rehearse("a")
    assert state() == before


def test_two_services_and_a_person_at_once_on_one_collection(world_at):
    """Each takes the items in its own order; nobody waits for ever, and nothing is lost or there twice."""
    a, b = FakeRemote("a"), FakeRemote("b")
    names = [f"t{number:03}" for number in range(60)]
    for name in names:
        a.put(f"a{name}", title=name)
        b.put(f"b{name}", title=name)
    world = world_at(a, b)
    world.attach("a")
    world.attach("b")
    world.settle()
    publics = list(world.items())

    def side(remote, order, field):
        def work(round_):
            for name in order:
                remote.put(f"{remote.name}{name}", **{field: f"{name} {round_}"})
            assert world.sync(remote.name, confirmed=True).status in {"done", "failed"}

        return work

    def person(round_):
        for public in publics[::7]:
            try:
                world.edit(public, priority=round_ + 1)
            except TryLater:
                continue

    at_once(side(a, names, "description"), side(b, names[::-1], "title"), person)
    world.settle(rounds=10, confirmed=True)
    assert len(a.records) == len(b.records) == len(world.items()) == len(names)
    assert a.titles() == b.titles() == world.titles()


def at_once(*works: Callable[[int], None]) -> None:
    """Each three times over, all beside each other."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(lambda work=work: [work(round_) for round_ in range(3)]) for work in works]:
            done.result(timeout=120)
