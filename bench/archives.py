"""Importing export files: input per second and peak memory, reading alone (a dry run), with storing, and again."""

import shutil
from pathlib import Path

from bench.exports import LAYOUTS
from bench.hub import Hub
from bench.process import Run
from bench.record import Record, Row
from bench.starting import BUILT_IN

MEGABYTE = 1_000_000
LEAST = {"netflix": 50.0, "spotify": 50.0, "apple_health": 20.0, "google_takeout": 50.0}
MEMORY_MOST = 150.0


def archives(record: Record, folder: Path, size: int) -> None:
    """`size` in MB, each; the file is deleted before the next is made."""
    for name, least in LEAST.items():
        if not (BUILT_IN / name / "manifest.yaml").exists():
            record.add(Row(f"archive: {name}, {size} MB", f"≥ {least:g} MB/s", "no such connector yet"))
            continue
        place = folder / name
        place.mkdir(parents=True)
        _archive(record, name, place, size)
        shutil.rmtree(place)


def _archive(record: Record, name: str, place: Path, size: int) -> None:
    file = LAYOUTS[name](place, size * MEGABYTE)
    hub = Hub(place / "hub")
    took = {
        step: record.keep(f"archive: {name}, {step}", hub.command("import", file, "--json", *words))
        for step, words in (("dry run", ["--dry-run"]), ("import", []))
    }
    counts = hub.counts()
    took["again"] = record.keep(f"archive: {name}, again", hub.command("import", file, "--json"))
    what, target = f"archive: {name}, {size} MB, {counts.get('created', 0):,} records", f"≥ {LEAST[name]:g} MB/s"
    if took["import"].failure or not counts.get("created"):
        record.add(Row(what, target, took["import"].failure or f"nothing was created: {counts}", met=False))
        return
    rate = size / took["import"].seconds
    alone = ", ".join(f"{step} {_rate(size, took[step])}" for step in ("dry run", "again"))
    records = f"{counts['created'] / took['import'].seconds:,.0f} records/s"
    record.add(Row(what, target, f"{rate:.0f} MB/s, {records}", f"({alone})", met=rate >= LEAST[name]))
    record.limit(f"archive: {name}, peak memory", max(run.peak for run in took.values()), MEMORY_MOST, "MB")


def _rate(size: int, run: Run) -> str:
    return run.failure or f"{size / run.seconds:.0f} MB/s"
