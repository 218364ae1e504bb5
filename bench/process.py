"""Running a program and timing the whole of it from outside: wall clock, processor time and peak memory."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
LONGEST = 1800.0
_KEPT = 4000
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Run:
    """`peak` is in MB and of the largest process, where a command starts several; `cpu` is theirs together."""

    seconds: float
    cpu: float
    peak: float
    status: int
    said: str
    """The end of what it wrote to stderr."""

    @property
    def failure(self) -> str:
        """Why this run counts for nothing, in a line; empty if it went well."""
        if not self.status:
            return ""
        last = self.said.strip().splitlines()[-1:] or ["nothing said"]
        return f"ended with {self.status}: {last[0][:160]}"


def run(command: Sequence[str | Path], *, out: Path, add: Mapping[str, str] | None = None, folder: Path = ROOT) -> Run:
    """Run to its end; stdout goes to the file `out` (which may be /dev/null)."""
    errors = out.with_suffix(".stderr") if out.is_file() or not out.exists() else Path(os.devnull)
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        begun = time.perf_counter()
        started = subprocess.Popen(  # noqa: S603 -- our own words and the peers' own programs
            [str(word) for word in command], stdout=stdout, stderr=stderr, env=environment(add or {}), cwd=folder
        )
        guard = threading.Timer(LONGEST, started.kill)
        guard.start()
        _, status, used = os.wait4(started.pid, 0)
        seconds = time.perf_counter() - begun
        guard.cancel()
    started.returncode = os.waitstatus_to_exitcode(status)
    said = errors.read_bytes()[-_KEPT:].decode(errors="replace") if errors.is_file() else ""
    # Linux counts in KiB, macOS in bytes.
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / _MEGABYTE
    return Run(seconds, used.ru_utime + used.ru_stime, peak, started.returncode, said)


def environment(add: Mapping[str, str]) -> dict[str, str]:
    """Ours without what would keep Python from storing compiled modules: everyone starts as an installed program."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in kept.items() if not name.startswith("ENTREPOT_")} | dict(add)


def middle(runs: Sequence[Run]) -> Run:
    """The medians of several runs, each figure by itself; a failed one fails them all."""
    for one in runs:
        if one.failure:
            return one
    return Run(
        median(one.seconds for one in runs), median(one.cpu for one in runs), max(one.peak for one in runs), 0, ""
    )
