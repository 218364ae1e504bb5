"""What a bench run gathers: the rows of the table, and every single run behind them."""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.process import Run, middle


@dataclass(frozen=True)
class Row:
    """One comparison. `met` is None where there is no target, or nothing to hold against it."""

    what: str
    target: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    met: bool | None = None


@dataclass
class Record:
    rows: list[Row] = field(default_factory=list[Row])
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    console: Console = field(default_factory=lambda: Console(stderr=True))

    def keep(self, name: str, run: Run) -> Run:
        """Note a run and say so: a bench that is silent for minutes is taken for dead."""
        shown = asdict(run)
        shown["said"] = "" if not run.status else run.said
        shown["load"] = os.getloadavg()[0]
        self.runs.setdefault(name, []).append(shown)
        self.console.print(
            f"{name}: {run.failure or f'{run.seconds:.2f} s, {run.cpu:.2f} s of processor, {run.peak:.0f} MB'}",
            highlight=False,
            markup=False,
        )
        return run

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def limit(self, what: str, value: float, limit: float, unit: str, *, most: bool = True) -> None:
        """A target that is a number: at most (or at least) `limit`."""
        sign, met = ("≤", value <= limit) if most else ("≥", value >= limit)
        self.add(Row(what, f"{sign} {limit:g} {unit}", f"{value:.3g} {unit}", met=met))

    def beside(self, what: str, ours: Run, peer: str, theirs: Run | str, least: float | None) -> None:
        """A target that is a ratio of times: `least` times as fast as the peer, who may have failed."""
        target = f"≥ {least:g} × faster" if least else ""
        failure = theirs if isinstance(theirs, str) else theirs.failure
        if ours.failure:
            self.add(Row(what, target, ours.failure, peer, met=False if least else None))
        elif failure or isinstance(theirs, str):
            self.add(Row(what, target, shown(ours), f"{peer}: not measured ({failure})"))
        else:
            ratio = theirs.seconds / ours.seconds
            self.add(
                Row(what, target, shown(ours), f"{peer}: {shown(theirs)}", ratio, ratio >= least if least else None)
            )

    def save(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        now = datetime.now(UTC)
        file = folder / f"{now:%Y-%m-%d-%H%M%S}.json"
        facts = {"at": now.isoformat(), **machine(), **self.facts}
        rows = [asdict(row) for row in self.rows]
        file.write_text(json.dumps({"facts": facts, "rows": rows, "runs": self.runs}, indent=1, ensure_ascii=False))
        return file

    def print(self) -> None:
        table = Table(title="Entrepôt beside its peers and floors, measured in one run on this machine")
        for name in ("what", "target", "ours", "beside", "ratio", "met"):
            table.add_column(name, justify="right" if name == "ratio" else "left", overflow="fold")
        for row in self.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            met = {True: "yes", False: "NO", None: "–"}[row.met]
            table.add_row(row.what, row.target, row.ours, row.peer, ratio, met)
        Console(width=max(150, Console().width)).print(table, markup=False)


def shown(run: Run) -> str:
    return f"{run.seconds:.2f} s, {run.peak:.0f} MB"


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "load": os.getloadavg(),
    }


def together(record: Record, name: str, runs: Sequence[Run]) -> Run:
    """The medians of runs that were kept under one name."""
    return middle([record.keep(name, run) for run in runs])
