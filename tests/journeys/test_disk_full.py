"""A disk that fills up during an import: said in one sentence, nothing half-written, and with room it goes on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import environment

ROWS = 20_000
# In a mount namespace of its own, so that no other process ever sees the small disk; it goes with the script.
SMALL_DISK = """
mount -t tmpfs -o size=4m none "$ENTREPOT_DATA" || exit 99
"$PYTHON" -m entrepot import "$1" --json > "$2/full.json" 2> "$2/full.err"; echo $? > "$2/full.code"
"$PYTHON" -m entrepot import "$1" --json > "$2/again.json" 2> "$2/again.err"; echo $? > "$2/again.code"
mount -o remount,size=200m "$ENTREPOT_DATA" || exit 99
"$PYTHON" -m entrepot doctor --json > "$2/doctor.json"
"$PYTHON" -m entrepot items export --kind play > "$2/between.jsonl"
"$PYTHON" -m entrepot import "$1" --json > "$2/roomy.json" 2> "$2/roomy.err"; echo $? > "$2/roomy.code"
"$PYTHON" -m entrepot items export --kind play > "$2/after.jsonl"
"""
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
from entrepot.cli.start import main
sys.exit(main(sys.argv[1:]))
"""


def titles(lines: str) -> list[str]:
    return [json.loads(line)["data"]["title"] for line in lines.splitlines()]


def test_an_import_onto_a_full_disk_says_so_and_goes_on_when_there_is_room(viewing, data: Path, tmp_path: Path):
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare to make a small disk with")
    path, out = viewing(ROWS), tmp_path / "out"
    data.mkdir()
    out.mkdir()
    command = ["unshare", "--mount", "sh", "-c", SMALL_DISK, "sh", str(path), str(out)]
    done = subprocess.run(
        command, env=environment(data, PYTHON=sys.executable), capture_output=True, text=True, timeout=90, check=False
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"nothing may be mounted here: {done.stderr.strip()}")
    for attempt in ("full", "again"):
        assert (out / f"{attempt}.code").read_text().strip() in {"1", "2"}
        assert "Traceback" not in (out / f"{attempt}.err").read_text()
        said = json.loads((out / f"{attempt}.json").read_text())
        assert "full" in said["error"]["message"]
    assert {one["what"]: one["state"] for one in json.loads((out / "doctor.json").read_text())}["database"] == "ok"
    between = titles((out / "between.jsonl").read_text())
    assert len(between) == len(set(between))
    assert len(between) % 1000 == 0, "whole pages"
    assert len(between) < ROWS
    assert (out / "roomy.code").read_text().strip() == "0", (out / "roomy.err").read_text()
    assert sorted(titles((out / "after.jsonl").read_text())) == sorted(f"Film {number}" for number in range(ROWS))


def test_an_import_that_may_not_write_more_says_so_and_is_whole_the_next_time(entrepot, viewing, data: Path):
    path = viewing(ROWS)
    assert entrepot("items", "list").code == 0
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "import", str(path), "--json"],
        env=environment(data), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    assert "full" in json.loads(done.stdout)["error"]["message"]
    assert entrepot("import", path, "--json").code == 0
    there = titles(entrepot("items", "export", "--kind", "play").out)
    assert sorted(there) == sorted(f"Film {number}" for number in range(ROWS))
