"""The command line as a person calls it: a process of its own, with a hub of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


class Done(msgspec.Struct):
    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Exactly one JSON value, and nothing else, was printed."""
        assert "Traceback" not in self.err, self.err
        return json.loads(self.out)


Command = Callable[..., Done]


def environment(data: Path, **more: str) -> dict[str, str]:
    """Of the surroundings only what a process needs to start."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "ENTREPOT_DATA": str(data), **more}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def entrepot(data: Path) -> Command:
    def run(*words: str | Path, stdin: str = "", **more: str) -> Done:
        command = [sys.executable, "-m", "entrepot", *map(str, words)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            input=stdin,
            env=environment(data, **more),
            timeout=100,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def viewing(tmp_path: Path) -> Callable[[int], Path]:
    """A viewing history of as many rows, in the layout of Netflix's full report; the third row of ten is broken."""

    def make(rows: int, *, broken: bool = False) -> Path:
        path = tmp_path / "ViewingActivity.csv"
        lines = [
            (
                "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,"
                "Latest Bookmark,Country"
            )
        ]
        for number in range(rows):
            start = f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d} {number % 24:02d}:{number % 60:02d}:00"
            duration = "soon" if broken and number % 10 == 2 else "0:41:00"
            lines.append(f"Home,{start},{duration},,Film {number},,Browser,0:41:00,0:41:00,GB (United Kingdom)")
        path.write_text("\n".join(lines) + "\n")
        return path

    return make
