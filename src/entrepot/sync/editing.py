"""Edits that a person or a program makes at the hub: kept at once, and sent wherever the item is attached."""

from collections.abc import Collection, Mapping

import msgspec

from entrepot.core import kinds
from entrepot.core.conflict import Mark, Moment
from entrepot.core.errors import PersonMustFix
from entrepot.core.fields import Fields, Value, fields_of
from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS
from entrepot.core.merge_choice import units
from entrepot.storage import attachments, item_changes, marks, pairs, streams
from entrepot.storage.item_changes import Change, New, Origin
from entrepot.storage.pairs import Item
from entrepot.storage.transaction import Reading, Writing
from entrepot.sync import attaching

BY = "hub"


class Found(msgspec.Struct, frozen=True):
    """An item of the workspace, with its kind."""

    item: Item
    kind: str

    @property
    def fields(self) -> Fields:
        return fields_of(kinds.decode(self.kind, self.item.data))


def find(tx: Reading, workspace_id: int, public: str) -> Found:
    rows = tx.fetch("SELECT id, kind FROM items WHERE workspace_id = ? AND public_id = ?", workspace_id, public)
    if not rows:
        raise PersonMustFix(f"There is no item {public!r}.")
    key, kind = rows[0]
    return Found(pairs.items_of(tx, [key])[key], kind)


def add(tx: Writing, workspace_id: int, collection: int | None, data: Kind) -> int:
    """The new item's key."""
    if collection is not None:
        _plan_from_now_on(tx, collection)
    kind = type(data).kind
    fields = fields_of(data)
    given = {name for name in fields if fields[name] != _default(kind, name)}
    new = New(
        kind=kind,
        collection=collection,
        data=kinds.encode(data),
        words="was added in the hub",
        marks=marks_of(kind, given, marks.tick(tx)),
    )
    return item_changes.create(tx, Origin(workspace_id=workspace_id), [new])[0]


def edit(tx: Writing, workspace_id: int, found: Found, data: Kind, words: str = "was edited in the hub") -> bool:
    """Whether anything differs from what was there. A deleted item comes back."""
    item = found.item
    body = kinds.encode(data)
    if body == item.data and item.deleted_at is None:
        return False
    item = _planned(tx, item)
    old = found.fields
    changed = {name for name, value in fields_of(data).items() if value != old.get(name)}
    change = Change(
        item=item.key,
        before=None if item.deleted_at is not None else item.data,
        data=body,
        old_collection=item.collection,
        collection=item.collection,
        action="edit" if item.deleted_at is None else "restore",
        words=words,
        marks=marks_of(found.kind, changed, marks.tick(tx)),
        known=marks.of(tx, [item.key]).get(item.key, {}),
    )
    item_changes.change(tx, Origin(workspace_id=workspace_id), [change])
    return True


def move(tx: Writing, workspace_id: int, found: Found, collection: int) -> None:
    """Into another collection: there it is made, and here it goes, at whatever is attached."""
    item = found.item
    if item.collection == collection or item.deleted_at is not None:
        return
    item = _planned(tx, item)
    _plan_from_now_on(tx, collection)
    change = Change(
        item=item.key, before=item.data, data=item.data, old_collection=item.collection, collection=collection,
        action="move", words="was moved in the hub",
    )  # fmt: skip
    item_changes.change(tx, Origin(workspace_id=workspace_id), [change])


def delete(tx: Writing, workspace_id: int, found: Found, words: str = "was deleted in the hub") -> bool:
    item = found.item
    if item.deleted_at is not None:
        return False
    item = _planned(tx, item)
    change = Change(
        item=item.key, before=item.data, data=None, old_collection=item.collection, collection=item.collection,
        action="delete", words=words,
    )  # fmt: skip
    item_changes.change(tx, Origin(workspace_id=workspace_id), [change])
    return True


def marks_of(kind: str, fields: Collection[str], at: int) -> Mapping[str, Mark]:
    """The hub's mark on each of what is merged as one that has one of these fields."""
    mark = Mark(BY, Moment(at))
    return {unit.name: mark for unit in units(kind) if not set(fields).isdisjoint(unit.fields)}


def _planned(tx: Writing, item: Item) -> Item:
    """An edited item differs from what it mirrored: from here on its stream is planned record by record."""
    of_item = "SELECT DISTINCT stream_id, collection_id IS NULL FROM links WHERE item_id = ? AND origin = 'live'"
    for stream, is_loose in tx.fetch(of_item, item.key):
        if is_loose:
            attaching.take_in(tx, streams.by_key(tx, stream))
        attachments.plan_from_now_on(tx, stream)
    if item.collection is not None:
        _plan_from_now_on(tx, item.collection)
    return pairs.items_of(tx, [item.key])[item.key]


def _plan_from_now_on(tx: Writing, collection: int) -> None:
    for attachment in attachments.of_collection(tx, collection):
        attachments.plan_from_now_on(tx, attachment.stream)
    tx.execute("UPDATE collections SET synced = CAST(1 AS BOOLEAN) WHERE id = ? AND NOT synced", collection)


def _default(kind: str, name: str) -> Value:
    field = next(field for field in msgspec.structs.fields(KINDS[kind]) if field.name == name)
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return None if field.default is msgspec.NODEFAULT else field.default
