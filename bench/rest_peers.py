"""The peers that read the mock: how each is set up, called, called again from where it stopped, and checked."""

import json
import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from bench.installed import Installed
from bench.peers import airbyte
from bench.process import Run, run

COUNT = """\
import duckdb, sys
print(duckdb.connect(sys.argv[1]).execute("select count(*) from bench.tasks").fetchone()[0])
"""
PROGRAMS = Path(__file__).parent / "peers"
QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "DO_NOT_TRACK": "1",
    "PYTHONWARNINGS": "ignore",
}


class RestPeer(ABC):
    """One peer with its own folder, for one full read and what follows it."""

    package: str
    name: str
    resumes = True

    def __init__(self, installed: Installed, folder: Path, address: str) -> None:
        self._installed, self._folder = installed, folder
        folder.mkdir(parents=True)
        self._prepare(address)

    def read(self) -> Run:
        """Everything at first; later what changed."""
        done = run(self._command(), out=self._out(), add=QUIET, folder=self._folder)
        if not done.failure:
            self._remember()
        return done

    @abstractmethod
    def records(self) -> int | None:
        """How many records there are at the other end; None where they are thrown away."""

    @abstractmethod
    def _prepare(self, address: str) -> None: ...

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    def _out(self) -> Path:
        return self._folder / "out"

    def _remember(self) -> None:  # noqa: B027 -- a peer that keeps its own position has nothing to do here
        """Keep for the next read what this one said about its position."""


class Airbyte(RestPeer):
    package, name = "airbyte-cdk", "airbyte-cdk manifest → JSON Lines"

    def _prepare(self, address: str) -> None:
        airbyte.write_files(self._folder, address)
        self._state = self._folder / "state.json"
        self._written = 0

    def _command(self) -> Sequence[str | Path]:
        words = ["read", "--config", self._folder / "config.json", "--catalog", self._folder / "catalog.json"]
        state = ["--state", self._state] if self._state.exists() else []
        return [self._installed.program("source-declarative-manifest"), *words, *state]

    def _remember(self) -> None:
        self._state.write_text(json.dumps(airbyte.state_of(self._out())))
        with self._out().open("rb") as lines:
            self._written += sum(b'"type":"RECORD"' in line for line in lines)

    def records(self) -> int:
        return self._written


class SingerTap(RestPeer):
    package, name, resumes = "singer-sdk", "singer tap → /dev/null", False

    def _prepare(self, address: str) -> None:
        (self._folder / "tap.json").write_text(json.dumps({"address": address}))

    def _command(self) -> Sequence[str | Path]:
        config = ["--config", self._folder / "tap.json"]
        return [self._installed.program("python"), PROGRAMS / "singer_tap.py", *config]

    def _out(self) -> Path:
        return Path("/dev/null")

    def records(self) -> None:
        return None


class Singer(SingerTap):
    name, resumes = "singer tap → target, JSON Lines", True

    def _prepare(self, address: str) -> None:
        super()._prepare(address)
        self._lines = self._folder / "tasks.jsonl"
        self._state = self._folder / "state.json"
        (self._folder / "target.json").write_text(json.dumps({"file": str(self._lines)}))

    def _command(self) -> Sequence[str | Path]:
        state = ["--state", self._state] if self._state.exists() else []
        target = [self._installed.program("python"), PROGRAMS / "singer_target.py"]
        target += ["--config", self._folder / "target.json"]
        tap = _line([*super()._command(), *state])
        return ["/bin/sh", "-c", f"{tap} | {_line(target)}"]

    def _out(self) -> Path:
        return self._folder / "states"

    def _remember(self) -> None:
        said = self._out().read_text().strip().splitlines()
        if said:
            self._state.write_text(said[-1])

    def records(self) -> int:
        with self._lines.open("rb") as lines:
            return sum(1 for _ in lines)


class Dlt(RestPeer):
    package, name = "dlt", "dlt → DuckDB, parquet, flat"

    def _prepare(self, address: str) -> None:
        self._address = address

    def _command(self) -> Sequence[str | Path]:
        return [self._installed.program("python"), PROGRAMS / "dlt_pipeline.py", self._address, self._folder]

    def records(self) -> int:
        out = self._folder / "count"
        run([self._installed.program("python"), "-c", COUNT, self._folder / "tasks.duckdb"], out=out)
        return int(out.read_text().strip() or 0)


ALL: Sequence[type[RestPeer]] = (Airbyte, SingerTap, Singer, Dlt)


def _line(words: Sequence[str | Path]) -> str:
    return " ".join(shlex.quote(str(word)) for word in words)
