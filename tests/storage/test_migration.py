import shutil
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from entrepot.core.errors import PersonMustFix
from entrepot.storage import migration
from entrepot.storage.database import Database, choose_dialect
from entrepot.storage.migration import HEAD, SCRIPTS, Target
from entrepot.storage.schema import SCHEMA

NEXT = '''"""A step a later release might take."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("colour", sa.Text(), nullable=True))
    op.execute("UPDATE workspaces SET colour = 'green'")
    {then}
'''

OPENER = """
import sys
from pathlib import Path
from entrepot.storage.database import choose_dialect
from entrepot.storage.migration import Target, upgrade

dialect = choose_dialect(sys.argv[1])
engine = dialect.engine()
sys.stdin.readline()
upgrade(engine, dialect, Target("9999", Path(sys.argv[2])))
engine.dispose()
"""


@pytest.fixture
def later(tmp_path):
    """The steps of a release that is one ahead of this one."""
    scripts = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "9999_next.py").write_text(NEXT.format(head=HEAD, then=""))
    return Target("9999", scripts)


@pytest.fixture
def opened(url):
    """An engine on a database that nobody has made yet, with its dialect."""
    dialect = choose_dialect(url)
    engine = dialect.engine()
    yield engine, dialect
    engine.dispose()


def described(engine):
    """All tables with their columns, keys and indexes, so that two databases can be compared."""
    there = inspect(engine)

    def plain(rows):
        for row in rows:
            row.pop("comment", None)
            row.pop("autoincrement", None)
            row["dialect_options"] = sorted((key, str(value)) for key, value in row.get("dialect_options", {}).items())
        return sorted(str(sorted((key, str(value)) for key, value in row.items())) for row in rows)

    return {
        table: (
            plain(there.get_columns(table)), there.get_pk_constraint(table)["constrained_columns"],
            plain(there.get_indexes(table)), plain(there.get_unique_constraints(table)), plain(there.get_foreign_keys(table)),
        )
        for table in there.get_table_names()
    }  # fmt: skip


def colours(engine):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT name, colour FROM workspaces"))]


def migrate_from_nothing(engine, dialect):
    with engine.connect() as connection, connection.begin():
        dialect.begin_writing(connection)
        migration.migrate(connection, Target())


def test_the_program_works_with_the_newest_revision():
    scripts = ScriptDirectory(str(SCRIPTS))
    assert scripts.get_heads() == [HEAD]


def test_step_by_step_leads_to_the_same_tables_as_made_at_once(opened, tmp_path_factory):
    engine, dialect = opened
    migrate_from_nothing(engine, dialect)
    stepwise = described(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SCHEMA) == []
    with engine.connect() as connection, connection.begin():
        dialect.begin_writing(connection)
        SCHEMA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    migration.upgrade(engine, dialect)
    assert described(engine) == stepwise


def test_a_file_of_the_previous_release_is_brought_up_to_date_with_its_data(opened, later, url):
    Database(url).close()
    engine, dialect = opened
    migration.upgrade(engine, dialect, later)
    assert colours(engine) == [("home", "green")]
    migration.upgrade(engine, dialect, later)
    assert colours(engine) == [("home", "green")]


def test_a_step_that_fails_leaves_everything_as_it_was(opened, later, url):
    Database(url).close()
    step = later.scripts / "versions" / "9999_next.py"
    step.write_text(NEXT.format(head=HEAD, then="raise RuntimeError('in the middle')"))
    engine, dialect = opened
    before = described(engine)
    with pytest.raises(RuntimeError, match="in the middle"):
        migration.upgrade(engine, dialect, later)
    assert described(engine) == before
    Database(url).close()


def test_processes_that_open_an_older_file_at_once_bring_it_up_to_date_once(opened, later, url):
    Database(url).close()
    command = [sys.executable, "-c", OPENER, url, str(later.scripts)]
    opening = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(3)]
    for process in opening:
        process.communicate("\n")
        assert process.returncode == 0
    assert colours(opened[0]) == [("home", "green")]


def test_a_file_of_a_newer_release_is_refused_and_left_alone(opened, later, url):
    engine, dialect = opened
    Database(url).close()
    migration.upgrade(engine, dialect, later)
    with pytest.raises(PersonMustFix, match="newer version"):
        Database(url)
    assert colours(engine) == [("home", "green")]
