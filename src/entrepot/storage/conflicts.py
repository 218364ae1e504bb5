"""Conflicts: what no policy may settle alone, with both values, waiting for a person."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Column, Index, LargeBinary, Table, Text

from entrepot.core.errors import PersonMustFix
from entrepot.storage.ids import new_ids
from entrepot.storage.metadata import METADATA, Key, instant, key, public_id, workspace
from entrepot.storage.transaction import Reading, Writing

# `values` is JSON that the sync packs and unpacks; `closed` says how it ended, "" while it is open.
conflicts = Table(
    "conflicts",
    METADATA,
    key(),
    public_id(),
    workspace(),
    Column("item_id", Key, nullable=False),
    Column("attachment_id", Key, nullable=False),
    Column("link_id", Key, nullable=True),
    Column("field", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("told", LargeBinary, nullable=False),
    Column("closed", Text, nullable=False),
    instant("at"),
    instant("closed_at", nullable=True),
)
_open = conflicts.c.closed == ""
Index(
    "uq_conflicts_open",
    conflicts.c.item_id,
    conflicts.c.attachment_id,
    conflicts.c.field,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`told` is the packed conflict; `field` is "" where it is about whether the record is to exist."""

    key: int = 0
    id: str = ""
    item: int
    attachment: int
    link: int | None
    field: str
    words: str
    told: bytes
    closed: str = ""
    at: int = 0
    closed_at: int | None = None


_COLUMNS = "id, public_id, item_id, attachment_id, link_id, field, words, told, closed, at, closed_at"


def keep(tx: Writing, workspace_id: int, found: Iterable[Row]) -> None:
    """What is open is brought up to date; what is not, is opened."""
    new = list(found)
    tx.each(
        "INSERT INTO conflicts"
        " (public_id, workspace_id, item_id, attachment_id, link_id, field, words, told, closed, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?) ON CONFLICT (item_id, attachment_id, field) WHERE closed = ''"
        " DO UPDATE SET link_id = excluded.link_id, words = excluded.words, told = excluded.told",
        [
            (public, workspace_id, one.item, one.attachment, one.link, one.field, one.words, one.told, tx.now())
            for public, one in zip(new_ids("cfl", len(new)), new, strict=True)
        ],
    )


def open_of(tx: Reading, attachment: int, items: Sequence[int]) -> dict[int, list[Row]]:
    """Those of some items at an attachment, by item."""
    where = f"attachment_id = ? AND closed = '' AND {tx.dialect.contains('item_id')}"
    found: dict[int, list[Row]] = {}
    for row in _read(tx, where, attachment, tx.dialect.as_list(list(items))):
        found.setdefault(row.item, []).append(row)
    return found


def open_in(tx: Reading, workspace_id: int, after: int = 0, limit: int = 1000) -> list[Row]:
    return _read(tx, "workspace_id = ? AND closed = '' AND id > ? ORDER BY id LIMIT ?", workspace_id, after, limit)


def open_of_item(tx: Reading, workspace_id: int, public: str) -> list[Row]:
    """Those of an item at all its attachments, by its public id."""
    item = "item_id = (SELECT id FROM items WHERE public_id = ?)"
    return _read(tx, f"workspace_id = ? AND closed = '' AND {item} ORDER BY id", workspace_id, public)


def find(tx: Reading, workspace_id: int, public: str) -> Row:
    found = _read(tx, "workspace_id = ? AND public_id = ?", workspace_id, public)
    if not found:
        raise PersonMustFix(f"There is no conflict {public}. entrepot conflicts list shows those that are open.")
    return found[0]


def close(tx: Writing, keys: Iterable[int], how: str) -> None:
    tx.each(
        "UPDATE conflicts SET closed = ?, closed_at = ? WHERE id = ? AND closed = ''",
        [(how, tx.now(), number) for number in keys],
    )


def count_open(tx: Reading, workspace_id: int) -> int:
    return int(tx.fetch("SELECT count(*) FROM conflicts WHERE workspace_id = ? AND closed = ''", workspace_id)[0][0])


def _read(tx: Reading, where: str, *values: object) -> list[Row]:
    rows = tx.fetch(f"SELECT {_COLUMNS} FROM conflicts WHERE {where}", *values)  # noqa: S608 -- written in this module
    names = ("key", "id", "item", "attachment", "link", "field", "words", "told", "closed", "at", "closed_at")
    return [Row(**dict(zip(names, row, strict=True))) for row in rows]
