"""Connectors found by folder: quickly listed, loaded when needed, and from other folders too."""

import subprocess
import sys
import time

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.manifest_file import load
from entrepot.sdk.scaffold import scaffold

IDENTITY = "id: {id}\nname: {name}\nsummary: What it does.\nkinds: [task, note]\ndocs: https://example.org\n"


def write(folder, name, more="", **files):
    made = folder / name
    made.mkdir(parents=True)
    (made / "manifest.yaml").write_text("# a comment first\n" + IDENTITY.format(id=name, name=name.title()) + more)
    for file, text in files.items():
        (made / f"{file}.py").write_text(text)
    return made


def test_folders_with_a_manifest_are_connectors(tmp_path):
    write(tmp_path, "shop")
    write(tmp_path, "bank", "importer: importer.Bank\n\nstreams: never read here")
    write(tmp_path, "lists", "importer: importer.Lists\nreads: [live, archive]\n\nstreams: never read here")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    catalog = Catalog(built_in=tmp_path)
    assert [(entry.id, entry.reads, entry.kinds) for entry in catalog.listing()] == [
        ("bank", ("archive",), ("task", "note")),
        ("lists", ("live", "archive"), ("task", "note")),
        ("shop", ("live",), ("task", "note")),
    ]
    assert "shop" in catalog
    assert "empty" not in catalog


def test_a_wrong_name_is_answered_with_what_may_be_meant(tmp_path):
    write(tmp_path, "todoist")
    with pytest.raises(PersonMustFix, match="Did you mean todoist"):
        Catalog(built_in=tmp_path).entry("todist")


def test_a_folder_of_ones_own_goes_before_the_built_in_one(tmp_path):
    write(tmp_path / "in", "shop")
    write(tmp_path / "own", "shop")
    entry = Catalog([tmp_path / "own", tmp_path / "absent"], built_in=tmp_path / "in").entry("shop")
    assert entry.own
    assert entry.folder == tmp_path / "own" / "shop"


def test_python_is_loaded_by_path_and_its_modules_know_each_other(tmp_path):
    code = "from .other import WORD\nclass Shop:\n    word = WORD\n"
    write(tmp_path, "shop", connector=code, other="WORD = 'hello'\n")
    entry = Catalog(built_in=tmp_path).entry("shop")
    found = entry.load("connector.Shop")
    assert found.word == "hello"
    assert found is entry.load("connector.Shop")
    assert "shop.connector" in found.__module__
    for wrong in ("connector.Shoop", "missing.Shop"):
        with pytest.raises(PersonMustFix):
            entry.load(wrong)


def test_two_folders_of_one_name_do_not_share_their_python(tmp_path):
    for word in ("one", "two"):
        write(tmp_path / word, "shop", connector=f"WORD = {word!r}\n")
    found = [
        Catalog([tmp_path / word], built_in=tmp_path).entry("shop").load("connector.WORD") for word in ("one", "two")
    ]
    assert found == ["one", "two"]


def test_python_that_fails_leaves_nothing_half_loaded(tmp_path):
    made = write(tmp_path, "broken", connector="raise RuntimeError('a bug')\n")
    entry = Catalog(built_in=tmp_path).entry("broken")
    with pytest.raises(RuntimeError):
        entry.load("connector.X")
    (made / "connector.py").write_text("X = 1\n")
    assert entry.load("connector.X") == 1


def test_an_importer_is_opened_only_where_there_is_one(tmp_path):
    write(tmp_path, "shop")
    with pytest.raises(PersonMustFix, match="reads no files"):
        Catalog(built_in=tmp_path).entry("shop").open_importer()


def test_a_hundred_folders_are_listed_in_a_moment_without_yaml_or_pydantic(tmp_path):
    for number in range(100):
        write(tmp_path, f"shop_{number}", "\n" + "# a long manifest\n" * 140)
    code = (
        "import sys, time; start = time.perf_counter()\n"
        "from pathlib import Path\nfrom entrepot.sdk.catalog import Catalog\n"
        f"assert len(Catalog(built_in=Path({str(tmp_path)!r})).listing()) == 100\n"
        "print(time.perf_counter() - start)\n"
        "assert not {'yaml', 'pydantic', 'aiohttp'} & sys.modules.keys()\n"
    )
    best = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    assert best < 0.2


def test_looking_again_costs_nothing(tmp_path):
    for number in range(100):
        write(tmp_path, f"shop_{number}")
    catalog = Catalog(built_in=tmp_path)
    catalog.listing()
    start = time.perf_counter()
    catalog.listing()
    assert time.perf_counter() - start < 0.01


def test_a_new_connector_is_a_folder_with_everything_in_it(tmp_path):
    folder = scaffold("my_shop", tmp_path)
    assert load(folder / "manifest.yaml").name == "My Shop"
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "fixtures",
        "icon.svg",
        "manifest.yaml",
        "quality.yaml",
    }
    assert (folder / "icon.svg").stat().st_size < 1024
    with pytest.raises(PersonMustFix, match="already there"):
        scaffold("my_shop", tmp_path)
    with pytest.raises(PersonMustFix, match="no id"):
        scaffold("My Shop", tmp_path)


def test_a_new_connector_can_begin_as_another_one(tmp_path):
    folder = scaffold("ticktock", tmp_path, Catalog().entry("todoist"))
    made = load(folder / "manifest.yaml")
    assert (made.id, made.name) == ("ticktock", "Ticktock")
    assert made.streams.keys() == {"tasks"}


@pytest.mark.parametrize("like", ["anilist", "google_calendar", "amazon_s3", "netflix"])
def test_what_the_manifest_of_the_other_names_comes_with_it(tmp_path, like):
    before = Catalog().entry(like)
    folder = scaffold("again", tmp_path, before)
    files = {path.name for kind in ("*.py", "*.graphql") for path in before.folder.glob(kind)}
    assert files
    assert files <= {path.name for path in folder.iterdir()}
