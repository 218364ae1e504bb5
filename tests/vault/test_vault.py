from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.storage import data_keys, workspaces
from entrepot.storage.database import Database
from entrepot.vault.cipher import Place
from entrepot.vault.keys import FileKeys, TextKeys
from entrepot.vault.masterkey import MasterKey
from entrepot.vault.vault import Vault

PLACE = Place("1", "credentials", "7", "sealed")


def sealed_in(database: Database, vault: Vault, secret: str = "planted-secret") -> bytes:
    with database.write() as tx:
        return vault.seal(tx, 1, PLACE, Secret(secret))


@pytest.fixture
def database(tmp_path: Path):
    with Database(tmp_path / "hub.sqlite") as database:
        yield database


def test_a_secret_opens_in_another_process_with_the_same_key(database: Database, tmp_path: Path):
    sealed = sealed_in(database, Vault(FileKeys(tmp_path / "key")))
    with database.read() as tx:
        assert Vault(FileKeys(tmp_path / "key")).open(tx, 1, PLACE, sealed).reveal() == "planted-secret"


def test_all_secrets_of_a_workspace_share_one_data_key_and_no_workspace_opens_anothers(
    database: Database, tmp_path: Path
):
    vault = Vault(FileKeys(tmp_path / "key"))
    with database.write() as tx:
        second = workspaces.add(tx, "second")
        first = [vault.seal(tx, 1, PLACE, Secret(text)) for text in ("a", "ä" * 10_000, "")]
        vault.seal(tx, second, PLACE, Secret("b"))
        assert sum(data_keys.master_key_ids(tx).values()) == 2
    with database.read() as tx:
        assert [vault.open(tx, 1, PLACE, sealed).reveal() for sealed in first] == ["a", "ä" * 10_000, ""]
        with pytest.raises(PersonMustFix, match="Connect the integration again"):
            vault.open(tx, second, PLACE, first[0])


@pytest.mark.parametrize(
    "change", [lambda b: b[:-1], lambda b: b[:0], lambda b: b[:40] + b"x" + b[41:], lambda b: b"x" * 16 + b[16:]]
)
def test_a_changed_secret_is_explained(database: Database, tmp_path: Path, change):
    vault = Vault(FileKeys(tmp_path / "key"))
    sealed = sealed_in(database, vault)
    with database.read() as tx, pytest.raises(PersonMustFix, match="cannot be opened"):
        vault.open(tx, 1, PLACE, change(sealed))


def test_the_wrong_master_key_says_which_is_meant_and_what_to_do(database: Database):
    right, wrong = MasterKey.fresh(), MasterKey.fresh()
    sealed = sealed_in(database, Vault(TextKeys(right.text())))
    other = Vault(TextKeys(wrong.text()))
    with database.read() as tx:
        for attempt in (lambda: other.open(tx, 1, PLACE, sealed), lambda: other.check(tx)):
            with pytest.raises(PersonMustFix, match="Put back the key") as caught:
                attempt()
            assert right.id in caught.value.message
            assert wrong.id in caught.value.message
            assert wrong.text().reveal() not in caught.value.message
        Vault(TextKeys(right.text())).check(tx)
    with pytest.raises(PersonMustFix, match="Put back the key"):
        sealed_in(database, other)


def test_a_second_workspace_is_not_sealed_with_a_key_that_a_rotation_has_left_behind(database: Database):
    old, new = MasterKey.fresh(), MasterKey.fresh()
    sealed_in(database, Vault(TextKeys(new.text())))
    both = TextKeys(Secret(f"{old.text().reveal()} {new.text().reveal()}"))
    with database.write() as tx:
        second = workspaces.add(tx, "second")
        Vault(both).seal(tx, second, PLACE, Secret("b"))
        assert set(data_keys.master_key_ids(tx)) == {new.id}


def test_a_data_key_whose_transaction_was_rolled_back_seals_nothing(database: Database, tmp_path: Path):
    vault = Vault(FileKeys(tmp_path / "key"))
    with suppress(ZeroDivisionError), database.write() as tx:
        vault.seal(tx, 1, PLACE, Secret("lost"))
        raise ZeroDivisionError
    sealed = sealed_in(database, vault)
    with database.read() as tx:
        assert Vault(FileKeys(tmp_path / "key")).open(tx, 1, PLACE, sealed).reveal() == "planted-secret"


def test_a_damaged_data_key_is_told_apart_from_a_wrong_master_key(database: Database, tmp_path: Path):
    sealed = sealed_in(database, Vault(FileKeys(tmp_path / "key")))
    with database.write() as tx:
        found = data_keys.newest(tx, 1)
        assert found is not None
        data_keys.rewrap(tx, found.key_id, found.master_key_id, found.wrapped[:-1] + b"\x00\x00")
    with database.read() as tx, pytest.raises(PersonMustFix, match="damaged"):
        Vault(FileKeys(tmp_path / "key")).open(tx, 1, PLACE, sealed)


def test_no_secret_and_no_key_stands_readable_in_the_database_files(tmp_path: Path):
    master = MasterKey.fresh()
    with Database(tmp_path / "hub.sqlite") as database:
        vault = Vault(TextKeys(master.text()))
        sealed_in(database, vault)
        raw = next(iter(vault._opened.values()))
        files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for planted in (b"planted-secret", master.text().reveal().encode(), raw, b64encode(raw), raw.hex().encode()):
        assert planted not in files
    assert "planted" not in repr(vault)
