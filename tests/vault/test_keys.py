import os
import stat
import sys
from pathlib import Path

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.vault.keys import CommandKeys, FileKeys, TextKeys
from entrepot.vault.masterkey import MasterKey


def test_the_first_start_makes_a_key_file_that_only_its_owner_reads(tmp_path: Path):
    file = tmp_path / "new" / "key"
    first = FileKeys(file).create()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert FileKeys(file).create().ids() == first.ids() == FileKeys(file).read().ids()
    assert [entry.name for entry in file.parent.iterdir()] == ["key"]


def test_a_lost_key_file_is_not_replaced_by_a_useless_new_one(tmp_path: Path):
    with pytest.raises(PersonMustFix, match="backup"):
        FileKeys(tmp_path / "key").read()
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int):
    file = tmp_path / "key"
    FileKeys(file).create()
    file.chmod(mode)
    with pytest.raises(PersonMustFix, match="chmod 600"):
        FileKeys(file).read()


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o277, 0o777])
def test_the_umask_neither_opens_nor_closes_the_key_file(tmp_path: Path, mask: int):
    before = os.umask(mask)
    try:
        FileKeys(tmp_path / "key").create()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
def test_a_key_that_somebody_else_put_there_is_refused(tmp_path: Path):
    """As in a folder where everybody may write: who put it there knows it."""
    file = tmp_path / "key"
    FileKeys(file).create()
    os.chown(file, 12345, 12345)
    with pytest.raises(PersonMustFix, match="another user"):
        FileKeys(file).read()
    os.chown(tmp_path, 12345, 12345)
    assert FileKeys(file).read().ids(), "in their own folder it is their own hub"


def test_a_key_kept_elsewhere_by_a_link_stays_there(tmp_path: Path):
    (tmp_path / "vault").mkdir()
    (tmp_path / "hub").mkdir()
    link, file = tmp_path / "hub" / "key", tmp_path / "vault" / "key"
    link.symlink_to(file)
    source = FileKeys(link)
    first = source.create().current.id
    assert source.begin_rotation().current.id != first
    source.end_rotation()
    assert link.is_symlink()
    assert not file.is_symlink()
    assert [entry.name for entry in (tmp_path / "hub").iterdir()] == ["key"]
    assert FileKeys(file).read().ids() == source.read().ids()


def test_a_key_file_that_cannot_be_read_or_written_is_explained(tmp_path: Path):
    with pytest.raises(PersonMustFix, match="cannot be read"):
        FileKeys(tmp_path).read()
    (tmp_path / "file").touch()
    with pytest.raises(PersonMustFix, match="cannot be"):
        FileKeys(tmp_path / "file" / "key").create()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"nonsense", b"\xff\xfe\x00" * 20])
def test_a_broken_key_file_is_explained(tmp_path: Path, content: bytes):
    file = tmp_path / "key"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(PersonMustFix, match="key"):
        FileKeys(file).read()


def test_rotation_keeps_the_old_key_in_the_file_until_it_is_over(tmp_path: Path):
    source = FileKeys(tmp_path / "key")
    old = source.create().current
    ring = source.begin_rotation()
    assert ring.current.id != old.id
    assert ring.find(old.id) is not None
    assert source.begin_rotation().ids() == ring.ids(), "a second try goes on with the key of the first"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    source.end_rotation()
    assert source.read().ids() == [ring.current.id]


def test_a_text_holds_the_new_key_before_the_old(tmp_path: Path):
    new, old = MasterKey.fresh(), MasterKey.fresh()
    source = TextKeys(Secret(f"{new.text().reveal()} {old.text().reveal()}"))
    assert source.begin_rotation().current.id == new.id
    source.end_rotation()
    assert source.read().find(old.id) is not None


def test_a_command_prints_the_key_and_sees_no_shell(tmp_path: Path):
    key = MasterKey.fresh()
    program = "import sys; sys.exit('wrong') if sys.argv[1] != '$HOME; false' else print(sys.argv[2])"
    source = CommandKeys([sys.executable, "-c", program, "$HOME; false", key.text().reveal()])
    assert source.read().current.id == key.id
    assert key.text().reveal() not in source.origin


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["/nowhere/at/all"],
        [sys.executable, "-c", "import sys; print('planted-secret'); sys.exit(3)"],
        [sys.executable, "-c", "print('planted-secret')"],
        [sys.executable, "-c", "import time; time.sleep(60)"],
    ],
)
def test_a_command_that_gives_no_key_is_explained(command: list[str]):
    with pytest.raises(PersonMustFix) as caught:
        CommandKeys(command, seconds=1).read()
    assert "planted-secret" not in caught.value.message + caught.value.detail
