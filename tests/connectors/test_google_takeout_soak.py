"""A Takeout of very many small files, measured by the highest memory of the process itself."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PICTURES = 20_000
PEAK = 240 << 10
"""In KB. About 90 MB are the program itself, the rest the names of 60,000 files."""
IMPORT = """
import sys
from pathlib import Path
from entrepot import Hub
with Hub(sys.argv[1]) as hub:
    (report,) = hub.import_files(sys.argv[2])
print(report.counts.created, Path("/proc/self/status").read_text())
"""


def takeout(folder: Path) -> Path:
    """300 MB in 64,000 files: pictures with sidecars, and what is not read."""
    years = [folder / "Takeout/Google Photos" / f"Photos from {year}" for year in range(2000, 2025)]
    others = folder / "Takeout/Fit/All Sessions", folder / "Takeout/Fit/Daily activity metrics", folder / "Takeout/Keep"
    for made in (*years, *others):
        made.mkdir(parents=True)
    for number in range(PICTURES):
        picture = years[number % len(years)] / f"IMG_{number:06}.jpg"
        picture.write_bytes(number.to_bytes(8, "big") + b"\xff" * (15_000 + number % 97))
        sidecar = {"title": picture.name, "photoTakenTime": {"timestamp": str(1_500_000_000 + number)}}
        picture.with_name(f"{picture.name}.supplemental-metadata.json").write_text(json.dumps(sidecar))
        (others[0] / f"{number}.json").write_text(json.dumps({"fitnessActivity": "walking", "filler": "x" * 300}))
        if number % 10 == 0:
            (others[1] / f"{number}.csv").write_text("Start time,End time\n" + "10:00,11:00\n" * 500)
            (others[2] / f"{number}.html").write_text(f"<html>{'x' * 3000}</html>")
    return folder


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_very_many_small_files_are_read_in_little_memory(tmp_path):
    command = [sys.executable, "-c", IMPORT, tmp_path / "hub", takeout(tmp_path / "export")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500)
    created, _, status = done.stdout.partition(" ")
    peak = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert int(created) == PICTURES
    assert peak is not None
    assert int(peak[1]) < PEAK
