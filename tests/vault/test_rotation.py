import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.storage import data_keys, workspaces
from entrepot.storage.database import Database
from entrepot.vault.cipher import Place
from entrepot.vault.keys import FileKeys, TextKeys
from entrepot.vault.masterkey import MasterKey
from entrepot.vault.rotation import rotate
from entrepot.vault.vault import Vault

PLACE = Place("1", "credentials", "7", "sealed")
ROTATE = """
import sys
from pathlib import Path
from entrepot.storage.database import Database
from entrepot.vault.keys import FileKeys
from entrepot.vault import rotation

class Told(FileKeys):
    def begin_rotation(self):
        print("begin", flush=True); sys.stdin.readline() if "before" in sys.argv else None
        ring = super().begin_rotation()
        print("begun", flush=True); sys.stdin.readline() if "begun" in sys.argv else None
        return ring
    def end_rotation(self):
        print("ending", flush=True); sys.stdin.readline() if "ending" in sys.argv else None
        super().end_rotation()

def progress(done):
    print("wrapped", done, flush=True)
    if "wrapped" in sys.argv: sys.stdin.readline()

rotation.AT_ONCE = 10
rotation.rotate(Database(Path(sys.argv[1]) / "hub.sqlite"), Told(Path(sys.argv[1]) / "key"), progress)
print("done", flush=True)
"""


def filled(folder: Path, count: int = 35) -> dict[int, bytes]:
    """A database with a data key and a secret for each of many workspaces."""
    with Database(folder / "hub.sqlite") as database, database.write() as tx:
        vault = Vault(FileKeys(folder / "key"))
        spaces = [1, *(workspaces.add(tx, f"w{number}") for number in range(count - 1))]
        return {space: vault.seal(tx, space, PLACE, Secret(f"secret {space}")) for space in spaces}


def assert_all_open(database: Database, vault: Vault, secrets: dict[int, bytes]) -> None:
    with database.read() as tx:
        for space, sealed in secrets.items():
            assert vault.open(tx, space, PLACE, sealed).reveal() == f"secret {space}"


def rotating(folder: Path, stop_at: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ROTATE, str(folder), stop_at], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def read_until(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return
    raise AssertionError(f"the process ended before {word!r}")


def test_every_data_key_is_wrapped_anew_and_no_secret_is_touched(tmp_path: Path):
    secrets = filled(tmp_path)
    source = FileKeys(tmp_path / "key")
    old = source.read().current.id
    with Database(tmp_path / "hub.sqlite") as database:
        steps: list[int] = []
        done = rotate(database, source, steps.append)
        assert done.data_keys == steps[-1] == 35
        assert source.read().ids() == [done.master_key_id] != [old]
        assert_all_open(database, Vault(FileKeys(tmp_path / "key")), secrets)
        with database.read() as tx:
            assert set(data_keys.master_key_ids(tx)) == {done.master_key_id}


@pytest.mark.parametrize("moment", ["begun", "wrapped", "ending"])
def test_a_kill_in_the_middle_leaves_everything_readable_and_the_next_call_ends_it(tmp_path: Path, moment: str):
    secrets = filled(tmp_path)
    with Database(tmp_path / "hub.sqlite") as database:
        stayed = Vault(FileKeys(tmp_path / "key"))
        assert_all_open(database, stayed, {1: secrets[1]})
        process = rotating(tmp_path, moment)
        read_until(process, moment)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.communicate()
        assert_all_open(database, Vault(FileKeys(tmp_path / "key")), secrets)
        assert_all_open(database, stayed, secrets)
        begun = FileKeys(tmp_path / "key").read()
        assert len(begun.ids()) == 2
        done = rotate(database, FileKeys(tmp_path / "key"))
        assert done.master_key_id == begun.current.id, "the new key of the first try is the one kept"
        assert done.data_keys == {"begun": 35, "wrapped": 25, "ending": 0}[moment]
        assert FileKeys(tmp_path / "key").read().ids() == [done.master_key_id]
        assert_all_open(database, Vault(FileKeys(tmp_path / "key")), secrets)
        assert [file.name for file in tmp_path.iterdir() if "key" in file.name] == ["key"]


def test_others_read_and_write_while_it_runs(tmp_path: Path):
    secrets = filled(tmp_path)
    with Database(tmp_path / "hub.sqlite") as database:
        stayed = Vault(FileKeys(tmp_path / "key"))
        assert_all_open(database, stayed, {1: secrets[1]})
        process = rotating(tmp_path, "wrapped")
        read_until(process, "wrapped")
        newcomer = Vault(FileKeys(tmp_path / "key"))
        for vault in (stayed, newcomer):
            assert_all_open(database, vault, secrets)
            with database.write() as tx:
                space = workspaces.add(tx, "made in between")
                secrets[space] = vault.seal(tx, space, PLACE, Secret(f"secret {space}"))
        process.communicate("\n" * 10)
        assert process.returncode == 0
        assert_all_open(database, stayed, secrets)
        assert_all_open(database, Vault(FileKeys(tmp_path / "key")), secrets)
        with database.write() as tx:
            space = workspaces.add(tx, "made after, by one that knew only the old key")
            secrets[space] = stayed.seal(tx, space, PLACE, Secret(f"secret {space}"))
        assert_all_open(database, Vault(FileKeys(tmp_path / "key")), secrets)


def test_two_rotations_at_once_end_with_one_key(tmp_path: Path):
    secrets = filled(tmp_path)
    both = [rotating(tmp_path, "never") for _ in range(2)]
    for process in both:
        process.communicate(timeout=30)
        assert process.returncode == 0
    with Database(tmp_path / "hub.sqlite") as database:
        assert len(FileKeys(tmp_path / "key").read().ids()) == 1
        assert_all_open(database, Vault(FileKeys(tmp_path / "key")), secrets)


def test_a_key_from_the_environment_rotates_with_the_new_one_before_the_old(tmp_path: Path):
    old, new = MasterKey.fresh(), MasterKey.fresh()
    alone, both = TextKeys(old.text()), TextKeys(Secret(f"{new.text().reveal()},{old.text().reveal()}"))
    with Database(tmp_path / "hub.sqlite") as database:
        with database.write() as tx:
            sealed = Vault(alone).seal(tx, 1, PLACE, Secret("secret 1"))
        with pytest.raises(PersonMustFix, match="comma"):
            rotate(database, alone)
        assert rotate(database, both).data_keys == 1
        assert rotate(database, both).data_keys == 0
        assert_all_open(database, Vault(TextKeys(new.text())), {1: sealed})
        with pytest.raises(PersonMustFix, match="after a rotation elsewhere"):
            assert_all_open(database, Vault(alone), {1: sealed})


def test_with_the_wrong_key_nothing_begins(tmp_path: Path):
    filled(tmp_path, 1)
    stranger = FileKeys(tmp_path / "other")
    mine = stranger.create().ids()
    with Database(tmp_path / "hub.sqlite") as database, pytest.raises(PersonMustFix, match="Put back the key"):
        rotate(database, stranger)
    assert stranger.read().ids() == mine
