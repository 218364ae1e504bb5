"""Importing from the command line: once, twice, broken, unknown, cut off, killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile

import pyarrow.parquet
import pytest

from tests.journeys.conftest import ROOT, environment

COUNTS = {"read", "created", "updated", "unchanged", "deleted", "refused", "sent"}
EXAMPLES = ROOT / "examples" / "archives"


def exported(entrepot, kind="play"):
    done = entrepot("items", "export", "--kind", kind)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_an_import_prints_one_json_value_with_the_promised_fields(entrepot, viewing):
    done = entrepot("import", viewing(25), "--json")
    report = done.json()
    assert done.code == 0
    assert set(report) >= {"run", "connector", "status", "seconds", "counts", "streams", "refused"}
    assert set(report["counts"]) == COUNTS
    assert (report["connector"], report["status"]) == ("netflix", "done")
    assert report["counts"]["created"] == report["counts"]["read"] == 25


def test_a_second_import_of_the_same_file_changes_nothing(entrepot, viewing):
    path = viewing(25)
    entrepot("import", path)
    before = exported(entrepot)
    counts = entrepot("import", path, "--json").json()["counts"]
    assert (counts["created"], counts["updated"], counts["unchanged"]) == (0, 0, 25)
    assert exported(entrepot) == before


def test_an_exported_item_tells_where_it_came_from(entrepot, viewing):
    entrepot("import", viewing(1))
    [item] = exported(entrepot)
    assert set(item) == {"id", "kind", "collection", "data", "source", "imported_at", "updated_at", "deleted_at"}
    assert set(item["source"]) == {"platform", "integration", "object_id"}
    assert item["source"]["platform"] == "netflix"
    assert item["data"]["title"] == "Film 0"


def test_rows_that_cannot_be_read_are_set_aside_and_the_rest_comes_in(entrepot, viewing):
    done = entrepot("import", viewing(30, broken=True), "--json")
    report = done.json()
    assert done.code == 3
    assert report["counts"]["refused"] == len(report["refused"]) == 3
    assert report["counts"]["created"] == 27
    assert all(bad["where"] and bad["reason"] for bad in report["refused"])
    shown = entrepot("runs", "show", report["run"], "--json").json()
    assert shown["refused"] == report["refused"]


def test_a_file_nobody_knows_is_wrong_use_and_says_what_can_be_done(entrepot, tmp_path):
    path = tmp_path / "shopping.txt"
    path.write_text("bread\n")
    done = entrepot("import", path, "--json")
    assert done.code == 2
    assert "--as" in done.json()["error"]["message"]
    assert entrepot("import", tmp_path / "not there").code == 2
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert entrepot("import", empty).code == 2


def test_a_dry_run_counts_and_writes_nothing(entrepot, viewing):
    report = entrepot("import", viewing(25), "--dry-run", "--json").json()
    assert report["counts"]["read"] == 25
    assert report["run"] is None
    assert exported(entrepot) == []


def test_a_cut_zip_and_one_that_climbs_out_are_refused_before_anything_is_written(entrepot, viewing, tmp_path):
    whole = tmp_path / "netflix.zip"
    with zipfile.ZipFile(whole, "w") as packed:
        packed.write(viewing(2_000), "CONTENT_INTERACTION/ViewingActivity.csv")
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-200])
    climbing = tmp_path / "climbing.zip"
    with zipfile.ZipFile(climbing, "w") as packed:
        packed.writestr("../../ViewingActivity.csv", "Profile Name,Start Time\n")
    for path in (cut, climbing):
        done = entrepot("import", path)
        assert done.code == 2, done.err
        assert "Traceback" not in done.err
    assert exported(entrepot) == []


def test_every_example_archive_comes_in_and_comes_in_once(entrepot):
    first = entrepot("import", EXAMPLES, "--json")
    reports = first.json()
    assert first.code == 0, reports
    assert {r["connector"] for r in reports} == {
        "netflix", "spotify", "apple_health", "google_takeout", "evernote", "myanimelist", "open_banking", "x",
        "ical_file", "vcard_file",
    }  # fmt: skip
    assert all(r["counts"]["created"] for r in reports)
    again = entrepot("import", EXAMPLES, "--json").json()
    assert all(r["counts"]["created"] == r["counts"]["updated"] == 0 for r in again)


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])])
def test_an_import_killed_at_random_moments_ends_as_if_it_had_not_been(kills, entrepot, viewing, data, tmp_path):
    path = viewing(60_000)
    dice = random.Random(kills)
    command = [sys.executable, "-m", "entrepot", "import", str(path), "--json"]
    killed = 0
    for _ in range(kills):
        with subprocess.Popen(
            command, env=environment(data), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            time.sleep(dice.uniform(0.3, 2.5))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            process.communicate()
    assert killed
    assert entrepot("import", path, "--json").code == 0
    titles = [item["data"]["title"] for item in exported(entrepot)]
    assert len(titles) == 60_000
    assert len(set(titles)) == 60_000


def test_parquet_goes_through_a_pipe_whole(entrepot, viewing, data, tmp_path):
    entrepot("import", viewing(25))
    command = [sys.executable, "-m", "entrepot", "items", "export", "--kind", "play", "--format", "parquet"]
    piped = tmp_path / "plays.parquet"
    with piped.open("wb") as file:
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, env=environment(data), timeout=60, check=True)
    assert pyarrow.parquet.read_table(piped).num_rows == 25
