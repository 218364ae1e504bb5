"""The journal: what was done to each item on either side, why, and how it was before, so that it can be undone."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Column, Index, LargeBinary, Table, Text

from entrepot.storage.ids import new_ids
from entrepot.storage.metadata import METADATA, Key, instant, key, public_id, workspace
from entrepot.storage.transaction import Reading, Writing

# `side` is where it was done. `before` and `after` are JSON of the kind, null where there was no record.
# `more` is JSON: what a policy decided, and where the record was.
journal = Table(
    "journal",
    METADATA,
    key(),
    public_id(),
    workspace(),
    Column("run_id", Key, nullable=True),
    Column("item_id", Key, nullable=False),
    Column("attachment_id", Key, nullable=True),
    Column("side", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("before", LargeBinary, nullable=True),
    Column("after", LargeBinary, nullable=True),
    Column("more", Text, nullable=False),
    instant("at"),
    Column("undone_by", Key, nullable=True),
)
Index("ix_journal_item", journal.c.item_id, journal.c.id)
Index("ix_journal_run", journal.c.run_id, journal.c.id)


class Resolved(msgspec.Struct, frozen=True):
    """A policy's word on a field; `kept` and `lost` are JSON of the value, None where the record was gone."""

    field: str
    words: str
    winner: str
    kept: object = None
    lost: object = None


class More(msgspec.Struct, frozen=True, omit_defaults=True):
    resolutions: Sequence[Resolved] = ()
    collection: int | None = None
    """Where the item was before, if that changed too."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """`attachment` is whose side it was, or who brought it; None: a person at the hub."""

    item: int
    side: str
    action: str
    words: str
    before: bytes | None
    after: bytes | None
    run: int | None = None
    attachment: int | None = None
    more: More = More()
    id: str = ""
    at: int = 0
    key: int = 0
    undone_by: int | None = None


_COLUMNS = "id, public_id, run_id, item_id, attachment_id, side, action, words, before, after, more, at, undone_by"


def write(tx: Writing, workspace_id: int, entries: Iterable[Entry]) -> None:
    new = list(entries)
    now = tx.now()
    tx.insert(
        "journal",
        tuple(_COLUMNS.split(", "))[:-1],
        [
            (number, public, one.run, one.item, one.attachment, one.side, one.action, one.words, one.before, one.after,
             msgspec.json.encode(one.more).decode(), now)
            for number, public, one in zip(tx.reserve("journal", len(new)), new_ids("jrn", len(new)), new, strict=True)
        ],
        {"workspace_id": workspace_id, "undone_by": None},
    )  # fmt: skip


def of_item(tx: Reading, workspace_id: int, item: int, limit: int = 100) -> list[Entry]:
    """The newest first."""
    return _read(tx, "workspace_id = ? AND item_id = ? ORDER BY id DESC LIMIT ?", workspace_id, item, limit)


def of_run(tx: Reading, workspace_id: int, run: int, before: int, limit: int) -> list[Entry]:
    """The newest first, from before the key on: the order in which a run is undone."""
    where = "workspace_id = ? AND run_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
    return _read(tx, where, workspace_id, run, before, limit)


def find(tx: Reading, workspace_id: int, public: str) -> Entry | None:
    return next(iter(_read(tx, "workspace_id = ? AND public_id = ?", workspace_id, public)), None)


def mark_undone(tx: Writing, entries: Iterable[int], by: int) -> None:
    """`by` is the key of the journal's entry, or of the run, that undid them."""
    tx.each("UPDATE journal SET undone_by = ? WHERE id = ?", [(by, entry) for entry in entries])


def _read(tx: Reading, where: str, *values: object) -> list[Entry]:
    rows = tx.fetch(f"SELECT {_COLUMNS} FROM journal WHERE {where}", *values)  # noqa: S608 -- written in this module
    return [
        Entry(
            key=row[0], id=row[1], run=row[2], item=row[3], attachment=row[4], side=row[5], action=row[6],
            words=row[7], before=row[8], after=row[9], more=msgspec.json.decode(row[10], type=More), at=row[11],
            undone_by=row[12],
        )
        for row in rows
    ]  # fmt: skip
