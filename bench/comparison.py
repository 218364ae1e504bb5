"""The rows about reading a paged API, from what each reader took."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench.mock import Mock
from bench.process import Run, run
from bench.record import Record, Row
from bench.rest import PROTOTYPE, STEPS, TIMES, Bench, Reader
from bench.rest_peers import Airbyte, Dlt

FULL_LEAST = {Airbyte.name: 4.0, Dlt.name: 5.0}
SLOW_LEAST = 15.0
SMALL_LEAST = 3.0
SMALL_MOST = {STEPS[1]: 0.6, STEPS[2]: 0.8}
MEMORY_MOST = 150.0
FLOORS = {"download": "download and decode, 8 at a time", "table": "a table of the hub's shape", "combined": "both"}


def fast(record: Record, mock: Mock, records: int, folder: Path) -> Run | None:
    """No latency: full, no change, one in a hundred, and the floors."""
    bench = Bench(record, mock, records, folder, f"{records:,} records")
    ours, prototype, peers = bench.ours(), bench.prototype(), bench.peers()
    full = ours.took(STEPS[0])
    if isinstance(full, str):
        raise TypeError(full)
    what = f"full import, {records:,} records, 0 ms"
    for name, peer in peers.items():
        record.beside(what, full, name, peer.took(STEPS[0]), FULL_LEAST.get(name))
    record.beside(what, full, PROTOTYPE, prototype.took(STEPS[0]), 1.0)
    _floors(record, bench, full)
    for step, most in SMALL_MOST.items():
        _small(record, step, most, ours, {**peers, PROTOTYPE: prototype})
    asked = ours.requests(STEPS[1])
    record.add(Row("no change, requests", "1", f"{asked}", met=asked == 1))
    return None if full.failure else full


def slow(record: Record, mock: Mock, records: int, folder: Path) -> None:
    """Fifty milliseconds a request: who asks one after another waits."""
    bench = Bench(record, mock, records, folder, f"{records:,} records at 50 ms")
    ours, prototype = bench.ours(resumes=False), bench.prototype(resumes=False, times=1)
    peers = bench.peers(resumes=False)
    full = ours.took(STEPS[0])
    if isinstance(full, str):
        raise TypeError(full)
    what = f"full import, {records:,} records, 50 ms a request (floor at 16 together {records / 100 / 16 * 0.05:.2f} s)"
    for name, peer in peers.items():
        record.beside(what, full, name, peer.took(STEPS[0]), SLOW_LEAST)
    record.beside(what, full, PROTOTYPE, prototype.took(STEPS[0]), None)


def memory(record: Record, mock: Mock, records: int, folder: Path, smaller: Run | None) -> None:
    """Ten times as many records must not need more memory."""
    bench = Bench(record, mock, records, folder, f"{records:,} records")
    took = bench.ours(resumes=False, times=1).took(STEPS[0])
    if isinstance(took, str) or took.failure:
        record.add(Row(f"peak memory, {records:,} records", f"≤ {MEMORY_MOST:g} MB", str(took), met=False))
        return
    record.limit(f"peak memory, {records:,} records", took.peak, MEMORY_MOST, "MB")
    record.add(Row(f"full import, {records:,} records", "", f"{took.seconds:.1f} s, {records / took.seconds:,.0f}/s"))
    if smaller:
        grown = took.peak / smaller.peak
        record.add(Row("peak memory, beside the smaller import", "within 10 %", f"{grown:.2f} ×", met=grown <= 1.1))


def _small(record: Record, step: str, most: float, ours: Reader, others: Mapping[str, Reader]) -> None:
    took = ours.took(step)
    if isinstance(took, str) or took.failure:
        record.add(Row(step, f"≤ {most:g} s", str(took), met=False))
        return
    record.limit(f"{step}, whole process", took.seconds, most, "s")
    for name, reader in others.items():
        if not reader.failure and step not in reader.runs:
            continue  # it keeps no position, so that there is nothing to compare
        record.beside(step, took, name, reader.took(step), None if name == PROTOTYPE else SMALL_LEAST)


def _floors(record: Record, bench: Bench, full: Run) -> None:
    rates: dict[str, float] = {}
    for stage, words in FLOORS.items():
        found: list[float] = []
        for number in range(TIMES):
            folder = bench.folder / f"floor-{stage}-{number}"
            folder.mkdir()
            command = [sys.executable, "-m", "bench.floors", stage, bench.mock.address, folder / "floor.sqlite"]
            record.keep(f"floor: {words}", run(command, out=folder / "out"))
            took = json.loads((folder / "out").read_bytes())
            found.append(took["records"] / took["seconds"])
        rates[stage] = median(found)
        record.add(Row(f"floor: {words}", "", "", f"{rates[stage]:,.0f} records/s"))
    if not full.failure:
        rate = bench.records / full.seconds
        ratio = rate / rates["combined"]
        peer = f"combined floor: {rates['combined']:,.0f} records/s"
        what = "full import, whole process, beside the floor"
        record.add(Row(what, "≥ 0.5 of it", f"{rate:,.0f} records/s", peer, ratio, met=ratio >= 0.5))
        record.limit("peak memory, full import", full.peak, MEMORY_MOST, "MB")
