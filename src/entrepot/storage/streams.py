"""Streams of an integration, and the position up to which each has been read."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Boolean, Column, Table, Text, UniqueConstraint, select

from entrepot.core.change import Cursor
from entrepot.storage.integrations import Integration
from entrepot.storage.metadata import METADATA, Key, instant, key, reference, workspace
from entrepot.storage.transaction import Reading, Writing

streams = Table(
    "streams",
    METADATA,
    key(),
    workspace(),
    reference("integration_id", "integrations.id"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("remote_collections", Text, nullable=True),
    instant("remote_collections_at", nullable=True),
    UniqueConstraint("integration_id", "name"),
)

positions = Table(
    "positions",
    METADATA,
    reference("stream_id", "streams.id", primary_key=True),
    Column("remote_collection", Text, primary_key=True),
    Column("cursor", Text, nullable=True),
    Column("listing", Boolean, nullable=False),
    Column("newest_link", Key, nullable=False),
    instant("listed_at"),
    instant("updated_at"),
)


class Stream(msgspec.Struct, frozen=True):
    """`platform` is the connector's name, kept with every item that arrives."""

    key: int
    workspace_id: int
    integration: int
    platform: str
    name: str
    kind: str


class Position(msgspec.Struct, frozen=True):
    """`listing`: a full listing is under way and goes on from the cursor, or from the beginning without one.

    `newest_link` is the newest link there was when it began: what is younger was not there before. `listed_at` is
    when the last full listing ended, in milliseconds; 0 if none ever did.
    """

    cursor: Cursor | None = None
    listing: bool = False
    newest_link: int = 0
    listed_at: int = 0


def ensure(tx: Writing, workspace_id: int, integration: Integration, name: str, kind: str) -> Stream:
    wanted = select(streams.c.id).where(streams.c.integration_id == integration.key, streams.c.name == name)
    number = tx.run(wanted).scalar_one_or_none()
    if number is None:
        values = {"workspace_id": workspace_id, "integration_id": integration.key, "name": name, "kind": kind}
        number = tx.run(streams.insert().values(values).returning(streams.c.id)).scalar_one()
    return Stream(int(number), workspace_id, integration.key, integration.connector, name, kind)


def named(tx: Reading, workspace_id: int, integration: int) -> dict[str, int]:
    """The keys of an integration's streams that were read or mapped, by their names."""
    sql = "SELECT name, id FROM streams WHERE workspace_id = ? AND integration_id = ?"
    return {name: int(key) for name, key in tx.fetch(sql, workspace_id, integration)}


def remote_collections(tx: Reading, stream: Stream, within: float) -> list[str] | None:
    """The ids the service listed in the last so many seconds; None where it must be asked again."""
    rows = tx.fetch(
        "SELECT remote_collections FROM streams WHERE id = ? AND remote_collections_at > ?",
        stream.key,
        tx.now() - int(within * 1000),
    )
    return msgspec.json.decode(rows[0][0], type=list[str]) if rows else None


def set_remote_collections(tx: Writing, stream: Stream, ids: Sequence[str]) -> None:
    tx.execute(
        "UPDATE streams SET remote_collections = ?, remote_collections_at = ? WHERE id = ?",
        msgspec.json.encode(ids).decode(),
        tx.now(),
        stream.key,
    )


def position(tx: Reading, stream: Stream, remote_collection: str = "") -> Position:
    rows = tx.fetch(
        "SELECT cursor, listing, newest_link, listed_at FROM positions WHERE stream_id = ? AND remote_collection = ?",
        stream.key,
        remote_collection,
    )
    if not rows:
        return Position()
    cursor, listing, newest, listed_at = rows[0]
    return Position(None if cursor is None else Cursor(msgspec.json.decode(cursor)), bool(listing), newest, listed_at)


def set_position(tx: Writing, stream: Stream, remote_collection: str, at: Position) -> None:
    values = (
        None if at.cursor is None else msgspec.json.encode(at.cursor.value).decode(),
        at.listing,
        at.newest_link,
        at.listed_at,
        tx.now(),
    )
    tx.execute(
        "INSERT INTO positions (stream_id, remote_collection, cursor, listing, newest_link, listed_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stream_id, remote_collection) DO UPDATE SET"
        " cursor = excluded.cursor, listing = excluded.listing,"
        " newest_link = excluded.newest_link, listed_at = excluded.listed_at, updated_at = excluded.updated_at",
        stream.key,
        remote_collection,
        *values,
    )


def by_key(tx: Reading, number: int) -> Stream:
    sql = (
        "SELECT s.id, s.workspace_id, i.id, i.connector, s.name, s.kind FROM streams s"
        " JOIN integrations i ON i.id = s.integration_id WHERE s.id = ?"
    )
    return Stream(*tx.fetch(sql, number)[0])


def forget_positions(tx: Writing, stream: int, remote_collection: str | None = None) -> None:
    """The next read lists everything: of one remote collection where it is read by itself, or of all."""
    if remote_collection is not None and tx.execute(
        "DELETE FROM positions WHERE stream_id = ? AND remote_collection = ?", stream, remote_collection
    ):
        return
    tx.execute("DELETE FROM positions WHERE stream_id = ?", stream)
