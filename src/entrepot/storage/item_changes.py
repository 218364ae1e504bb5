"""Changing items one by one, with all that follows: the journal, who gave which value, events, and what goes out."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from entrepot.core.conflict import Mark
from entrepot.storage import attachments, events, journal, marks, pending
from entrepot.storage.events import EventType, NewEvent
from entrepot.storage.ids import new_ids
from entrepot.storage.journal import Entry
from entrepot.storage.transaction import Writing


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes items: an attachment in a run, or a person at the hub. `integration` is 0 for the hub."""

    workspace_id: int
    integration: int = 0
    platform: str = "hub"
    stream: int | None = None
    run: int | None = None
    attachment: int | None = None


class New(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    collection: int | None
    data: bytes
    object_id: str | None = None
    """Where it came from; None: it was made in the hub."""
    words: str = ""
    marks: Mapping[str, Mark] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`data` None deletes; `marks` are of what changed, over `known`, those of before."""

    item: int
    before: bytes | None
    data: bytes | None
    old_collection: int | None
    collection: int | None
    action: str
    words: str
    marks: Mapping[str, Mark] = {}
    known: Mapping[str, Mark] = {}
    more: journal.More = journal.More()


def create(tx: Writing, origin: Origin, new: Sequence[New]) -> list[int]:
    """Their keys, in order."""
    if not new:
        return []
    keys = list(tx.reserve("items", len(new)))
    publics = new_ids("itm", len(new))
    now = tx.now()
    tx.insert(
        "items",
        ("id", "public_id", "kind", "collection_id", "source_object_id", "data"),
        [
            (key, public, one.kind, one.collection, public if one.object_id is None else one.object_id, one.data)
            for key, public, one in zip(keys, publics, new, strict=True)
        ],
        {
            "workspace_id": origin.workspace_id,
            "source_integration_id": origin.integration,
            "source_platform": origin.platform,
            "imported_at": now,
            "updated_at": now,
            "deleted_at": None,
        },
    )
    made = list(zip(keys, new, strict=True))
    journal.write(tx, origin.workspace_id, [_told_new(origin, key, one) for key, one in made])
    marks.keep(tx, {key: dict(one.marks) for key, one in made if one.marks})
    _spread(tx, origin, [(key, one.collection) for key, one in made])
    _tell(tx, origin, "items.created", keys)
    return keys


def change(tx: Writing, origin: Origin, changes: Sequence[Change]) -> None:
    """Edit, move, delete and restore items."""
    now = tx.now()
    tx.each(
        "UPDATE items SET data = coalesce(?, data), collection_id = ?, updated_at = ?, deleted_at = ? WHERE id = ?",
        [(one.data, one.collection, now, now if one.data is None else None, one.item) for one in changes],
    )
    journal.write(tx, origin.workspace_id, [_told(origin, one) for one in changes])
    marks.keep(tx, {one.item: {**one.known, **one.marks} for one in changes if one.marks})
    if origin.attachment is None:
        # From now on it is the person's own: an export imported later must not turn it back.
        tx.each(
            "UPDATE links SET origin = 'hub' WHERE item_id = ? AND origin = 'archive'", [(one.item,) for one in changes]
        )
    # What comes back, to life or to a place, is made anew where it is gone: a base would only say that it is to go
    # here, too.
    tx.each(
        "DELETE FROM bases WHERE link_id IN (SELECT id FROM links WHERE item_id = ? AND gone_at IS NOT NULL)",
        [(one.item,) for one in changes if one.before is None or one.old_collection != one.collection],
    )
    moved = [(one.item, one.old_collection) for one in changes if one.old_collection != one.collection]
    _spread(tx, origin, [*moved, *((one.item, one.collection) for one in changes)])
    fates: dict[EventType, list[int]] = {}
    for one in changes:
        fates.setdefault(_fate(one), []).append(one.item)
    for fate, items in fates.items():
        _tell(tx, origin, fate, items)


def _fate(change: Change) -> EventType:
    if change.data is None:
        return "items.deleted"
    return "items.restored" if change.before is None else "items.updated"


def _told_new(origin: Origin, item: int, new: New) -> Entry:
    return Entry(
        item=item, side="hub", action="create", words=new.words, before=None, after=new.data,
        run=origin.run, attachment=origin.attachment,
    )  # fmt: skip


def _told(origin: Origin, one: Change) -> Entry:
    more = one.more
    if one.old_collection != one.collection:
        more = msgspec.structs.replace(more, collection=one.old_collection)
    return Entry(
        item=one.item, side="hub", action=one.action, words=one.words, before=one.before, after=one.data,
        run=origin.run, attachment=origin.attachment, more=more,
    )  # fmt: skip


def _spread(tx: Writing, origin: Origin, items: Iterable[tuple[int, int | None]]) -> None:
    """Each attached remote collection that may be written is to hear of it, but not the one it came from."""
    by_collection: dict[int, list[int]] = {}
    for item, collection in items:
        if collection is not None:
            by_collection.setdefault(collection, []).append(item)
    for collection, changed in by_collection.items():
        for attachment in attachments.of_collection(tx, collection):
            listens = attachment.direction in {"two_way", "push", "manual"} or attachment.settings.drift == "revert"
            if listens and attachment.direction != "none" and attachment.key != origin.attachment:
                pending.ask(tx, [(attachment.key, item) for item in changed])


def _tell(tx: Writing, origin: Origin, what: EventType, items: Sequence[int]) -> None:
    if items:
        events.add(tx, NewEvent(what, origin.workspace_id, origin.integration, origin.stream, origin.run), items)
