"""Fields that hold the id of another record: that of the item in the hub, that of its counterpart at a service."""

from collections.abc import Callable, Iterable, Mapping
from typing import Self

import msgspec

from entrepot.core.fields import Fields, Value
from entrepot.storage.attachments import Attachment
from entrepot.storage.parents import FIELDS, PREFIX
from entrepot.storage.text import is_storable
from entrepot.storage.transaction import Reading

DEEPEST = 100
"""So many items that wait for each other do not end any more."""


class References:
    """For one batch: looked up once, used for each record. Where nothing is known of a record, it has none."""

    def __init__(self, names: tuple[str, ...], inward: Mapping[str, str], outward: Mapping[str, str]) -> None:
        self._names = names
        self._inward = inward
        self._outward = outward

    @classmethod
    def of(cls, tx: Reading, attachment: Attachment, sides: Iterable[Fields]) -> Self:
        """`sides` are all fields, of either side, that are to be translated."""
        names = FIELDS.get(attachment.kind, ())
        held = {str(fields[name]) for fields in sides for name in names if fields.get(name)}
        held = {one for one in held if is_storable(one)}  # what no id can be refers to nothing
        if not held:
            return cls(names, {}, {})
        items = [one for one in held if one.startswith(PREFIX)]
        objects = [one for one in held if not one.startswith(PREFIX)]
        inward = "SELECT l.object_id, i.public_id FROM links l JOIN items i ON i.id = l.item_id WHERE l.stream_id = ?"
        outward = (
            "SELECT i.public_id, l.object_id FROM links l JOIN items i ON i.id = l.item_id"
            " WHERE l.stream_id = ? AND l.gone_at IS NULL"
        )
        contains, as_list = tx.dialect.contains, tx.dialect.as_list
        known = dict(tx.fetch(f"{outward} AND {contains('i.public_id')}", attachment.stream, as_list(items)))
        told = dict(tx.fetch(f"{inward} AND {contains('l.object_id')}", attachment.stream, as_list(objects)))
        # What a write is answered with names the same records again.
        return cls(names, {**{there: here for here, there in known.items()}, **told}, known)

    def inward(self, fields: Fields) -> Fields:
        """The service's fields in the hub's terms."""
        known = self._inward
        return self._translated(
            fields, lambda one: one if one.startswith(PREFIX) and is_storable(one) else known.get(one)
        )

    def outward(self, fields: Fields) -> Fields:
        """The hub's fields in the service's terms."""
        return self._translated(fields, lambda one: self._outward.get(one) if one.startswith(PREFIX) else one)

    def unknown(self, fields: Fields) -> str | None:
        """The record at the service that these refer to, where no item is known of it."""
        held = (str(fields[name]) for name in self._names if fields.get(name))
        unknown = (one for one in held if not one.startswith(PREFIX) and one not in self._inward)
        return next((one for one in unknown if is_storable(one)), None)

    def waits(self, tx: Reading, attachment: int, item: str, fields: Fields) -> bool:
        """Whether it refers to an item that is not at the service yet, but is to go there before it."""
        held = [str(fields[name]) for name in self._names if fields.get(name)]
        lacking = [one for one in held if one.startswith(PREFIX) and one not in self._outward]
        if not lacking:
            return False
        return any(
            _goes(tx, attachment, one) is not None and not self._is_circle(tx, attachment, item, one) for one in lacking
        )

    def _is_circle(self, tx: Reading, attachment: int, item: str, above: str) -> bool:
        """Whether it is the first of a circle of items, each of which would wait for the other for ever."""
        met, one = {item}, above
        while one not in met and len(met) < DEEPEST:
            met.add(one)
            data = _goes(tx, attachment, one)
            told: Mapping[str, str | None] = msgspec.json.decode(data) if data is not None else {}
            one = next((held for name in self._names if (held := told.get(name))), "")
            if not one:
                return False
        return item == min(met) if one == item else one not in met

    def _translated(self, fields: Fields, name_of: Callable[[str], str | None]) -> Fields:
        changed: dict[str, Value] = {
            name: name_of(str(fields[name])) for name in self._names if fields.get(name) is not None
        }
        return {**fields, **changed} if changed else fields


def _goes(tx: Reading, attachment: int, public: str) -> bytes | None:
    """The data of an item that is to go to the attachment."""
    sql = (
        "SELECT i.data FROM pending p JOIN items i ON i.id = p.item_id"
        " WHERE p.attachment_id = ? AND p.reason = '' AND i.deleted_at IS NULL AND i.public_id = ?"
    )
    rows = tx.fetch(sql, attachment, public)
    return bytes(rows[0][0]) if rows else None
