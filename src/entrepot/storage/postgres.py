"""PostgreSQL by URL: read committed, rows in bulk by COPY, keys from sequences."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from entrepot.core.errors import PersonMustFix
from entrepot.storage.dialect import Rows, Same

SCHEMA_LOCK = 0x656E_7472_6570_6F74


class Postgres:
    name = "postgresql"
    now = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
    for_update = " FOR UPDATE"

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url).set(drivername="postgresql+psycopg")
        except (ArgumentError, ValueError):
            # Not shown, because a password may be in it.
            raise PersonMustFix(
                "The URL of the database cannot be read. It is postgresql://USER@HOST:PORT/NAME."
            ) from None

    def engine(self) -> Engine:
        try:
            return create_engine(self._url, pool_size=8, max_overflow=32, pool_pre_ping=True)
        except ModuleNotFoundError as why:
            raise PersonMustFix("PostgreSQL needs its driver: install entrepot[postgres].") from why

    def begin_reading(self, connection: Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def begin_writing(self, connection: Connection, *, durable: bool = False) -> None:
        """Nothing to say: every commit of PostgreSQL's is durable, and writers meet at rows, not at the beginning."""

    def lock_schema(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")

    def placeholders(self, sql: str) -> str:
        return sql.replace("%", "%%").replace("?", "%s")

    def contains(self, column: str) -> str:
        return f"{column} = ANY(?)"

    def as_list(self, values: Sequence[object]) -> object:
        return list(values)

    def numbers_in(self, column: str) -> str:
        return f"LATERAL (SELECT CAST(json_array_elements_text(CAST({column} AS json)) AS bigint) AS value) AS numbers"

    def reserve(self, connection: Connection, table: str, count: int) -> Sequence[int]:
        sql = "SELECT nextval(CAST(%s AS regclass)) FROM generate_series(1, %s)"
        return [int(row[0]) for row in connection.exec_driver_sql(sql, (f"{table}_id_seq", count))]

    def insert(self, connection: Connection, table: tuple[str, Sequence[str]], rows: Rows, same: Same) -> None:
        name, columns = table
        shared = tuple(same.values())
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY {name} ({', '.join((*columns, *same))}) FROM STDIN") as copy:  # pyright: ignore[reportAttributeAccessIssue]  # psycopg's own
            for row in rows:
                copy.write_row((*row, *shared))

    def compact(self, engine: Engine) -> None:
        """PostgreSQL's autovacuum does this by itself."""

    def problems(self, connection: Connection) -> Sequence[str]:  # noqa: ARG002 -- PostgreSQL looks after its own pages
        return []

    def backup(self, engine: Engine, file: Path) -> None:
        del engine
        raise PersonMustFix(f"This hub is on PostgreSQL: make the backup {file.name} with pg_dump.")
