"""What the front door does with an output that ends early, a disk that is full, and a bug."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BUGGY = """\
from collections.abc import Iterator

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.planner import Task
from entrepot.sdk.archive import Archive
from entrepot.sdk.connector import Match, Options


class Buggy:
    def recognise(self, archive: Archive) -> Match | None:
        return Match(score=1.0) if archive.entry("a.buggy") else None

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        for number in range(1500):
            yield Change("tasks", Ref(str(number)), Task(title=str(number)))
        raise ZeroDivisionError("a bug")
"""
MANIFEST = """\
id: buggy
name: Buggy
summary: Breaks in the middle.
kinds: [task]
docs: https://example.org
importer: importer.Buggy
streams:
  tasks: {kind: task}
"""


@pytest.fixture
def command(tmp_path):
    def run(*words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "entrepot", *map(str, words)],
            env={**kept, "ENTREPOT_DATA": str(tmp_path / "hub"), "ENTREPOT_CONNECTORS": str(tmp_path / "connectors")},
            stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def buggy(tmp_path):
    folder = tmp_path / "connectors" / "buggy"
    folder.mkdir(parents=True)
    (folder / "manifest.yaml").write_text(MANIFEST)
    (folder / "importer.py").write_text(BUGGY)
    (tmp_path / "a.buggy").write_text("x")
    return tmp_path / "a.buggy"


def test_a_bug_of_an_importer_ends_its_run_as_failed_and_is_told_with_its_traceback(command, buggy):
    code, out, err = command("import", buggy, "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "bug"
    assert "ZeroDivisionError: a bug" in err
    [run] = json.loads(command("runs", "list", "--json")[1])
    assert (run["status"], run["error"]["code"], run["counts"]["created"]) == ("failed", "bug", 1000)
    importer = Path(buggy.parent, "connectors", "buggy", "importer.py")
    importer.write_text(importer.read_text().replace('raise ZeroDivisionError("a bug")', ""))
    code, out, err = command("import", buggy, "--json")
    assert (code, json.loads(out)["counts"]["created"], json.loads(out)["counts"]["unchanged"]) == (0, 500, 1000)


def test_an_interruption_says_how_to_go_on(command, buggy):
    importer = Path(buggy.parent, "connectors", "buggy", "importer.py")
    whole = importer.read_text()
    importer.write_text(whole.replace('raise ZeroDivisionError("a bug")', "import os; os.kill(os.getpid(), 2)"))
    code, out, err = command("import", buggy)
    assert (code, out) == (130, "")
    assert "the same command goes on" in err
    importer.write_text(whole.replace('raise ZeroDivisionError("a bug")', ""))
    report = json.loads(command("import", buggy, "--json")[1])
    nothing = dict.fromkeys(("updated", "unchanged", "deleted", "refused", "sent"), 0)
    assert report["counts"] == {"read": 1500, "created": 1500, **nothing}
    assert len(json.loads(command("runs", "list", "--json")[1])) == 1


@pytest.mark.parametrize("words", [("connectors", "list"), ("connectors", "list", "--json"), ("doctor",)])
def test_an_output_that_has_no_room_is_one_sentence(command, words):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    with Path("/dev/full").open("w") as full:
        code, _, err = command(*words, stdout=full)
    assert code == 1
    assert "No space left" in err
    assert err.count("\n") == 1, err


@pytest.mark.parametrize("words", [("connectors", "list"), ("connectors", "list", "--json")])
def test_a_reader_that_has_seen_enough_is_no_failure(command, words):
    reading, writing = os.pipe()
    os.close(reading)
    code, _, err = command(*words, stdout=writing)
    os.close(writing)
    assert (code, err) == (0, "")


def test_a_number_that_cannot_be_is_wrong_use(command):
    for noun in ("items", "runs"):
        code, _, err = command(noun, "list", "--limit", "-1")
        assert code == 2
        assert "--limit" in err


def test_a_file_in_the_place_of_the_hubs_folder_is_said(command, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, err = command("items", "list", "--data", tmp_path / "file")
    assert (code, "is a file" in err) == (2, True)
    code, out, err = command("doctor", "--data", tmp_path / "file", "--json")
    assert code == 1
    assert {one["what"]: one["state"] for one in json.loads(out)}["folder"] == "wrong"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_hub_with_nothing_in_it_says_how_to_begin(command):
    for noun in ("items", "runs", "integrations"):
        code, out, err = command(noun, "list")
        assert (code, out) == (0, "")
        assert "entrepot import PATH" in err
    assert command("items", "list", "--json")[1] == "[]\n"


def test_wrong_use_names_the_help_of_the_command(command):
    assert "See: entrepot items export --help" in command("items", "export")[2]


def test_a_folder_that_cannot_be_written_is_no_bug(command, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = command("connectors", "new", "mine", "--into", tmp_path / "file")
    assert code == 2
    assert "Traceback" not in err
