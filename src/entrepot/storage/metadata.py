"""The one schema all tables belong to, and the column shapes they share: integer keys inside, public ids outside."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER PRIMARY KEY is SQLite's own row id
Instant = BigInteger()
"""Milliseconds since 1970 in UTC, by the database's clock: compared and indexed as a number on every database."""


def key() -> Column[int]:
    return Column("id", Key, primary_key=True)


def public_id() -> Column[str]:
    return Column("public_id", Text, nullable=False, unique=True)


def workspace() -> Column[int]:
    return Column("workspace_id", Key, ForeignKey("workspaces.id"), nullable=False)


def reference(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """A checked reference; rows of the hot tables (items, links, natives) carry plain integers instead."""
    return Column(name, Key, ForeignKey(target), nullable=nullable, primary_key=primary_key)


def instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Instant, nullable=nullable)
