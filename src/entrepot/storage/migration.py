"""Bringing a database up to date when it is opened: one process at a time, and nothing to do most of the time."""

from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, inspect, text

from entrepot.core.errors import PersonMustFix
from entrepot.storage.dialect import Dialect
from entrepot.storage.ids import new_id
from entrepot.storage.schema import SCHEMA

HEAD = "0002"
SCRIPTS = Path(__file__).with_name("migrations")


class Target(msgspec.Struct, frozen=True):
    """The revision this program works with, and where the steps to it are."""

    revision: str = HEAD
    scripts: Path = SCRIPTS


NOW = Target()


def upgrade(engine: Engine, dialect: Dialect, target: Target = NOW) -> None:
    """A new database is made whole at once; an older one goes through the steps between."""
    if _revision(engine) == target.revision:
        return
    with engine.connect() as connection, connection.begin():
        dialect.begin_writing(connection)
        dialect.lock_schema(connection)
        found = _revision_in(connection)  # again: another process may have been here while this one waited
        if found is None:
            _create(connection, dialect)
        elif found != target.revision:
            migrate(connection, target)


def migrate(connection: Connection, target: Target) -> None:
    """Run the steps that are missing, in the connection's own transaction."""
    # Alembic takes as long to import as everything else here; most starts have nothing to migrate.
    from alembic import command  # noqa: PLC0415 -- see above
    from alembic.config import Config  # noqa: PLC0415 -- see above
    from alembic.util import CommandError  # noqa: PLC0415 -- see above

    config = Config()
    config.set_main_option("script_location", str(target.scripts))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target.revision)
    except CommandError as why:
        raise PersonMustFix(
            "This data was written by a newer version of Entrepôt. Update the program, or choose another data folder.",
            detail=str(why),
        ) from why


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return _revision_in(connection)


def _revision_in(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _create(connection: Connection, dialect: Dialect) -> None:
    SCHEMA.create_all(connection)
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
    connection.execute(
        SCHEMA.tables["workspaces"].insert(),
        {
            "public_id": new_id("wsp"),
            "name": "home",
            "created_at": connection.exec_driver_sql(dialect.now).scalar_one(),
        },
    )
