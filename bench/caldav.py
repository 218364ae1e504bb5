"""CalDAV beside vdirsyncer, both against one Radicale: first sync, no change, one event in a hundred changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.hub import Hub
from bench.installed import Installed, install
from bench.process import Run, middle, run
from bench.radicale import CALENDAR, PASSWORD, USER, Server, radicale
from bench.record import Record, Row

TIMES = 3
LEAST = {"first sync": 3.0, "no change": 5.0, "1 % changed": 5.0}
STEPS = tuple(LEAST)
PEER = "vdirsyncer"


@dataclass
class Took:
    failure: str = ""
    runs: dict[str, list[Run]] = field(default_factory=dict[str, list[Run]])
    asked: dict[str, int] = field(default_factory=dict[str, int])
    within: list[float] = field(default_factory=list[float])
    """What the hub says its runs took, in the order of `runs` in turn; a peer says nothing."""
    starts: list[Run] = field(default_factory=list[Run])
    """The peer's program doing nothing."""


def caldav(record: Record, folder: Path, events: int) -> None:
    installed = install(PEER)
    record.facts[PEER] = installed.version
    with radicale(folder / "server", events) as server:
        ours, theirs, turn = Took(), Took(installed.failure), Round(record, server, events)
        for number in range(TIMES + 1):
            # The first round is for the server alone: what it builds up at first is on nobody's bill.
            counted = number > 0
            hub = _hub(server, folder / f"ours-{number}")

            mine = ours if counted else Took()

            def sync(hub: Hub = hub, into: Took = mine) -> Run:
                done = hub.command("sync", "caldav", "--json")
                into.within.append(hub.report()["seconds"])
                return done

            turn.go(mine, "ours", number * 2, sync)
            if not theirs.failure:
                peer = _Vdirsyncer(installed, folder / f"theirs-{number}", server)
                turn.go(theirs if counted else Took(), PEER, number * 2 + 1, peer.sync)
                theirs.failure = peer.failure(events)
                theirs.starts.append(record.keep(f"CalDAV, start of {PEER}", peer.start()))
        _rows(record, ours, theirs, events)


@dataclass(frozen=True)
class Round:
    record: Record
    server: Server
    events: int

    def go(self, took: Took, who: str, edition: int, sync: Callable[[], Run]) -> None:
        """All steps once; each edition gives the edited events another title."""
        for step in STEPS:
            if step == STEPS[2]:
                for number in range(0, self.events, 100):
                    self.server.put(number, f"Edition {edition}")
            before = self.server.requests()
            took.runs.setdefault(step, []).append(self.record.keep(f"CalDAV, {step}, {who}", sync()))
            took.asked[step] = self.server.requests() - before


def _hub(server: Server, folder: Path) -> Hub:
    hub = Hub(folder)
    words = ["--base-url", server.address, "--secret", f"username={USER}", "--secret", f"password={PASSWORD}"]
    hub.must("connect", "caldav", *words)
    return hub


class _Vdirsyncer:
    """Discovery, which asks a person, is done before; what is timed is `vdirsyncer sync`."""

    def __init__(self, installed: Installed, folder: Path, server: Server) -> None:
        folder.mkdir()
        self._program, self._folder = installed.program("vdirsyncer"), folder
        (folder / "config").write_text(
            f'[general]\nstatus_path = "{folder}/status"\n'
            f'[pair bench]\na = "there"\nb = "here"\ncollections = ["{CALENDAR}"]\n'
            f'[storage there]\ntype = "caldav"\nurl = "{server.address}/{USER}/"\n'
            f'username = "{USER}"\npassword = "{PASSWORD}"\n'
            f'[storage here]\ntype = "filesystem"\npath = "{folder}/events"\nfileext = ".ics"\n'
        )
        (folder / "events" / CALENDAR).mkdir(parents=True)
        self._discovered = self._run("discover")

    def sync(self) -> Run:
        return self._run("sync")

    def start(self) -> Run:
        return run([self._program, "--version"], out=self._folder / "version")

    def failure(self, events: int) -> str:
        there = sum(1 for _ in (self._folder / "events" / CALENDAR).glob("*.ics"))
        return "" if there == events else self._discovered.failure or f"{there} of {events} events arrived"

    def _run(self, word: str) -> Run:
        return run([self._program, "--config", self._folder / "config", word], out=self._folder / "out")


def _rows(record: Record, ours: Took, theirs: Took, events: int) -> None:
    middles: Mapping[str, Run] = {step: middle(runs) for step, runs in ours.runs.items()}
    for step, least in LEAST.items():
        peer = theirs.failure or middle(theirs.runs[step])
        record.beside(f"CalDAV, {events:,} events, {step}", middles[step], PEER, peer, least)
    for at, step in enumerate(STEPS):
        # Told beside the whole, because the start of an interpreter outweighs a small sync on either side.
        within = median(ours.within[at :: len(STEPS)])
        if not theirs.failure:
            theirs_within = middle(theirs.runs[step]).seconds - middle(theirs.starts).seconds
            what = f"CalDAV, {step}, without the start of the programs"
            record.add(Row(what, "", f"{within:.2f} s", f"{PEER}: {theirs_within:.2f} s", theirs_within / within))
    for step, most in ((STEPS[0], None), (STEPS[1], 1), (STEPS[2], None)):
        asked = ours.asked[step]
        target = f"≤ {most} a collection" if most else ""
        met = asked <= most if most else None
        record.add(
            Row(f"CalDAV, {step}, requests", target, f"{asked}", f"{PEER}: {theirs.asked.get(step, '–')}", met=met)
        )
