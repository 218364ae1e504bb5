"""What every importer promises, whatever the service: the same rows have the same ids however they are handed over."""

import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive import OpenArchive, open_archive
from entrepot.protocols.archive_entry import StoredEntry
from entrepot.sdk.catalog import BUILT_IN, Catalog
from entrepot.sdk.connector import Options

NAMES = ("netflix", "spotify", "myanimelist", "x", "apple_health", "google_takeout", "evernote", "open_banking")


class Backwards:
    """An archive whose files come in the opposite order."""

    def __init__(self, archive: OpenArchive) -> None:
        self._archive = archive
        self.name = archive.name
        self.entry = archive.entry

    def entries(self, *patterns: str) -> Iterator[StoredEntry]:
        return reversed(list(self._archive.entries(*patterns)))


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def export(name, tmp_path) -> Path:
    """All fixtures of a connector together, as in one unpacked download."""
    return Path(
        shutil.copytree(BUILT_IN / name / "fixtures", tmp_path / "export", ignore=lambda *_: ["expected.yaml", "live"])
    )


def read(name: str, archive: object) -> tuple[dict[tuple[str, str], Change], list[BadRow]]:
    rows = list(Catalog().entry(name).open_importer().read(archive, Options()))
    changes = {(row.stream, row.ref.id): row for row in rows if isinstance(row, Change)}
    return changes, [row for row in rows if isinstance(row, BadRow)]


def read_path(name: str, path: Path) -> tuple[dict[tuple[str, str], Change], list[BadRow]]:
    with open_archive(path) as archive:
        assert Catalog().entry(name).open_importer().recognise(archive) is not None
        return read(name, archive)


def told(changes: dict[tuple[str, str], Change]) -> dict[tuple[str, str], object]:
    return {key: (change.data, change.native, change.ref.version) for key, change in changes.items()}


def pack(folder: Path, into: Path) -> Path:
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, path.relative_to(folder).as_posix())
    return into


def damage(packed: Path, wanted: str) -> None:
    """Turn some bits in the middle of what is stored of one file."""
    raw = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as archive:
        info = next(one for one in archive.infolist() if one.filename.endswith(wanted))
    start = info.header_offset + 30 + len(info.filename.encode())
    for at in range(start + info.compress_size // 3, start + info.compress_size // 3 + 8):
        raw[at] ^= 0xFF
    packed.write_bytes(raw)


def test_a_zip_reads_as_its_folder_does(name, export, tmp_path):
    unpacked, refused = read_path(name, export)
    packed, refused_packed = read_path(name, pack(export, tmp_path / "export.zip"))
    assert told(packed) == told(unpacked)
    assert len(refused_packed) == len(refused)


def test_the_order_of_files_changes_no_id(name, export):
    with open_archive(export) as archive:
        forwards, _ = read(name, archive)
        backwards, _ = read(name, Backwards(archive))
    assert backwards.keys() == forwards.keys()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_the_zone_of_the_machine_changes_nothing(name, export, zone, monkeypatch):
    here, _ = read_path(name, export)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        there, _ = read_path(name, export)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert told(there) == told(here)


@pytest.mark.parametrize("name", ["netflix", "spotify", "myanimelist", "evernote", "open_banking"])
def test_files_given_one_by_one_have_the_ids_they_have_together(name, export):
    together, _ = read_path(name, export)
    alone: dict[tuple[str, str], Change] = {}
    for path in sorted(export.iterdir()):
        alone |= read_path(name, path)[0]
    assert alone.keys() == together.keys()


@pytest.mark.parametrize("as_zip", [True, False])
def test_an_empty_archive_is_nobodys(name, as_zip, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with open_archive(pack(empty, tmp_path / "empty.zip") if as_zip else empty) as archive:
        assert Catalog().entry(name).open_importer().recognise(archive) is None


DAMAGED = {
    "netflix": "SearchHistory.csv",
    "spotify": "Streaming_History_Audio_2024_0.json",
    "myanimelist": "mangalist.xml",
    "x": "2001-probe.png",
    "apple_health": ".gpx",
    "google_takeout": ".html",
    "evernote": "Travel.enex",
    "open_banking": "konto.sta",
}


def test_one_damaged_file_is_named_and_costs_only_itself(name, export, tmp_path):
    if name == "evernote":
        shutil.copy(export / "Recipes.enex", export / "Travel.enex")
    whole, _ = read_path(name, export)
    packed = pack(export, tmp_path / "export.zip")
    damage(packed, DAMAGED[name])
    left, now_refused = read_path(name, packed)
    assert [row.where.endswith(DAMAGED[name]) for row in now_refused if "damaged" in row.reason] == [True]
    assert len(left) >= len(whole) // 2
    assert left.keys() <= whole.keys()


@pytest.mark.parametrize(("name", "file"), [("netflix", "ViewingActivity.csv"), ("evernote", "Recipes.enex")])
def test_a_damaged_file_that_is_all_there_is_ends_the_import(name, file, tmp_path):
    path = tmp_path / "one"
    path.mkdir()
    source = BUILT_IN / name / "fixtures" / file
    text = source.read_text()
    (path / file).write_text(text + "\n".join(str(number) for number in range(20_000)))
    packed = pack(path, tmp_path / "export.zip")
    damage(packed, file)
    with open_archive(packed) as archive, pytest.raises(PersonMustFix, match="damaged"):
        read(name, archive)
