"""Who last gave each field of an item its value, and when; and the hub's clock, which never goes back."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Column, Table, Text

from entrepot.core.conflict import Mark
from entrepot.core.hybrid_clock import Stamp
from entrepot.storage.metadata import METADATA, Key
from entrepot.storage.transaction import Reading, Writing

marks = Table(
    "marks",
    METADATA,
    Column("item_id", Key, primary_key=True, autoincrement=False),
    Column("told", Text, nullable=False),
)
clock = Table(
    "clock",
    METADATA,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("stamp", Text, nullable=False),
)

Marks = dict[str, Mark]
"""By the name of what is merged as one."""


def of(tx: Reading, items: Sequence[int]) -> dict[int, Marks]:
    sql = f"SELECT item_id, told FROM marks WHERE {tx.dialect.contains('item_id')}"  # noqa: S608 -- our own column
    rows = tx.fetch(sql, tx.dialect.as_list(list(items)))
    return {item: msgspec.json.decode(told, type=Marks) for item, told in rows}


def keep(tx: Writing, changed: Mapping[int, Marks]) -> None:
    tx.each(
        "INSERT INTO marks (item_id, told) VALUES (?, ?) ON CONFLICT (item_id) DO UPDATE SET told = excluded.told",
        [(item, msgspec.json.encode(told).decode()) for item, told in changed.items()],
    )


def tick(tx: Writing) -> int:
    """The moment of an edit made now, in milliseconds, later than that of any edit before."""
    rows = tx.fetch("SELECT stamp FROM clock WHERE id = 1")
    last = Stamp.parse(rows[0][0]) if rows else Stamp(0)
    stamp = last.next(tx.now())
    tx.execute(
        "INSERT INTO clock (id, stamp) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp",
        stamp.text(),
    )
    return stamp.time
