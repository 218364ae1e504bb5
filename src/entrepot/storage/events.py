"""Events: what happened in the hub, one row for all items of a page that met the same fate."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import Column, Table, Text

from entrepot.storage.metadata import METADATA, Key, instant, key, workspace
from entrepot.storage.transaction import Reading, Writing

EventType = Literal["items.created", "items.updated", "items.deleted", "items.restored", "run.finished"]

events = Table(
    "events",
    METADATA,
    key(),
    workspace(),
    Column("type", Text, nullable=False),
    Column("integration_id", Key, nullable=False),
    Column("stream_id", Key, nullable=True),
    Column("run_id", Key, nullable=True),
    instant("at"),
    Column("ids", Text, nullable=False),
)


class Event(msgspec.Struct, frozen=True):
    """`items` are items' keys; empty where the event is about no item."""

    key: int
    type: EventType
    integration: int
    stream: int | None
    run: int | None
    at: int
    items: Sequence[int]


class NewEvent(msgspec.Struct, frozen=True):
    type: EventType
    workspace_id: int
    integration: int
    stream: int | None
    run: int | None


def add(tx: Writing, new: NewEvent, items: Sequence[int] = ()) -> None:
    ids = msgspec.json.encode(list(items)).decode()
    tx.execute(
        "INSERT INTO events (type, workspace_id, integration_id, stream_id, run_id, at, ids)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(new),
        tx.now(),
        ids,
    )


def after(tx: Reading, workspace_id: int, key: int = 0, limit: int = 1000) -> list[Event]:
    """The next events after the one with this key, oldest first."""
    rows = tx.fetch(
        "SELECT id, type, integration_id, stream_id, run_id, at, ids FROM events"
        " WHERE workspace_id = ? AND id > ? ORDER BY id LIMIT ?",
        workspace_id,
        key,
        limit,
    )
    return [
        Event(number, kind, integration, stream, run, at, msgspec.json.decode(ids, type=list[int]))
        for number, kind, integration, stream, run, at, ids in rows
    ]
