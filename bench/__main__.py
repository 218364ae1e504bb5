"""`make bench`: ours beside peers and floors, measured in one run on this machine; a table, and bench-results/*.json.

Ratios hold for one run on one machine only. With every part it takes about ten minutes; `--only` picks parts.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import comparison
from bench.archives import archives
from bench.both_ways import both_ways
from bench.caldav import caldav
from bench.mock import serving
from bench.process import ROOT, Run, environment
from bench.record import Record, Row
from bench.starting import start

PARTS = ("start", "import", "slow", "archives", "caldav", "both-ways")
DELAY = 0.05
EVENTS = 2_000


def main() -> None:
    given = _given()
    record = Record()
    record.facts["options"] = vars(given)
    record.facts["load before"] = os.getloadavg()
    compile_all()
    parts: Mapping[str, Callable[[Path], None]] = {
        "start": lambda folder: start(record, folder),
        "import": lambda folder: _imports(record, folder, given),
        "slow": lambda folder: _slow(record, folder, given.slow_records),
        "archives": lambda folder: archives(record, folder, given.archive_mb),
        "caldav": lambda folder: caldav(record, folder, EVENTS),
        "both-ways": lambda folder: both_ways(record, folder, EVENTS),
    }
    for name, measure in parts.items():
        if name in given.only:
            with TemporaryDirectory(prefix="entrepot-bench-") as folder:
                _measure(record, name, measure, Path(folder) / name)
    record.print()
    sys.stdout.write(f"Load before {record.facts['load before'][0]:.1f}, after {os.getloadavg()[0]:.1f}. ")
    sys.stdout.write(f"All runs: {record.save(ROOT / 'bench-results')}\n")


def compile_all() -> None:
    """So that nobody pays for compiling modules: everyone starts from stored bytecode, as installed programs do."""
    folders = [ROOT / "src", ROOT / "bench", *(Path(path) for path in sys.path if path.endswith("site-packages"))]
    peers = (ROOT / "bench-results" / "peers").glob("*/lib/python*/site-packages")
    words = [sys.executable, "-m", "compileall", "-qq", *(str(folder) for folder in [*folders, *peers])]
    subprocess.run(words, check=False, env=environment({}))  # noqa: S603 -- our own interpreter; templates fail, and may


def _measure(record: Record, name: str, measure: Callable[[Path], None], folder: Path) -> None:
    """A part that breaks is told in its row, and the others still run."""
    folder.mkdir()
    try:
        measure(folder)
    except Exception as why:  # noqa: BLE001 -- ten minutes of measurements must not be lost to one part
        record.console.print_exception()
        record.add(Row(name, "", f"broke: {why}"[:300], met=False))


def _imports(record: Record, folder: Path, given: argparse.Namespace) -> None:
    with serving(given.records) as mock:
        full = comparison.fast(record, mock, given.records, folder)
    if given.million:
        shutil.rmtree(folder)
        _more(record, folder, given.million, full)
    else:
        record.add(Row("peak memory, 1,000,000 records", "≤ 150 MB", "not measured: --million"))


def _more(record: Record, folder: Path, records: int, smaller: Run | None) -> None:
    folder.mkdir()
    with serving(records) as mock:
        comparison.memory(record, mock, records, folder, smaller)


def _slow(record: Record, folder: Path, records: int) -> None:
    with serving(records, DELAY) as mock:
        comparison.slow(record, mock, records, folder)


def _given() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="bench", description=__doc__)
    words.add_argument("--records", type=int, default=100_000, help="without latency; 100,000 by default")
    words.add_argument("--slow-records", type=int, default=30_000, help="at 50 ms a request; 30,000 by default")
    words.add_argument("--archive-mb", type=int, default=100, help="of each export; 100 by default")
    words.add_argument("--million", type=int, nargs="?", const=1_000_000, default=0, help="memory at 1,000,000, too")
    words.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help=f"parts of {','.join(PARTS)}")
    given = words.parse_args()
    unknown = set(given.only) - set(PARTS)
    if unknown:
        words.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return given


if __name__ == "__main__":
    main()
