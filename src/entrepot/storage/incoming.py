"""What services said and the hub has not followed yet: kept with the position after it, and waiting for a plan."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint

from entrepot.storage.metadata import METADATA, Key, instant, key
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading, Writing

# `data` is null where the record is gone. `files` are those that travel with it, as JSON.
incoming = Table(
    "incoming",
    METADATA,
    key(),
    Column("stream_id", Key, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("remote_collection", Text, nullable=False),
    Column("data", LargeBinary, nullable=True),
    Column("hash", LargeBinary, nullable=False),
    Column("native", LargeBinary, nullable=False),
    Column("native_hash", LargeBinary, nullable=False),
    Column("version", Text, nullable=True),
    Column("files", Text, nullable=False),
    instant("at"),
    UniqueConstraint("stream_id", "object_id"),
)


class Arrival(NamedTuple):
    """`data` is the JSON of the kind, None where the record is gone. `collection` is the remote one, "" for none."""

    object_id: str
    collection: str
    data: bytes | None
    hash: bytes = b""
    native: bytes = b""
    native_hash: bytes = b""
    version: str | None = None
    files: str = "[]"


_COLUMNS = "object_id, remote_collection, data, hash, native, native_hash, version, files"


def stage(tx: Writing, stream: Stream, arrivals: Iterable[Arrival]) -> None:
    """The latest word on a record takes the place of an earlier one, under a new key."""
    rows = list(arrivals)
    forget(tx, stream.key, [arrival.object_id for arrival in rows])
    keys = tx.reserve("incoming", len(rows))
    columns = ("id", *_COLUMNS.split(", "))
    same = {"stream_id": stream.key, "at": tx.now()}
    tx.insert("incoming", columns, [(number, *row) for number, row in zip(keys, rows, strict=True)], same)


def after(tx: Reading, stream: int, number: int, limit: int) -> list[tuple[int, Arrival]]:
    """The next ones behind the key, each with its own."""
    rows = tx.fetch(
        f"SELECT id, {_COLUMNS} FROM incoming WHERE stream_id = ? AND id > ? ORDER BY id LIMIT ?",  # noqa: S608 -- our own names
        stream,
        number,
        limit,
    )
    return [(row[0], Arrival(*row[1:])) for row in rows]


def of(tx: Reading, stream: int, object_ids: Sequence[str]) -> dict[str, tuple[int, Arrival]]:
    rows = tx.fetch(
        f"SELECT id, {_COLUMNS} FROM incoming"  # noqa: S608 -- our own names
        f" WHERE stream_id = ? AND {tx.dialect.contains('object_id')}",
        stream,
        tx.dialect.as_list(list(object_ids)),
    )
    return {row[1]: (row[0], Arrival(*row[1:])) for row in rows}


def waits(tx: Reading, stream: int) -> bool:
    """Whether anything of the stream does."""
    return bool(tx.fetch("SELECT EXISTS (SELECT 1 FROM incoming WHERE stream_id = ?)", stream)[0][0])


def forget(tx: Writing, stream: int, object_ids: Sequence[str]) -> None:
    tx.each("DELETE FROM incoming WHERE stream_id = ? AND object_id = ?", [(stream, one) for one in object_ids])


def forget_agreed(tx: Writing, stream: int, object_ids: Sequence[str]) -> None:
    """Those that are again as both sides agreed; where nothing was agreed on yet, what came in still counts."""
    tx.each(
        "DELETE FROM incoming WHERE stream_id = ? AND object_id = ?"
        " AND EXISTS (SELECT 1 FROM links l JOIN bases b ON b.link_id = l.id"
        " WHERE l.stream_id = incoming.stream_id AND l.object_id = incoming.object_id)",
        [(stream, one) for one in object_ids],
    )


def forget_all(tx: Writing, stream: int) -> int:
    """How many there were."""
    return tx.execute("DELETE FROM incoming WHERE stream_id = ?", stream)


def done(tx: Writing, numbers: Iterable[int]) -> None:
    """What was followed; a later word on the same record has another key, and stays."""
    tx.each("DELETE FROM incoming WHERE id = ?", [(number,) for number in numbers])


def forget_unlinked(tx: Writing, stream: int, collection: str) -> None:
    """Before everything is listed again: what was new then, and is gone by now, is not shown any more."""
    within = " AND remote_collection = ?" if collection else ""
    tx.execute(
        "DELETE FROM incoming WHERE stream_id = ? AND NOT EXISTS (SELECT 1 FROM links"  # noqa: S608 -- written above
        f" WHERE links.stream_id = incoming.stream_id AND links.object_id = incoming.object_id){within}",
        stream,
        *([collection] if collection else []),
    )
