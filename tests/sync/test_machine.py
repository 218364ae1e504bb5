"""Anything anybody does, in any order, on two or three services and the hub, with deaths and failures in between.

However it went, all sides then come to agree in a few rounds and to rest; and every edit that was accepted anywhere is
there, or waits in a conflict, or is told in the journal, unless who overwrote or deleted it had seen it.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.sync.fake_remote import FakeRemote, Fields
from tests.sync.faults import Down
from tests.sync.habits import SERVICES
from tests.sync.mortal import MortalWorld, disk

NAMES = "abc"
HUB = "hub"
SIDE = st.integers(0, 3)
SEED = st.integers(0, 99_999)
PICK = st.integers(0, 9)
MOST = 6
FIELDS = ("title", "description", "keywords", "due")
DAY = date(2026, 1, 1)


@dataclass
class Edit:
    """`token` is in the value; nothing else ever has it."""

    side: str
    record: str
    name: str
    token: str


@dataclass
class Model:
    """What people did, and what of it somebody has seen and then overwrote or deleted."""

    edits: list[Edit] = field(default_factory=list)
    outdone: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    records: list[str] = field(default_factory=list)
    count: int = 0

    def token(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count:04d}"


class Machine(RuleBasedStateMachine):
    """Records are told apart by their color, which nobody edits."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.folder = Path(tempfile.mkdtemp(dir=disk(Path(tempfile.gettempdir())), prefix="entrepot-machine-"))
        self.world: MortalWorld
        self.directions: dict[str, str] = {}
        self.has_failed = False

    @initialize(
        services=st.lists(st.sampled_from(sorted(SERVICES)), min_size=2, max_size=3),
        other=st.sampled_from(["two_way", "two_way", "two_way", "pull", "push"]),
        seeds=st.integers(0, 3),
        here=st.integers(0, 2),
    )
    def begin(self, services: list[str], other: str, seeds: int, here: int) -> None:
        remotes = [
            FakeRemote(name, knobs=replace(SERVICES[service])) for name, service in zip(NAMES, services, strict=False)
        ]
        for number in range(seeds):
            color = self._new_color()
            for remote in remotes:
                fields = {"title": f"seed {number}", "due": "2025-06-01T00:00:00", "color": color}
                remote.put(f"{remote.name}-{color}", **remote.knobs.normalise(fields))
        shutil.copyfile(template(), self.folder / "hub.db")
        self.world = MortalWorld(self.folder, *remotes)
        for number in range(here):
            self.world.add(title=f"only here {number}", color=self._new_color())
        for remote in remotes:
            self.directions[remote.name] = other if remote.name == NAMES[1] else "two_way"
            self.world.attach(remote.name, self.directions[remote.name])  # type: ignore[arg-type]
        if seeds:
            # What is edited before it is linked is known again by nothing.
            self.world.settle(confirmed=True)

    # What people do.

    @precondition(lambda self: len(self.model.records) < MOST)
    @rule(seed=SEED, side=SIDE)
    def add(self, seed: int, side: int) -> None:
        name, color = self._side(side), self._new_color()
        fields = {"color": color, **self._values(name, color, Random(seed), {})}
        if name == HUB:
            self.world.add(**fields)
        else:
            remote = self.world.remotes[name]
            remote.put(f"{name}-{color}", **remote.knobs.normalise(fields))

    @rule(seed=SEED, side=SIDE, pick=PICK)
    def edit(self, seed: int, side: int, pick: int) -> None:
        if held := self._held(self._side(side)):
            self._edit(self._side(side), sorted(held)[pick % len(held)], Random(seed))

    @rule(seed=SEED, sides=st.sets(SIDE, min_size=2), pick=PICK)
    def edit_in_several_places(self, seed: int, sides: set[int], pick: int) -> None:
        color = self.model.records[pick % len(self.model.records)] if self.model.records else ""
        chance = Random(seed)
        for name in sorted({self._side(side) for side in sides}):
            if color in self._held(name):
                self._edit(name, color, chance)

    @rule(side=SIDE, pick=PICK)
    def delete(self, side: int, pick: int) -> None:
        name = self._side(side)
        if not (held := self._held(name)):
            return
        color = sorted(held)[pick % len(held)]
        id_, fields = held[color]
        self._seen_and_gone(fields)
        if name == HUB:
            self.world.delete(id_)
        else:
            if self.world.remotes[name].knobs.fields is not None and color in self._held(HUB):
                # What the service cannot show goes with the rest, once the service was told of the record.
                self.model.outdone |= tokens_in(self._held(HUB)[color][1]["description"])
            self.world.remotes[name].drop(id_)

    @rule(pick=PICK)
    def restore_here(self, pick: int) -> None:
        gone = self.world.rows("SELECT public_id, data FROM items WHERE deleted_at IS NOT NULL ORDER BY id")
        back = [str(public) for public, data in gone if json.loads(data)["color"] not in self._held(HUB)]  # type: ignore[arg-type]
        if back:
            self.world.edit(back[pick % len(back)])

    @rule(
        seed=SEED,
        side=st.integers(0, 2),
        full=st.booleans(),
        dies=st.integers(0, 25),
        fails=st.integers(0, 40),
        meanwhile=st.integers(0, 12),
    )
    def sync(self, seed: int, side: int, *, full: bool, dies: int, fails: int, meanwhile: int) -> None:
        """Killed at the effect of that number, cut off at that request, with an edit made at that one; 0: not."""
        name = [*self.world.remotes][side % len(self.world.remotes)]
        remote = self.world.remotes[name]
        tells = remote.knobs.versions and remote.knobs.conditional and not remote.knobs.bogus_versions
        others = [each for each in (HUB, name) if each == HUB or (tells and self.directions[name] != "push")]

        chance = Random(seed)

        def happens() -> None:
            where = chance.choice(others)
            with self.world.life.spared():  # an edit that dies was never accepted
                if held := self._held(where):
                    self._edit(where, chance.choice(sorted(held)), chance)

        remote.fault = at_request(fails, broken, at_request(meanwhile, happens, self.world.life.effect))
        self.world.life.ends_in(dies)
        if not self.world.dies(lambda: self.world.sync(name, confirmed=True, full=full)):
            self.world.life.ends_in(0)
        remote.fault = self.world.life.effect

    @rule()
    def sync_in_turn(self) -> None:
        for name in self.world.remotes:
            self.world.sync(name, confirmed=True)

    @rule(really=st.integers(0, 3))
    def settle(self, really: int) -> None:
        if not really:
            self.agree()

    # What must then be true.

    def teardown(self) -> None:
        try:
            if hasattr(self, "world") and not self.has_failed:
                self.agree()
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    def agree(self) -> None:
        self.has_failed = True
        lags = {name: remote.knobs.lag for name, remote in self.world.remotes.items()}
        for remote in self.world.remotes.values():
            remote.knobs.lag = 0
        self.world.settle(8, confirmed=True)
        before = self.world.writes()
        for full in (False, True):
            for name in self.world.remotes:
                self.world.sync(name, confirmed=True, full=full)
        assert self.world.writes() == before, "somebody writes although nothing was edited"
        for name, remote in self.world.remotes.items():
            remote.knobs.lag = lags[name]
        self._check_sides()
        self._check_edits()
        self.has_failed = False

    def _check_sides(self) -> None:
        items = self.world.items().values()
        hub = {str(fields["color"]): fields for fields in items}
        assert len(hub) == len(items), "a record is in the hub twice"
        assert self.model.deleted.issuperset(set(self.model.records) - hub.keys()), "a record was lost"
        for name, remote in self.world.remotes.items():
            there = {str(each.fields["color"]): each.fields for each in remote.records.values()}
            assert len(there) == len(remote.records), f"a record is at {name} twice"
            if self.directions[name] == "two_way":
                assert there.keys() == hub.keys(), f"not the same records at {name}"
                for color, fields in there.items():
                    self._check_same(name, color, hub[color], fields)

    def _check_same(self, name: str, color: str, here: Fields, there: Fields) -> None:
        disputed = self._disputed(name, color)
        project = self.world.remotes[name].knobs.project
        for one in FIELDS:
            told, expected = there[one], project(one, here[one])
            if one == "keywords":
                told, expected = sorted(told), sorted(expected)  # type: ignore[call-overload]
            unit = "when" if one == "due" else one
            assert unit in disputed or told == expected, f"{one} of {color} differs at {name}"

    def _disputed(self, name: str, color: str) -> set[str]:
        key = self.world.attachment(name).key
        rows = self.world.rows(
            "SELECT c.field, i.data FROM conflicts c JOIN items i ON i.id = c.item_id"
            " WHERE c.closed = '' AND c.attachment_id = ?",
            key,
        )
        return {str(one) for one, data in rows if json.loads(data)["color"] == color}  # type: ignore[arg-type]

    def _check_edits(self) -> None:
        told = "".join(json.dumps(list(fields.values()), default=str) for fields in self.world.items().values())
        told += self._text("SELECT told FROM conflicts WHERE closed = ''")
        told += self._text("SELECT more FROM journal WHERE more <> '{}'")
        told = told.lower()
        for edit in self.model.edits:
            if edit.token not in self.model.outdone:
                assert edit.token in told, f"lost: {edit}"

    def _text(self, sql: str) -> str:
        return "".join(one.decode() if isinstance(one, bytes) else str(one) for (one,) in self.world.rows(sql))

    # The model.

    def _values(self, side: str, color: str, chance: Random, old: Fields) -> Fields:
        """New values of some fields, each with a token of its own; what they take the place of is outdone."""
        names = chance.sample(FIELDS, chance.choice([1, 1, 2]))
        made: Fields = {}
        for name in sorted(names):
            if name == "description" and side != HUB and self.world.remotes[side].knobs.fields is not None:
                continue
            made[name], token = self._value(name, chance, old.get(name))
            self.model.edits.append(Edit(side, color, name, token))
            self._outdo(old.get(name), made[name])
        return made

    def _value(self, name: str, chance: Random, old: object) -> tuple[object, str]:
        match name:
            case "title":
                token = self.model.token("t")
                return f"{token.upper()} ", token
            case "due":
                self.model.count += 1
                token = (DAY + timedelta(self.model.count)).isoformat()
                return f"{token}T10:15:30", token
            case "keywords":
                token = self.model.token("k")
                kept = [one for one in old or [] if chance.randrange(5)]  # type: ignore[attr-defined]
                return [*kept, token.upper()], token
            case _:
                token = self.model.token("d")
                lines = str(old).splitlines() if old else []
                at = chance.randint(0, len(lines))
                kept = lines[at:] if chance.randrange(5) == 0 else lines
                return "\n".join([*kept[:at], f"line {token}", *kept[at:]]), token

    def _outdo(self, old: object, new: object) -> None:
        before, after = tokens_in(old), tokens_in(new)
        self.model.outdone |= before - after

    def _seen_and_gone(self, fields: Fields) -> None:
        self.model.deleted.add(str(fields["color"]))
        for name in FIELDS:
            self.model.outdone |= tokens_in(fields[name])

    def _side(self, number: int) -> str:
        names = [HUB, *(name for name in self.world.remotes if self.directions[name] != "push")]
        return names[number % len(names)]

    def _held(self, name: str) -> dict[str, tuple[str, Fields]]:
        """What is there on a side: id and fields by color."""
        if name == HUB:
            return {str(fields["color"]): (public, fields) for public, fields in self.world.items().items()}
        records = self.world.remotes[name].records.values()
        return {str(record.fields["color"]): (record.id, record.fields) for record in records}

    def _edit(self, name: str, color: str, chance: Random) -> None:
        id_, old = self._held(name)[color]
        fields = self._values(name, color, chance, old)
        if name == HUB:
            self.world.edit(id_, **fields)
        else:
            self.world.remotes[name].put(id_, **self.world.remotes[name].knobs.normalise(fields))

    def _new_color(self) -> str:
        color = f"color{len(self.model.records)}"
        self.model.records.append(color)
        return color


def tokens_in(value: object) -> set[str]:
    words = (
        json.dumps(value, default=str).lower().replace("\\n", " ").replace('"', " ").replace("t10:15:30", "").split()
    )
    return {word.strip("[],").removesuffix("t00:00:00") for word in words}


def broken() -> None:
    raise Down("the connection broke")


def at_request(number: int, act: Callable[[], None], fault: Callable[[str], None]) -> Callable[[str], None]:
    """Does something when it is that request's turn: before it is sent, or before its answer is there."""
    left = [number]

    def met(what: str) -> None:
        fault(what)
        left[0] -= 1
        if not left[0]:
            act()

    return met


@cache
def template() -> Path:
    """An empty database, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="entrepot-template-"))
    MortalWorld(folder).compacted()
    return folder / "hub.db"


COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def test_everybody_agrees_whatever_happens():
    run_state_machine_as_test(
        Machine, settings=settings(COMMON, max_examples=40, stateful_step_count=12, derandomize=True, database=None)
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_everybody_agrees_whatever_happens_for_long():
    run_state_machine_as_test(Machine, settings=settings(COMMON, max_examples=3000, stateful_step_count=30))
