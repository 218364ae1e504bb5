import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import inspect

from entrepot.core.change import Change, Ref
from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.planner import Task
from entrepot.storage import workspaces
from entrepot.storage.database import Database, choose_dialect
from entrepot.storage.sqlite import Sqlite


def put(tx, name):
    tx.execute("INSERT INTO workspaces (public_id, name, created_at) VALUES (?, ?, 0)", name, name)


def names(database):
    with database.read() as tx:
        return [name for (name,) in tx.fetch("SELECT name FROM workspaces ORDER BY id")]


def page(first, size=20):
    return [Change("tasks", Ref(f"t{one}"), Task(title="x" * 500)) for one in range(first, first + size)]


def test_a_transaction_is_kept_whole_or_not_at_all(database):
    with database.write() as tx:
        put(tx, "a")
    with pytest.raises(ZeroDivisionError), database.write() as tx:
        put(tx, "b" * (1 // len(names(database)[2:])))
    assert names(database) == ["home", "a"]


def test_a_reading_transaction_cannot_write(database):
    with database.read() as tx:
        assert not hasattr(tx, "execute")
        with pytest.raises(AttributeError):
            put(tx, "a")


def test_a_reading_transaction_sees_one_moment(database):
    with database.read() as tx:
        before = tx.fetch("SELECT count(*) FROM workspaces")
        with database.write() as writing:
            put(writing, "a")
        assert tx.fetch("SELECT count(*) FROM workspaces") == before


def test_the_databases_time_is_in_milliseconds_and_the_same_in_a_transaction(database):
    with database.read() as tx:
        first = tx.now()
        time.sleep(0.01)
        assert tx.now() == first
    assert abs(first / 1000 - time.time()) < 60


def test_threads_write_one_after_another(database):
    def write(number):
        for one in range(10):
            with database.write() as tx:
                put(tx, f"{number}.{one}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 61


def test_a_thread_that_begins_a_second_write_inside_the_first_is_told_so(tmp_path):
    with Database(tmp_path / "hub.db") as database, database.write():
        second = database.write()
        with pytest.raises(RuntimeError, match="already"):
            second.__enter__()


def test_a_new_hub_has_a_workspace(database):
    with database.read() as tx:
        [(number, public)] = tx.fetch("SELECT id, public_id FROM workspaces")
        assert number == workspaces.first(tx)
        assert public.startswith("wsp_")


def test_opening_a_database_that_is_up_to_date_imports_no_migration_tool(tmp_path):
    Database(tmp_path / "hub.db").close()
    code = "import sys; from entrepot.storage.database import Database; Database(sys.argv[1]); assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "hub.db")], check=True)


def test_opening_a_database_that_is_up_to_date_takes_milliseconds(tmp_path):
    Database(tmp_path / "hub.db").close()
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        Database(tmp_path / "hub.db").close()
        best = min(best, time.perf_counter() - begin)
    assert best < 0.05


def test_processes_that_open_a_new_database_at_once_make_it_once(url):
    code = "import sys; from entrepot.storage.database import Database; sys.stdin.readline(); Database(sys.argv[1]).close()"
    opening = [subprocess.Popen([sys.executable, "-c", code, url], stdin=subprocess.PIPE, text=True) for _ in range(5)]
    time.sleep(1)
    for process in opening:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in opening:
        process.communicate()
        assert process.returncode == 0
    with Database(url) as database:
        assert names(database) == ["home"]


def test_only_the_owner_may_read_the_file(tmp_path):
    with Database(tmp_path / "folder" / "hub.db") as database, database.write() as tx:
        put(tx, "a")
        for file in (tmp_path / "folder").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_sqlite_is_set_up_for_pages_of_a_thousand_rows(tmp_path):
    with Database(tmp_path / "hub.db") as database, database.read() as tx:
        found = {
            name: tx.fetch(f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "auto_vacuum", "wal_autocheckpoint", "foreign_keys")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 1,
        "auto_vacuum": 2,
        "wal_autocheckpoint": 16384,
        "foreign_keys": 1,
    }


def test_what_cannot_be_had_again_is_written_through_to_the_disk(tmp_path):
    def synchronous(tx):
        return tx.fetch("PRAGMA synchronous")[0][0]

    with Database(tmp_path / "hub.db") as database:
        with database.write(durable=True) as tx:
            assert synchronous(tx) == 2
        with database.write() as tx:
            assert synchronous(tx) == 1


def test_a_full_disk_is_said_and_loses_nothing(tmp_path, place_in):
    Database(tmp_path / "hub.db").close()
    size = sqlite3.connect(tmp_path / "hub.db").execute("PRAGMA page_count").fetchone()[0]
    with Database(Sqlite(tmp_path / "hub.db", most_pages=size + 60)) as database:
        place = place_in(database)

        def fill():
            for number in range(100):
                place.apply(*page(number * 20), cursor=number)

        with pytest.raises(PersonMustFix, match="disk is full"):
            fill()
        applied = len(place.there()) // 20
        assert 0 < applied < 100
        assert len(place.there()) == applied * 20
        assert place.rows("SELECT cursor FROM positions") == [(str(applied - 1),)]
    with Database(tmp_path / "hub.db") as database:
        place.database = database
        assert place.apply(*page(applied * 20), cursor=applied).created == 20
        assert place.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_busy_database_is_said_to_be_busy(tmp_path):
    with Database(Sqlite(tmp_path / "hub.db", patience=0.1)) as database:
        other = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TryLater, match="Another process"), database.write():
            pass
        other.close()
        with database.write() as tx:
            put(tx, "a")


@pytest.mark.parametrize("content", [b"this is not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "hub.db").write_bytes(content)
    with pytest.raises(PersonMustFix):
        Database(tmp_path / "hub.db")
    assert (tmp_path / "hub.db").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PersonMustFix, match="cannot be written"):
        Database(tmp_path / "file" / "hub.db")


def test_a_server_that_is_not_there_is_said():
    with pytest.raises(TryLater, match="cannot be reached"):
        Database("postgresql://nobody@127.0.0.1:1/hub")


def test_other_sorts_of_databases_are_refused():
    with pytest.raises(PersonMustFix, match="mysql"):
        choose_dialect("mysql://localhost/hub")


@pytest.mark.parametrize("url", ["postgresql://me:planted@host:port/hub", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_is_refused_without_its_password(url):
    with pytest.raises(PersonMustFix) as refused:
        choose_dialect(url)
    assert "planted" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "file"),
    [("sqlite:///hub.db", "hub.db"), ("sqlite:////data/hub.db", "/data/hub.db"), ("some/hub.db", "some/hub.db")],
)
def test_a_url_or_a_path_names_the_file(url, file):
    dialect = choose_dialect(url)
    assert isinstance(dialect, Sqlite)
    assert dialect.file == Path(file)


def test_a_backup_made_while_others_write_is_of_one_moment(tmp_path):
    with Database(tmp_path / "hub.db") as database:
        stop = threading.Event()

        def write():
            number = 0
            while not stop.is_set():
                number += 1
                with database.write() as tx:
                    tx.execute("UPDATE workspaces SET name = ?", str(number))
                    put(tx, str(number))

        with database.write() as tx:
            for number in range(300):
                put(tx, f"filling {number} " + "x" * 2000)
        writing = threading.Thread(target=write)
        writing.start()
        try:
            for number in range(5):
                database.backup(tmp_path / f"{number}.db")
        finally:
            stop.set()
            writing.join()
    for number in range(5):
        assert stat.S_IMODE((tmp_path / f"{number}.db").stat().st_mode) == 0o600
        with Database(tmp_path / f"{number}.db") as copy, copy.read() as tx:
            assert tx.fetch("PRAGMA integrity_check") == [("ok",)]
            assert len(tx.fetch("SELECT DISTINCT name FROM workspaces")) <= 2 or number == 0
    assert not list(tmp_path.glob("*.unfinished"))


@pytest.mark.parametrize("name", ["what?", "100%41", "a#b", "two words", "file:memory", "ü"])
def test_the_name_of_the_folder_is_only_a_name(tmp_path, name):
    for where in (tmp_path / name / "hub.db", f"sqlite:///{tmp_path}/{name}/hub2.db"):
        with Database(where) as database, database.write() as tx:
            put(tx, "a")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert sorted(path.name for path in (tmp_path / name).glob("*.db")) == ["hub.db", "hub2.db"]


def test_a_backup_that_finds_no_room_is_said_and_leaves_nothing(tmp_path):
    code = """if True:
        import resource, sys
        from pathlib import Path
        from entrepot.core.errors import PersonMustFix
        from entrepot.storage.database import Database
        with Database(sys.argv[1]) as database:
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
            try:
                database.backup(Path(sys.argv[2]))
            except PersonMustFix as error:
                print(error.message)
    """
    Database(tmp_path / "hub.db").close()
    command = [sys.executable, "-c", code, str(tmp_path / "hub.db"), str(tmp_path / "copy.db")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "disk is full" in said
    assert not list(tmp_path.glob("copy*"))


def test_a_backup_in_the_place_of_the_hub_brings_it_back(tmp_path, place_in):
    with Database(tmp_path / "hub.db") as database:
        place = place_in(database)
        place.apply(*page(0), cursor=1)
        database.backup(tmp_path / "copy.db")
        place.apply(*page(20), cursor=2)
    (tmp_path / "copy.db").rename(tmp_path / "hub.db")
    with Database(tmp_path / "hub.db") as database:
        place.database = database
        assert len(place.there()) == 20
        assert place.apply(*page(0), *page(20), cursor=2).created == 20


def test_a_backup_never_overwrites(tmp_path):
    with Database(tmp_path / "hub.db") as database:
        (tmp_path / "copy.db").write_text("mine")
        with pytest.raises(PersonMustFix, match="already exists"):
            database.backup(tmp_path / "copy.db")
        assert (tmp_path / "copy.db").read_text() == "mine"


def test_space_that_is_not_used_any_more_is_given_back(tmp_path, place_in):
    with Database(tmp_path / "hub.db") as database:
        place = place_in(database)
        for number in range(50):
            place.apply(*page(number * 20))
        database.compact()
        before = (tmp_path / "hub.db").stat().st_size
        with database.write() as tx:
            tx.execute("DELETE FROM items")
        database.compact()
        assert (tmp_path / "hub.db").stat().st_size < before / 2
        assert (tmp_path / "hub.db-wal").stat().st_size == 0


def test_every_table_is_in_every_database(database):
    with database.read() as tx:
        there = set(inspect(tx.connection).get_table_names())
    assert {"items", "links", "runs", "credentials", "positions", "alembic_version"} <= there
