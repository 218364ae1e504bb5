"""Big files in small memory. `make soak` reads 300 MB of each form; the suite reads a tenth of a per cent of it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RECORD = (
    b'{"ts":"2020-01-01T00:00:00Z","n":%d,"name":"Something with \\"quotes\\" and },{","inner":[{"a":1},{"b":[2]}]}'
)
ROW = b'%d,2020-01-01 00:00:00,"Something with ""quotes"", and more",0:41:07,Device\n'
ELEMENT = b'<Record type="HKHeartRate" sourceName="W\xc3\xa4chter" unit="count/min" value="%d" startDate="2020-01-01 00:00:00 +0100"><Meta key="k" value="v"/></Record>\n'
LEAST = {"json": 50, "jsonl": 50, "csv": 20, "xml": 20}
READ = """
import sys, time
from pathlib import Path
from entrepot.protocols.archive import open_archive
from entrepot.protocols.archive_json import records
from entrepot.protocols.archive_tables import first_table
from entrepot.protocols.archive_xml import elements
readers = {
    "json": lambda entry: records(entry),
    "jsonl": lambda entry: records(entry),
    "csv": lambda entry: first_table(entry).rows("s"),
    "xml": lambda entry: elements(entry, "Record"),
}
path = Path(sys.argv[1])
with open_archive(path) as archive:
    entry = next(archive.entries())
    began = time.perf_counter()
    count = sum(1 for _ in readers[path.suffix[1:]](entry))
    seconds = time.perf_counter() - began
# Not getrusage: its maximum would still be that of the process this one was forked from.
lines = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
print(count, peak // 1024, entry.size / seconds / 1e6)
"""


def write(path: Path, size: int) -> int:
    """A file of about `size` bytes; how many records are in it."""
    row, start, between, end = {
        ".json": (RECORD, b"[\n", b",\n", b"\n]"),
        ".jsonl": (RECORD, b"", b"\n", b""),
        ".csv": (ROW, b"Number,Time,Title,Length,Device\n", b"", b""),
        ".xml": (ELEMENT, b"<HealthData>", b"<Other/>", b"</HealthData>"),
    }[path.suffix]
    block = between.join(row % number for number in range(10_000))
    count = max(1, size // len(block))
    with path.open("wb") as file:
        file.write(start)
        file.write(block)
        for _ in range(count - 1):
            file.write(between + block)
        file.write(end)
    return count * 10_000


def measure(path: Path, report: Callable[[str], None]) -> tuple[int, int, float]:
    """Records, peak megabytes of a process that reads them, megabytes per second."""
    told = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True).stdout
    count, memory, speed = told.split()
    report(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB, {float(speed):.0f} MB/s, peak {memory} MB")
    return int(count), int(memory), float(speed)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "xml"])
def test_a_file_is_read_in_little_memory(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form}"
    expected = write(path, 3_000_000)
    count, memory, _ = measure(path, print)
    assert count == expected
    assert memory < 150


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "xml"])
def test_three_hundred_megabytes_are_read_in_little_memory_and_fast(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form}"
    expected = write(path, 300_000_000)
    count, memory, speed = measure(path, print)
    assert count == expected
    assert memory < 150
    assert speed > LEAST[form]
