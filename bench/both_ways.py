"""Two-way sync beside vdirsyncer: two calendars of one Radicale, kept in step by each; edits on both sides.

Each has two calendars of its own, one of them empty at first, so that neither meets what the other wrote; they are gone
when it is the other's turn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.caldav import PEER, Took
from bench.hub import Hub
from bench.installed import Installed, install
from bench.process import Run, middle, run
from bench.radicale import PASSWORD, USER, Server, radicale
from bench.record import Record, Row

TIMES = 1
"""For each event that is put into it Radicale looks through the whole calendar: 2,000 take minutes, whoever does it."""

WARMING = 100
LEAST = {"first sync": 3.0, "no change": 5.0, "1 % changed on each side": 5.0}
STEPS = tuple(LEAST)


@dataclass(frozen=True)
class Pair:
    """Two calendars, the first full and the second empty."""

    server: Server
    name: str
    events: int

    @property
    def calendars(self) -> tuple[str, str]:
        return f"{self.name}-one", f"{self.name}-other"

    def make(self) -> None:
        for calendar, events in zip(self.calendars, (self.events, 0), strict=True):
            self.server.fill(calendar, events)

    def edit(self) -> None:
        """One in a hundred on each side, none on both."""
        for calendar, offset in zip(self.calendars, (0, 50), strict=True):
            names = self.server.names(calendar)
            for number in range(offset, self.events, 100):
                name = names[f"event-{number:05d}@example.org"]
                self.server.put(number, f"Edited at {calendar}", calendar=calendar, name=name)

    def remove(self) -> None:
        """The hub reads every calendar of an account."""
        for calendar in self.calendars:
            self.server.remove(calendar)

    def failure(self) -> str:
        """What is not as it should be: both sides have everything, and every edit."""
        one, other = (self.server.titles(calendar) for calendar in self.calendars)
        if one != other or len(one) != self.events:
            return f"{len(one)} and {len(other)} of {self.events} events, not the same"
        edits = len(range(0, self.events, 100)) + len(range(50, self.events, 100))
        edited = sum(title.startswith("Edited at") for title in one.values())
        return "" if edited == edits else f"{edited} edits arrived"


def both_ways(record: Record, folder: Path, events: int) -> None:
    installed = install(PEER)
    record.facts[PEER] = installed.version
    with radicale(folder / "server", 0) as server:
        ours, theirs = Took(), Took(installed.failure)
        for number in range(TIMES + 1):
            counted = number > 0  # the first round is for the server and the programs' files alone
            size = events if counted else WARMING
            pair = Pair(server, f"ours-{number}", size)
            pair.make()
            mine = ours if counted else Took()
            _go(record, pair, mine, "ours", _ours(pair, folder / f"ours-{number}", mine))
            if not theirs.failure:
                pair = Pair(server, f"theirs-{number}", size)
                pair.make()
                peer = _Vdirsyncer(installed, folder / f"theirs-{number}", pair)
                them = theirs if counted else Took()
                _go(record, pair, them, PEER, peer.sync)
                theirs.failure = them.failure
                theirs.starts.append(peer.start())
    _rows(record, ours, theirs, events)


def _go(record: Record, pair: Pair, took: Took, who: str, sync: Callable[[], Run]) -> None:
    for step in STEPS:
        if step == STEPS[2]:
            pair.edit()
        before = pair.server.requests()
        took.runs.setdefault(step, []).append(record.keep(f"two ways, {step}, {who}", sync()))
        took.asked[step] = pair.server.requests() - before
    if failure := pair.failure():
        took.failure = failure
    pair.remove()


def _ours(pair: Pair, folder: Path, took: Took) -> Callable[[], Run]:
    hub = Hub(folder)
    words = ["--base-url", pair.server.address, "--secret", f"username={USER}", "--secret", f"password={PASSWORD}"]
    hub.must("connect", "caldav", *words, "--write")
    hub.must("collections", "new", "Shared", "--kind", "event")
    for calendar in pair.calendars:
        hub.must("collections", "attach", "Shared", "caldav", calendar, "--direction", "two_way", "--stream", "events")

    def sync() -> Run:
        done = hub.command("sync", "caldav", "--json")
        took.within.append(hub.report()["seconds"] if not done.failure else 0.0)
        return done

    return sync


class _Vdirsyncer:
    """Discovery, which asks a person, is done before; what is timed is `vdirsyncer sync`."""

    def __init__(self, installed: Installed, folder: Path, pair: Pair) -> None:
        folder.mkdir()
        self._program, self._folder = installed.program("vdirsyncer"), folder
        one, other = pair.calendars
        storages = "".join(
            f'[storage {name}]\ntype = "caldav"\nurl = "{pair.server.address}/{USER}/"\n'
            f'username = "{USER}"\npassword = "{PASSWORD}"\n'
            for name in ("one", "other")
        )
        (folder / "config").write_text(
            f'[general]\nstatus_path = "{folder}/status"\n[pair bench]\na = "one"\nb = "other"\n'
            f'collections = [["both", "{one}", "{other}"]]\n{storages}'
        )
        self._run("discover")

    def sync(self) -> Run:
        return self._run("sync")

    def start(self) -> Run:
        return run([self._program, "--version"], out=self._folder / "version")

    def _run(self, word: str) -> Run:
        return run([self._program, "--config", self._folder / "config", word], out=self._folder / "out")


def _rows(record: Record, ours: Took, theirs: Took, events: int) -> None:
    for at, (step, least) in enumerate(LEAST.items()):
        what = f"two calendars of {events:,} events, {step}"
        peer = theirs.failure or middle(theirs.runs[step])
        record.beside(what, middle(ours.runs[step]), PEER, peer, least)
        if not theirs.failure:
            within = median(ours.within[at :: len(STEPS)])
            theirs_within = middle(theirs.runs[step]).seconds - middle(theirs.starts).seconds
            row = Row(
                f"{what}, without the start of the programs",
                "",
                f"{within:.2f} s",
                f"{PEER}: {theirs_within:.2f} s",
                theirs_within / within if within else None,
            )
            record.add(row)
        asked = f"{PEER}: {theirs.asked.get(step, '–')}"
        record.add(Row(f"{what}, requests", "", f"{ours.asked[step]}", asked))
    if ours.failure:
        record.add(Row("two calendars, in step in the end", "yes", ours.failure, met=False))
