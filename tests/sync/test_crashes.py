"""Every effect of a long story is a place to die at: what comes out after it is what comes out without.

The story is told once without a death, and each of its effects has a number. Then it is told again and killed at a
number, begun again from the disk, sometimes killed again, and told to the end.
"""

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from tests.sync.fake_remote import BatchingRemote, FakeRemote, Fields, Knobs
from tests.sync.faults import no_fault
from tests.sync.mortal import MortalWorld, disk

from entrepot.core.change import Attachment, Change

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


class Pictured(FakeRemote):
    """A picture comes with what is new, another after each edit."""

    def _change(self, stream: str, id_: str, where: str) -> Change:
        change = super()._change(stream, id_, where)
        if getattr(change.data, "title", "") != "new at a":
            return change
        content = f"picture {self.records[id_].version}".encode()
        picture = Attachment(
            sha256(content).hexdigest(), len(content), "new.png", "image/png", lambda: BytesIO(content)
        )
        return msgspec.structs.replace(change, files=(picture,))


SERVICES: dict[str, tuple[Knobs, type[FakeRemote]]] = {
    "plain": (Knobs(), FakeRemote),
    "pictures": (Knobs(), Pictured),
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
    *map(syncing, "aba"), edits, *map(syncing, "baba"), removals, *map(syncing, "abab"), returns, *map(syncing, "aba"),
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
    b = FakeRemote(
        "b", knobs=Knobs(refuses=lambda write: "no" if getattr(write.data, "title", "") == "refused" else "")
    )
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
        "files": [
            [*row, world.blobs.path(str(row[1])).is_file()]
            for row in world.rows("SELECT name, sha256 FROM item_files ORDER BY sha256")
        ],
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
        copy(world.folder, folder)
    return Snapshot(folder, copied(world.remotes.values()), len(world.life.effects))


def copied(remotes: Iterable[FakeRemote]) -> list[FakeRemote]:
    fresh = {"requests": [], "writes": [], "written": [], "fault": no_fault}
    return [replace(one, records=deepcopy(one.records), log=[*one.log], **fresh) for one in remotes]  # type: ignore[arg-type]


def copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*-shm"))


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
    """Only from the step in which it dies: until then it is as it was told."""
    number = max(index for index, each in enumerate(told.snapshots) if each.effects < schedule.first)
    start = told.snapshots[number]
    copy(start.folder, folder)
    world = MortalWorld(folder, *copied(start.remotes))
    try:
        world.life.effects.clear()
        world.life.ends_in(schedule.first - start.effects)
        end = play_on(world, STORY[number:], schedule)
        same = told.effects[start.effects : schedule.first]
        assert world.life.effects[: len(same)] == same, "the story was not told in the same order"
        return end
    finally:
        world.close()
        shutil.rmtree(folder)


def play_on(world: MortalWorld, story: Sequence[Step], schedule: Schedule) -> dict[str, object]:
    for step in story:
        play_step(world, step, schedule)
    while world.dies(lambda: world.settle(confirmed=True)):
        """The second death may come after the story."""
    return outcome(world)


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
            world.dies(partial(syncing(other), world))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=disk(tmp_path), prefix="entrepot-crashes-"))
    yield folder
    shutil.rmtree(folder)


def schedules(service: str, effects: int, count: int) -> Iterator[Schedule]:
    """Each effect once if there is room, and the rest, or every other one, with a second death: always the same ones."""
    chance = random.Random(service)
    once = [Schedule(service, first) for first in range(1, effects + 1)]
    single = once if len(once) < count else chance.sample(once, count // 2)
    yield from (replace(one, elsewhere=chance.random() < 0.5) for one in single)
    for _ in range(count - len(single)):
        first, second = chance.randint(1, effects), chance.randint(1, SECOND)
        yield Schedule(service, first, second, elsewhere=chance.random() < 0.5)


def explore(service: str, place: Path, count: int) -> None:
    told = tell(service, place)
    for schedule in schedules(service, len(told.effects), count):
        assert play(schedule, told, place / "again") == told.outcome, schedule


@pytest.mark.parametrize("service", SERVICES)
def test_a_death_anywhere_changes_nothing_in_the_end(service, place):
    explore(service, place, 50)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("service", SERVICES)
def test_a_death_or_two_anywhere_change_nothing_in_the_end(service, place):
    explore(service, place, 1000)


NUMBERS = [*range(40, 260, 80), *(pytest.param(number, marks=pytest.mark.soak) for number in range(1, 260, 3))]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_death_on_postgresql_changes_nothing_in_the_end(number, url, place):
    with MortalWorld(place / "again", *remotes_of("tidy"), url=url) as world:
        begin(world)
        world.life.effects.clear()
        world.life.ends_in(number)
        assert play_on(world, STORY, Schedule("tidy", number, elsewhere=number % 2 == 0)) == without_death("tidy")
        assert number <= len(world.life.effects)


@cache
def without_death(service: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory(dir=disk(Path(tempfile.gettempdir()))) as folder:
        return tell(service, Path(folder)).outcome


def die(folder: Path, first: int) -> None:
    """In a process of its own: killed by the system at the effect of this number, and the services live on."""
    world = MortalWorld(folder, *remotes_of("tidy"))
    begin(world)

    def kill() -> None:
        with (folder / "services").open("wb") as file:
            pickle.dump([(one.records, one.log, one.count) for one in world.remotes.values()], file)
        os.kill(os.getpid(), signal.SIGKILL)

    world.life.kill = kill
    world.life.ends_in(first)
    for number, step in enumerate(STORY):
        (folder / "step").write_text(str(number), encoding="ascii")
        play_step(world, step, Schedule("tidy", first))


DYING = """
import os, sys
from pathlib import Path
from tests.sync.test_crashes import die
for folder, first in zip(sys.argv[1::2], sys.argv[2::2]):
    child = os.fork()
    if not child:
        try:
            die(Path(folder), int(first))
        finally:
            os._exit(0)
    print(os.waitpid(child, 0)[1])
"""


def test_a_process_killed_by_the_system_changes_nothing_in_the_end(place):
    told = tell("tidy", place)
    numbers = random.Random(9).sample(range(1, len(told.effects) + 1), 6)
    folders = {number: place / f"killed at {number}" for number in numbers}
    for folder in folders.values():
        folder.mkdir()
    said = subprocess.run(
        [sys.executable, "-c", DYING, *(str(one) for number in numbers for one in (folders[number], number))],
        cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert said.stdout.split() == [str(int(signal.SIGKILL))] * len(numbers)
    for number, folder in folders.items():
        remotes = remotes_of("tidy")
        services = pickle.loads((folder / "services").read_bytes())
        for remote, (records, log, count) in zip(remotes, services, strict=True):
            remote.records, remote.log, remote.count = records, log, count
        world = MortalWorld(folder, *remotes)
        step = int((folder / "step").read_text(encoding="ascii"))
        assert play_on(world, STORY[step:], Schedule("tidy", number)) == told.outcome
        world.close()
