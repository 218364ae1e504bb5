"""Every command: it is documented, helps, prints one JSON value whether it works or not, and ends with its code."""

import csv
import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import msgspec
import pytest

from entrepot.cli.commands import MODULES
from tests.journeys.conftest import ROOT, Command, environment
from tests.journeys.inside import call
from tests.standin import TOKEN, Shop, open_hub, open_shop, write_connector

README = (ROOT / "README.md").read_text()


def documented() -> list[tuple[str, ...]]:
    """`entrepot items list`, `show` and `doctor`, `backup` in one row of the table are commands each."""
    found: list[tuple[str, ...]] = []
    for row in re.findall(r"^\| (`entrepot [^|]+) \|", README, re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", row)
        words = [word for word in first.split()[1:] if word == word.lower()]
        found.append(tuple(words))
        for other in others:
            last = other.split()[0]
            found.append((last,) if last in MODULES else (words[0], last))
    return found


@pytest.fixture
def entrepot(data: Path) -> Command:
    return partial(call, data)


@pytest.fixture
def shop():
    with open_shop() as opened:
        yield opened


@pytest.fixture
def connected(data: Path, tmp_path: Path, shop: Shop) -> Command:
    """The command line of a hub that has read a service with 12 tasks, one of them broken."""
    env = {"ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors"))}
    run = partial(call, data, **env)
    shop.tasks.fill(12)
    shop.tasks.records["r00003"]["title"] = 'Ümläut, "quoted"\nand broken 🎻'
    shop.notes.fill(2)
    assert run("connect", "shop", "--base-url", shop.url, "--secret", f"access_token={TOKEN}").code == 0
    assert run("sync", "shop").code == 0
    return run


def test_the_readme_names_every_command_and_no_other():
    assert {words[0] for words in documented()} == set(MODULES)


@pytest.mark.parametrize("words", documented(), ids=" ".join)
def test_every_command_helps(entrepot, words):
    done = entrepot(*words, "--help")
    assert done.code == 0
    assert "Usage" in done.out
    assert "--json" in done.out or words == ("app",)


def both_ways(item: str) -> list[tuple[str, ...]]:
    """The commands of two-way sync, in an order in which each has something to do."""
    return [
        ("sync", "shop", "--dry-run"),
        ("sync",),
        ("collections", "new", "Mine", "--kind", "task"),
        ("collections", "attach", "Mine", "shop", "tasks", "--direction", "pull", "--dry-run"),
        ("collections", "attach", "Mine", "shop", "tasks", "--direction", "pull"),
        ("collections", "policy", "Mine", "--mode", "latest"),
        ("integrations", "policy", "shop"),
        ("items", "add", "--kind", "task", "--set", "title=New"),
        ("items", "edit", item, "--set", "title=Edited"),
        ("items", "delete", item),
        ("items", "restore", item),
        ("items", "move", item, "Mine"),
        ("items", "history", item),
        ("conflicts", "list"),
        ("conflicts", "resolve", "--all", "--use", "hub"),
    ]


def test_every_command_prints_one_json_value_when_it_works(connected, tmp_path, viewing):
    item = connected("items", "list", "--kind", "task", "--limit", "1", "--json").json()[0]
    run = connected("runs", "list", "--json").json()[0]
    file = tmp_path / "tasks.csv"
    commands = [
        ("sync", "shop"),
        *both_ways(item["id"]),
        ("items", "list", "--kind", "task", "--source", "shop"),
        ("items", "show", item["id"]),
        ("items", "export", "--kind", "task"),
        ("items", "export", "--kind", "task", "--format", "csv", "--to", file),
        ("collections", "list"),
        ("mapping", "show", "shop", "tasks"),
        ("mapping", "set", "shop", "tasks", "description=id", "--dry-run"),
        ("mapping", "suggest", "shop", "tasks"),
        ("integrations", "list"),
        ("integrations", "show", "shop"),
        ("integrations", "test", "shop"),
        ("connectors", "list"),
        ("connectors", "show", "netflix"),
        ("connectors", "new", "my_shop", "--into", tmp_path / "new"),
        ("runs", "list"),
        ("runs", "show", run["run"]),
        ("app", "set", "shop", "--client-id", "x"),
        ("keys", "rotate"),
        ("doctor",),
        ("backup", tmp_path / "copy.sqlite"),
        ("import", viewing(3)),
        ("import", viewing(3), "--dry-run"),
        ("collections", "detach", "Mine", "shop", "tasks"),
        ("integrations", "remove", "shop"),
    ]
    for words in commands:
        done = connected(*words, "--json")
        assert done.code == 0, (words, done)
        done.json()
        assert done.err == "", words


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("sync", "nothing"), 2),
        (("sync", "--stream", "tasks"), 2),
        (("sync", "nothing", "--dry-run"), 2),
        (("sync", "shop", "--stream", "cakes"), 2),
        (("items", "list", "--kind", "cake"), 2),
        (("items", "show", "itm_nothing"), 2),
        (("items", "export", "--kind", "cake"), 2),
        (("items", "export", "--kind", "task", "--source", "nobody"), 2),
        (("items", "export", "--kind", "task", "--format", "xlsx"), 2),
        (("items", "export", "--kind", "task", "--format", "parquet"), 0),
        (("items", "export", "--kind", "task", "--to", "/nowhere/tasks.jsonl"), 2),
        (("items", "add", "--kind", "cake"), 2),
        (("items", "edit", "itm_nothing", "--set", "title=x"), 2),
        (("items", "undo", "jrn_nothing"), 2),
        (("items", "revert", "jrn_nothing"), 2),
        (("collections", "attach", "nothing", "shop", "tasks"), 2),
        (("collections", "detach", "nothing", "shop", "tasks"), 2),
        (("collections", "new", "x", "--kind", "cake"), 2),
        (("collections", "policy", "nothing"), 2),
        (("conflicts", "show", "cfl_nothing"), 2),
        (("conflicts", "resolve", "cfl_nothing", "--use", "hub"), 2),
        (("runs", "pause", "run_nothing"), 2),
        (("runs", "undo", "run_nothing"), 2),
        (("runs", "discard", "run_nothing"), 2),
        (("mapping", "show", "shop", "cakes"), 2),
        (("mapping", "set", "shop", "tasks", "cake=id"), 2),
        (("mapping", "set", "shop", "tasks", "title"), 2),
        (("mapping", "suggest", "nothing", "tasks"), 2),
        (("integrations", "show", "nothing"), 2),
        (("integrations", "remove", "nothing"), 2),
        (("connectors", "show", "nothing"), 2),
        (("runs", "show", "run_nothing"), 2),
        (("runs", "list", "--limit", "many"), 2),
        (("app", "set", "nothing", "--client-id", "x"), 2),
        (("import",), 2),
        (("import", "/nowhere"), 2),
        (("backup", "/nowhere/copy.sqlite"), 2),
        (("bake",), 2),
        (("doctor", "--loudly"), 2),
    ],
)
def test_every_command_prints_one_json_value_when_it_fails(connected, words, code):
    done = connected(*words, "--json")
    assert done.code == code, done
    if code:
        assert set(done.json()) == {"error"}
        assert done.json()["error"]["message"]
    assert "Traceback" not in done.err


