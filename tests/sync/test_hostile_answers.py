"""Services that answer writes with what cannot be true: it is told in a sentence, and no record suffers by it."""

from collections.abc import Callable

import pytest
from tests.sync.fake_remote import FakeRemote
from tests.sync.world import World

from entrepot.core.change import Change, Ref
from entrepot.core.kinds import KINDS

Lie = Callable[[Change], Change]


class Liar(FakeRemote):
    """It does what it is asked, and tells something else."""

    lie: Lie = staticmethod(lambda told: told)

    def _answer(self, write, id_):
        return self.lie(super()._answer(write, id_))


def renamed(id_: object, version: object = "1") -> Lie:
    return lambda told: Change(told.stream, Ref(id_, version), told.data, told.native, told.collection)  # type: ignore[arg-type]


def saying(**fields: object) -> Lie:
    return lambda told: Change(told.stream, told.ref, KINDS["task"](**fields), told.native, told.collection)


IMPOSSIBLE: dict[str, Lie] = {
    "an empty id": renamed(""),
    "an id of a megabyte": renamed("x" * 1_000_000),
    "an id with NUL": renamed("a\0b"),
    "a lone surrogate as id": renamed("\ud800"),
    "a lone surrogate as version": renamed("z1", "\ud800"),
    "a lone surrogate in a title": saying(title="\ud800"),
    "a collection of a megabyte": lambda told: Change(told.stream, told.ref, told.data, told.native, "x" * 1_000_000),
    "a collection with NUL": lambda told: Change(told.stream, told.ref, told.data, told.native, "a\0b"),
    "a tombstone": lambda told: Change.gone(told.stream, told.ref),
    "a tombstone of another": lambda told: Change.gone(told.stream, Ref("a0")),
    "NUL in a title": saying(title="a\0b"),
}


@pytest.fixture
def scene(tmp_path):
    remote = Liar("a")
    for name in ("a0", "b0"):
        remote.put(name, title=name)
    with World(tmp_path, remote) as world:
        world.attach("a")
        world.settle()
        yield remote, world


@pytest.mark.parametrize("lie", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
@pytest.mark.parametrize("verb", ["create", "update"])
def test_what_cannot_be_kept_harms_no_other_record(scene, lie, verb):
    remote, world = scene
    if verb == "create":
        world.add(title="new")
    else:
        world.edit(world.item("b0"), title="new")
    remote.lie = lie
    for _ in range(3):
        report = world.sync("a")
        assert report.status in {"done", "failed"}
    assert "a0" in world.titles()
    assert world.told("a0", "description") == ""
    made = len(remote.records)
    remote.lie = Liar.lie
    for _ in range(3):
        assert world.sync("a").status == "done"
    assert "a0" in world.titles()
    assert "a0" in remote.titles()
    assert len(remote.records) <= made + 1
    assert 1 <= world.titles().count("new") <= max(1, remote.titles().count("new"))


@pytest.mark.parametrize("verb", ["create", "update"])
def test_an_answer_under_the_id_of_another_item_takes_nothing_from_it(scene, verb):
    remote, world = scene
    old = world.item("a0")
    if verb == "create":
        world.add(title="new")
    else:
        world.edit(world.item("b0"), title="new")
    remote.lie = renamed("a0", "77")
    for _ in range(3):
        world.sync("a")
    remote.lie = Liar.lie
    for _ in range(3):
        assert world.sync("a").status == "done"
    assert world.items()[old]["title"] == "a0"
    assert remote.records["a0"].fields["title"] == "a0"
    assert world.rows("SELECT count(*) FROM links l JOIN items i ON i.id = l.item_id WHERE l.object_id = 'a0'"
                      " AND i.public_id = ?", old) == [(1,)]  # fmt: skip


def test_two_new_records_answered_with_one_id_are_not_taken_for_one(scene):
    remote, world = scene
    first, second = world.add(title="first"), world.add(title="second")
    remote.lie = renamed("same")
    for _ in range(3):
        assert world.sync("a").status in {"done", "failed"}
    assert {first, second} <= world.items().keys()
    remote.lie = Liar.lie
    for _ in range(3):
        assert world.sync("a").status == "done"
    assert {"first", "second"} <= set(world.titles())
