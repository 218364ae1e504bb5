"""Every effect of a long story is a place to die at: what comes out after it is what comes out without.

The story is told once without a death, and each of its effects has a number. Then it is told again and killed at a
number, begun again from the disk, sometimes killed again, and told to the end.
"""

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from tests.sync.fake_remote import BatchingRemote, FakeRemote, Fields, Knobs
from tests.sync.mortal import MortalWorld

MEMORY = Path("/dev/shm")  # noqa: S108 -- folders of its own are made in it
SECOND = 25
"""The most effects between the first death and the second."""


def tidy(fields: Fields) -> Fields:
    return {name: tidied(name, value) for name, value in fields.items()}


def tidied(name: str, value: object) -> object:
    """What a service may make of what it is sent, and declares."""
    match name, value:
        case "title", str():
            return value.strip()
        case "keywords", list():
            return sorted({str(one).lower() for one in value})
        case "due", str():
            return value[:-2] + "00"
    return value


TIDY = Knobs(normalise=tidy, project=tidied)
SERVICES: dict[str, tuple[Knobs, type[FakeRemote]]] = {
    "plain": (Knobs(), FakeRemote),
    "our ids": (Knobs(chooses_ids=False, versions=False), FakeRemote),
    "repeatable": (Knobs(repeatable=True, finds=False, late_versions=True), FakeRemote),
    "tidy": (TIDY, FakeRemote),
    "by content": (Knobs(finds=False), FakeRemote),
    "tidy by content": (replace(TIDY, finds=False, versions=False), FakeRemote),
    "listings": (replace(TIDY, feed=False, page=3), FakeRemote),
    "batches": (replace(TIDY, conditional=False), BatchingRemote),
    "echoing": (replace(TIDY, replay=4, bogus_versions=True), FakeRemote),
}

Step = Callable[[MortalWorld], object]


def syncing(name: str) -> Step:
    def step(world: MortalWorld) -> None:
        report = world.sync(name, confirmed=True)
        assert report.status == "done", report

    step.__name__ = f"sync {name}"
    return step


def edits(world: MortalWorld) -> None:
    """Everywhere, of different fields; and a series of new ones."""
    a, b = world.remotes["a"], world.remotes["b"]
    world.edit(world.item("milk"), description="two bottles", keywords=["Shop", "cold"])
    a.put(a.of("milk").id, due="2026-03-01T10:00:30")
    b.put(b.of("bread").id, keywords=["bakery"])
    a.put("a-new", title="new at a", due="2026-04-01T00:00:00")
    b.put("b-new", title="new at b")
    for number in range(5):
        world.add(title=f"series {number} ", keywords=["Row", str(number)], due="2026-05-01T08:15:20")
    world.add(title="refused")


def removals(world: MortalWorld) -> None:
    """Everywhere; one that was edited elsewhere; and a title that two people want to be different."""
    a, b = world.remotes["a"], world.remotes["b"]
    world.delete(world.item("only at a"))
    a.drop(a.of("new at b").id)
    b.drop(b.of("series 0" if b.knobs.normalise is tidy else "series 0 ").id)
    world.edit(world.item("eggs"), title="brown eggs")
    a.put(a.of("eggs").id, title="white eggs", description="a dozen")
    world.edit(world.item("only at b"), description="still wanted")
    b.drop(b.of("only at b").id)


def returns(world: MortalWorld) -> None:
    """What was deleted is made again; what was refused is taken; an edit over an edit."""
    a = world.remotes["a"]
    world.add(title="only at a", description="again")
    world.edit(world.item("refused"), title="taken")
    a.put(a.of("bread").id, title="rye bread")
    world.edit(world.item("milk"), description="two bottles\nand a can")


def begin(world: MortalWorld) -> None:
    for name in world.remotes:
        world.attach(name)


STORY: Sequence[Step] = (
    *map(syncing, "aba"), edits, *map(syncing, "baba"), removals, *map(syncing, "abab"), returns, *map(syncing, "abab"),
)  # fmt: skip


@dataclass
class Snapshot:
    """The world before a step; `effects` are all before it."""

    folder: Path
    remotes: list[FakeRemote]
    effects: int


@dataclass
class Told:
    """The story without a death."""

    snapshots: list[Snapshot]
    effects: list[str]
    outcome: dict[str, object]