def test_the_module_is_the_command(data):
    done = subprocess.run(
        [sys.executable, "-m", "entrepot", "items", "show", "itm_nothing"],
        capture_output=True,
        text=True,
        env=environment(data),
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")


def test_an_export_is_the_same_whichever_the_format(connected, tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet

    for format_ in ("jsonl", "csv", "parquet"):
        words = ("items", "export", "--kind", "task", "--format", format_, "--to", tmp_path / f"tasks.{format_}")
        assert connected(*words).code == 0
    lines = [json.loads(line) for line in (tmp_path / "tasks.jsonl").read_text().splitlines()]
    with (tmp_path / "tasks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = pyarrow.parquet.read_table(tmp_path / "tasks.parquet").to_pylist()
    assert [{name: value or "" for name, value in row.items()} for row in columns] == rows
    assert len(lines) == len(rows) == 12
    for line, row in zip(lines, rows, strict=True):
        assert (row["id"], row["object_id"], row["title"]) == (
            line["id"],
            line["source"]["object_id"],
            line["data"]["title"],
        )
        for name, value in line["data"].items():
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            assert row[name] == text, name
    assert connected("items", "export", "--kind", "task").out == (tmp_path / "tasks.jsonl").read_text()
    assert connected("items", "export", "--kind", "task", "--json").json() == lines


def test_an_integration_is_removed_with_or_without_what_it_brought(connected, shop):
    assert connected("integrations", "remove", "shop", "--json").json()["items_deleted"] == 0
    assert len(connected("items", "list", "--json").json()) == 14
    assert connected("sync", "shop").code == 2
    assert connected("connect", "shop", "--base-url", shop.url, "--secret", f"access_token={TOKEN}").code == 0
    counts = connected("sync", "shop", "--json").json()["counts"]
    assert (counts["created"], counts["unchanged"]) == (0, 14), "the same account again takes up what it had brought"
    removed = connected("integrations", "remove", "shop", "--delete-data", "--json").json()
    assert removed["items_deleted"] == 14
    assert connected("items", "list", "--json").json() == []


def test_a_backup_opens_as_an_equal_hub(connected, data, tmp_path):
    copy = tmp_path / "copied" / "hub.sqlite"
    copy.parent.mkdir()
    assert connected("backup", copy, "--json").json() == {"file": str(copy), "bytes": copy.stat().st_size}
    shutil.copy(data / "key", copy.parent / "key")
    before = connected("items", "export", "--kind", "task").out
    words = ("--data", copy.parent)
    assert connected("items", "export", "--kind", "task", *words).out == before
    counts = connected("sync", "shop", "--json", *words).json()["counts"]
    assert (counts["created"], counts["updated"]) == (0, 0), "with its credential and its positions"
    assert connected("backup", copy).code == 2, "nothing is overwritten"


def test_after_new_keys_everything_still_opens(connected, data):
    key = (data / "key").read_bytes()
    assert connected("keys", "rotate", "--json").json() == {"rewrapped": 1}
    assert (data / "key").read_bytes() != key
    assert connected("sync", "shop").code == 0
    findings = connected("doctor", "--json").json()
    assert [finding["what"] for finding in findings if finding["state"] == "wrong"] == []


def test_a_lost_key_is_said_and_not_replaced_in_silence(connected, data):
    (data / "key").unlink()
    done = connected("sync", "shop")
    assert done.code == 2
    assert "key" in done.err
    assert connected("doctor").code == 1


def test_records_that_were_refused_have_their_own_code(connected, shop):
    shop.tasks.records["r00001"]["updated"] = "soon"
    done = connected("sync", "shop", "--json")
    assert (done.code, done.json()["status"], done.json()["counts"]["refused"]) == (3, "done", 1)


def test_a_run_that_is_under_way_can_be_shown(connected, data, tmp_path):
    with open_hub(data, tmp_path / "connectors") as hub, hub.services.database.write() as tx:
        tx.execute("UPDATE runs SET status = 'running', finished_at = NULL")
    [run] = connected("runs", "list", "--json").json()
    done = connected("runs", "show", run["run"], "--json")
    assert (done.code, done.json()["status"]) == (0, "running")
