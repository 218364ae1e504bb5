"""Fields that hold the id of another record: in the hub they hold that of its item, wherever they came from."""

from collections.abc import Iterable, Mapping

import msgspec

from entrepot.core import kinds
from entrepot.storage.text import is_storable
from entrepot.storage.transaction import Reading, Writing

FIELDS: Mapping[str, tuple[str, ...]] = {"task": ("parent",)}
"""By kind; the JSON calls them the same."""
PREFIX = "itm_"

_BATCH = 1000


def restate(tx: Writing, stream: int, kind: str, renamed: Mapping[str, str]) -> None:
    """What items that were mirrored say of others by the service's ids, said by the ids of their items.

    `renamed` are items that became others.
    """
    names = FIELDS.get(kind, ())
    after = 0
    while names:
        rows = _items(tx, stream, after)
        if not rows:
            return
        after = rows[-1][0]
        held = {key: {name: told[name] for name in names if told.get(name)} for key, told in _told(rows)}
        known = {**_known(tx, stream, (one for told in held.values() for one in told.values())), **renamed}
        changes = {
            key: {name: known[one] for name, one in told.items() if known.get(one, one) != one}
            for key, told in held.items()
        }
        datas = dict(rows)
        tx.each(
            "UPDATE items SET data = ? WHERE id = ?",
            [(_with(kind, datas[key], changed), key) for key, changed in changes.items() if changed],
        )


def _items(tx: Reading, stream: int, after: int) -> list[tuple[int, bytes]]:
    sql = (
        "SELECT DISTINCT i.id, i.data FROM items i JOIN links l ON l.item_id = i.id"
        " WHERE l.stream_id = ? AND l.origin = 'live' AND i.id > ? ORDER BY i.id LIMIT ?"
    )
    return [(key, bytes(data)) for key, data in tx.fetch(sql, stream, after, _BATCH)]


def _told(rows: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, Mapping[str, str]]]:
    return ((key, msgspec.json.decode(data)) for key, data in rows)


def _known(tx: Reading, stream: int, names: Iterable[str]) -> dict[str, str]:
    sql = (
        "SELECT l.object_id, i.public_id FROM links l JOIN items i ON i.id = l.item_id"  # noqa: S608 -- our own column
        f" WHERE l.stream_id = ? AND {tx.dialect.contains('l.object_id')}"
    )
    wanted = sorted({one for one in names if not one.startswith(PREFIX) and is_storable(one)})
    return dict(tx.fetch(sql, stream, tx.dialect.as_list(wanted))) if wanted else {}


def _with(kind: str, data: bytes, changed: Mapping[str, str]) -> bytes:
    return kinds.encode(msgspec.structs.replace(kinds.decode(kind, data), **changed))
