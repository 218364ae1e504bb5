"""Reading the mock: everything, nothing new, one record in a hundred changed; ours, the peers', the prototype."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.hub import Hub
from bench.installed import install
from bench.mock import Mock
from bench.process import Run, middle, run
from bench.record import Record
from bench.rest_peers import ALL, RestPeer

TIMES = 3
PROTOTYPE = "prototype"
STEPS = ("full", "no change", "1 % changed")


@dataclass
class Reader:
    """What one way of reading took, step by step; `failure` stands for all of it."""

    failure: str = ""
    runs: dict[str, list[Run]] = field(default_factory=dict[str, list[Run]])
    asked: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def took(self, step: str) -> Run | str:
        if self.failure or not self.runs.get(step):
            return self.failure or "it keeps no position"
        return middle(self.runs[step])

    def requests(self, step: str) -> int:
        return max(self.asked.get(step, [0]))


@dataclass(frozen=True)
class Bench:
    """One mock with so many records, and where to put things."""

    record: Record
    mock: Mock
    records: int
    folder: Path
    label: str

    def step(self, reader: Reader, who: str, step: str, read: Callable[[], Run]) -> Run:
        self.mock.requests()
        done = self.record.keep(f"{self.label}, {step}, {who}", read())
        reader.runs.setdefault(step, []).append(done)
        reader.asked.setdefault(step, []).append(self.mock.requests())
        return done

    def steps(self, reader: Reader, who: str, read: Callable[[], Run], *, resumes: bool = True) -> None:
        """Everything; then nothing new, twice; then one in a hundred."""
        self.mock.reset()
        self.step(reader, who, STEPS[0], read)
        if resumes:
            self.step(reader, who, STEPS[1], read)
            self.mock.edit()
            self.step(reader, who, STEPS[2], read)
        self.mock.reset()

    def ours(self, *, resumes: bool = True, times: int = TIMES) -> Reader:
        reader = Reader()
        for number in range(times):
            hub = Hub(self.folder / f"ours-{number}")
            hub.must("connect", "benchtasks", "--base-url", self.mock.address)
            expected = iter((self.records, 0, self.records // 100))

            def read(hub: Hub = hub, expected: Iterator[int] = expected) -> Run:
                done = hub.command("sync", "benchtasks", "--json")
                written = hub.counts().get("created", 0) + hub.counts().get("updated", 0)
                wanted = next(expected)
                return done if written == wanted else Run(0, 0, 0, 1, f"wrote {written} records instead of {wanted}")

            self.steps(reader, "ours", read, resumes=resumes)
        return reader

    def prototype(self, *, resumes: bool = True, times: int = TIMES) -> Reader:
        reader = Reader()
        for number in range(times):
            folder = self.folder / f"prototype-{number}"
            folder.mkdir()
            words = [sys.executable, "-m", "bench.prototype", self.mock.address, folder / "tasks.sqlite"]
            self.steps(reader, PROTOTYPE, lambda: run(words, out=folder / "out"), resumes=resumes)  # noqa: B023 -- called at once
        return reader

    def peer(self, sort: type[RestPeer], *, resumes: bool = True) -> Reader:
        installed = install(sort.package)
        if installed.failure:
            return Reader(installed.failure)
        self.record.facts[sort.package] = installed.version
        peer, reader = sort(installed, self.folder / sort.__name__, self.mock.address), Reader()
        self.steps(reader, peer.name, peer.read, resumes=resumes and peer.resumes)
        reader.failure = self._wrong(reader, peer.records(), resumed=resumes and peer.resumes)
        return reader

    def _wrong(self, reader: Reader, there: int | None, *, resumed: bool) -> str:
        """A peer is only compared if it did the work: everything, and later no more than what changed."""
        failed = next((run.failure for runs in reader.runs.values() for run in runs if run.failure), "")
        asked, wanted = reader.requests(STEPS[0]), self.records + (self.records // 100 if resumed else 0)
        if failed or asked < self.records // 100:
            return failed or f"asked for {asked} pages only"
        if there is not None and there < wanted:
            return f"{there} of {wanted} records arrived"
        return "read everything again" if resumed and reader.requests(STEPS[1]) > 2 else ""

    def peers(self, *, resumes: bool = True) -> Mapping[str, Reader]:
        return {sort.name: self.peer(sort, resumes=resumes) for sort in ALL}