def remotes_of(service: str) -> list[FakeRemote]:
    knobs, kind = SERVICES[service]
    a = kind("a", knobs=replace(knobs))
    b = FakeRemote("b", knobs=Knobs(refuses=lambda write: "no" if getattr(write.data, "title", "") == "refused" else ""))
    for remote in (a, b):
        for title in ("milk", "bread", "eggs"):
            remote.put(f"{remote.name}-{title}", title=title, due="2026-01-01T00:00:00")
        remote.put(f"{remote.name}-only", title=f"only at {remote.name}")
    return [a, b]


def outcome(world: MortalWorld) -> dict[str, object]:
    """What there is on each side, and what waits for a person; never what things are called."""
    sides = {name: [each.fields for each in remote.records.values()] for name, remote in world.remotes.items()}
    sides["hub"] = list(world.items().values())
    links = world.rows("SELECT stream_id, item_id FROM links WHERE gone_at IS NULL")
    assert len(links) == len(set(links)), "an item has two counterparts at a service"
    return {
        **{name: sorted(map(said, records)) for name, records in sides.items()},
        "conflicts": world.rows("SELECT field, attachment_id FROM conflicts WHERE closed = '' ORDER BY field"),
        "aside": world.aside(),
        "waits": world.waits(),
    }


def said(fields: Fields) -> str:
    shown = {name: fields[name] for name in ("title", "description", "due")}
    return json.dumps({**shown, "keywords": sorted(map(str, fields["keywords"]))})  # type: ignore[call-overload]


def tell(service: str, folder: Path, url: str = "") -> Told:
    world = MortalWorld(folder / "first", *remotes_of(service), url=url)
    begin(world)
    world.life.effects.clear()
    snapshots = []
    for number, step in enumerate(STORY):
        snapshots.append(snapshot(world, folder / str(number)))
        play_step(world, step, Schedule(service, 0))
    effects = world.life.effects[:]
    end = outcome(world)
    world.settle(confirmed=True)
    assert outcome(world) == end, "the story ends before all is settled"
    world.close()
    return Told(snapshots, effects, end)


def snapshot(world: MortalWorld, folder: Path) -> Snapshot:
    if not world.url:
        copy_database(world.folder, folder)
    return Snapshot(folder, copied(world.remotes.values()), len(world.life.effects))


def copied(remotes: Sequence[FakeRemote] | object) -> list[FakeRemote]:
    found = []
    for remote in remotes:  # type: ignore[attr-defined]
        other = replace(remote, fault=lambda _: None, records=deepcopy(remote.records))
        other.log, other.requests, other.writes, other.written = [*remote.log], [], [], []
        found.append(other)
    return found


def copy_database(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for file in source.glob("hub.db*"):
        if not file.name.endswith("-shm"):
            shutil.copyfile(file, target / file.name)


@dataclass(frozen=True)
class Schedule:
    """Killed at the effect `first`, and `second` effects later again (0: not). `elsewhere`: the other service is
    synced before what was interrupted goes on.
    """

    service: str
    first: int
    second: int = 0
    elsewhere: bool = False


def play(schedule: Schedule, told: Told, folder: Path) -> dict[str, object]:
    number = max(index for index, each in enumerate(told.snapshots) if each.effects < schedule.first)
    start = told.snapshots[number]
    copy_database(start.folder, folder)
    world = MortalWorld(folder, *copied(start.remotes))
    try:
        world.life.effects.clear()
        world.life.ends_in(schedule.first - start.effects)
        for step in STORY[number:]:
            play_step(world, step, schedule)
        same = told.effects[start.effects : schedule.first]
        assert world.life.effects[: len(same)] == same, "the story was not told in the same order"
        while world.dies(lambda: world.settle(confirmed=True)):
            """The second death may come after the story."""
        before = world.writes()
        for name in world.remotes:
            world.sync(name)
        assert world.writes() == before, "it does not come to rest"
        return outcome(world)
    finally:
        world.close()
        shutil.rmtree(folder)


def play_step(world: MortalWorld, step: Step, schedule: Schedule) -> None:
    if not step.__name__.startswith("sync"):
        with world.life.spared():
            step(world)
        return
    deaths = 0
    while world.dies(lambda: step(world)):
        deaths += 1
        if deaths == 1:
            world.life.ends_in(schedule.second)
        if schedule.elsewhere:
            other = "b" if step.__name__.endswith("a") else "a"
            world.dies(lambda: syncing(other)(world))
