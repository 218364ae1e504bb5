import zipfile
from pathlib import Path

import pytest

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.protocols.archive import open_archive
from entrepot.protocols.archive_damage import damage_in, unless_damaged, unreadable
from entrepot.protocols.archive_entry import Damaged

FIRST = Change("plays", Ref("1"), Play(title="one"))


def torn():
    yield FIRST
    raise Damaged("b.json is broken.")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A zip with a whole file, and one whose bytes are not those that were packed."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.json", b"[1]")
        packed.writestr("b.json", b"begin" + b"x" * 100_000)
    path.write_bytes(path.read_bytes().replace(b"x" * 100_000, b"x" * 99_999 + b"y"))
    return path


def test_what_comes_before_the_damage_is_given_and_the_rest_is_told(damaged):
    with open_archive(damaged) as archive:
        rows = list(unless_damaged(archive, "b.json", "plays", torn()))
    assert rows == [FIRST, BadRow("plays", "b.json", "b.json is broken. What follows in this file was not read.")]


def test_alone_a_damaged_file_ends_the_import(tmp_path):
    path = tmp_path / "b.json"
    path.write_text("[1")
    with open_archive(path) as archive:
        rows = unless_damaged(archive, "b.json", "plays", torn())
        assert next(rows) == FIRST
        with pytest.raises(Damaged, match="broken"):
            next(rows)


def test_the_beginning_of_a_damaged_file_is_read_as_far_as_it_is_whole(damaged):
    with open_archive(damaged) as archive:
        whole, broken = archive.entries("*.json")
        assert (broken.peek(5), broken.damage, list(unreadable(archive.entries(), "plays"))) == (b"begin", "", [])
        assert broken.head(200_000) == b""
        assert [row.where for row in unreadable(archive.entries(), "plays")] == ["b.json"]
        assert "damaged" in broken.damage
        assert (damage_in(whole), "damaged" in damage_in(broken)) == ("", True)
