"""What a person changed in the mapping of a stream, over the connector's own lines."""

import msgspec
from sqlalchemy import Column, Table, Text

from entrepot.storage.metadata import METADATA, instant, reference
from entrepot.storage.transaction import Reading, Writing

mappings = Table(
    "mappings",
    METADATA,
    reference("stream_id", "streams.id", primary_key=True),
    Column("lines", Text, nullable=False),
    instant("changed_at"),
)

Lines = dict[str, str]
"""Field of the kind → its line as the person wrote it; "" where the field is left out."""


class Changed(msgspec.Struct, frozen=True):
    """`changed_at` is in milliseconds; 0 where nobody ever changed anything."""

    lines: Lines = {}
    changed_at: int = 0


NOTHING = Changed()


def find(tx: Reading, stream: int) -> Changed:
    """The changes to the stream with this key; `NOTHING` where there never were any."""
    rows = tx.fetch("SELECT lines, changed_at FROM mappings WHERE stream_id = ?", stream)
    return Changed(msgspec.json.decode(rows[0][0], type=Lines), rows[0][1]) if rows else NOTHING


def keep(tx: Writing, stream: int, lines: Lines) -> bool:
    """Put these in the place of what was there, and say whether they differ from it.

    Without lines the row stays: that a mapping was taken back is a change, too, and `changed_at` tells when. The
    same lines again are none.
    """
    if find(tx, stream).lines == lines:
        return False
    tx.execute(
        "INSERT INTO mappings (stream_id, lines, changed_at) VALUES (?, ?, ?)"
        " ON CONFLICT (stream_id) DO UPDATE SET lines = excluded.lines, changed_at = excluded.changed_at",
        stream,
        msgspec.json.encode(lines).decode(),
        tx.now(),
    )
    return True


def of_integration(tx: Reading, integration: int) -> dict[str, Lines]:
    """By the name of the stream, where there are any."""
    sql = (
        "SELECT s.name, m.lines FROM mappings m JOIN streams s ON s.id = m.stream_id"
        " WHERE s.integration_id = ? AND m.lines <> '{}'"
    )
    return {name: msgspec.json.decode(lines, type=Lines) for name, lines in tx.fetch(sql, integration)}


class Kept(msgspec.Struct, frozen=True):
    """A record as the service last told it, and as it is in the hub (JSON)."""

    object_id: str
    native: bytes
    data: bytes


def samples(tx: Reading, stream: int, most: int) -> list[Kept]:
    """The newest records of a stream whose own text was kept."""
    sql = (
        "SELECT l.object_id, n.native, i.data FROM links l JOIN natives n ON n.link_id = l.id"
        " JOIN items i ON i.id = l.item_id WHERE l.stream_id = ? AND l.gone_at IS NULL ORDER BY l.id DESC LIMIT ?"
    )
    return [Kept(object_id, bytes(native), bytes(data)) for object_id, native, data in tx.fetch(sql, stream, most)]
