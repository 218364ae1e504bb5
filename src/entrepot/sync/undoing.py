"""Undoing what a run, or one change, has done: the hub goes back, and each service follows with its next sync.

What was edited since stays: a field goes back only if it still has the value that is undone.
"""

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.core.fields import Fields, decode_fields, is_same, record_of
from entrepot.storage import excluded, item_changes, journal, pairs, pending
from entrepot.storage.item_changes import Change, Origin
from entrepot.storage.journal import Entry
from entrepot.storage.transaction import Writing
from entrepot.sync import editing
from entrepot.sync.deciding import record_fields
from entrepot.sync.editing import Found

BATCH = 200
UNDONE = "was undone"


class Undone(msgspec.Struct):
    """How many changes were taken back, and how many stayed because they were edited since."""

    undone: int = 0
    kept: int = 0


def undo_run(tx: Writing, workspace_id: int, run: int, found: Undone, before: int) -> int:
    """A batch of a run's changes, newest first, from before the key on. The key to go on from; 0 when all is done."""
    entries = journal.of_run(tx, workspace_id, run, before, BATCH)
    for entry in entries:
        undo(tx, workspace_id, entry, found)
    return entries[-1].key if entries else 0


def undo(tx: Writing, workspace_id: int, entry: Entry, found: Undone) -> None:
    if entry.undone_by is not None:
        return
    rows = tx.fetch("SELECT kind FROM items WHERE id = ? AND workspace_id = ?", entry.item, workspace_id)
    if not rows:
        found.kept += 1
        return
    current = Found(pairs.items_of(tx, [entry.item])[entry.item], rows[0][0])
    take_back = _undo_remote if entry.side == "remote" else _undo_hub
    done = take_back(tx, workspace_id, current, entry)
    found.undone += done
    found.kept += not done
    if done:
        journal.mark_undone(tx, [entry.key], entry.key)


def use_other(tx: Writing, workspace_id: int, entry: Entry, field: str | None) -> None:
    """In place of what a policy chose, the value that lost."""
    wanted = [one for one in entry.more.resolutions if field is None or one.field == field]
    if not wanted:
        raise PersonMustFix(f"In {entry.id} no policy decided anything{f' about {field}' if field else ''}.")
    rows = tx.fetch("SELECT kind FROM items WHERE id = ? AND workspace_id = ?", entry.item, workspace_id)
    current = Found(pairs.items_of(tx, [entry.item])[entry.item], rows[0][0])
    fields = dict(current.fields)
    for one in wanted:
        if one.lost is None:
            editing.delete(tx, workspace_id, current, "the other value was used")
            return
        fields |= decode_fields(current.kind, msgspec.json.encode(one.lost))
    editing.edit(tx, workspace_id, current, record_of(current.kind, fields), "the other value was used")


def _undo_hub(tx: Writing, workspace_id: int, current: Found, entry: Entry) -> bool:
    if entry.before is None and entry.action in {"create", "create here"}:
        return _take_away(tx, workspace_id, current, entry)
    if entry.after is None:
        return _bring_back(tx, workspace_id, current, entry)
    before = record_fields(current.kind, entry.before or entry.after)
    after = record_fields(current.kind, entry.after)
    moved = entry.more.collection is not None and current.item.collection != entry.more.collection
    done = _set_back(tx, workspace_id, current, before, after)
    if moved and entry.more.collection is not None:
        again = Found(pairs.items_of(tx, [current.item.key])[current.item.key], current.kind)
        editing.move(tx, workspace_id, again, entry.more.collection)
    return done or moved


def _take_away(tx: Writing, workspace_id: int, current: Found, entry: Entry) -> bool:
    """What came from a service goes here and wherever it was spread to; where it came from it stays."""
    item = current.item
    if item.deleted_at is not None:
        return False
    change = Change(
        item=item.key, before=item.data, data=None, old_collection=item.collection, collection=item.collection,
        action="undo", words=UNDONE,
    )  # fmt: skip
    item_changes.change(tx, Origin(workspace_id=workspace_id, attachment=entry.attachment), [change])
    return True


def _bring_back(tx: Writing, workspace_id: int, current: Found, entry: Entry) -> bool:
    if current.item.deleted_at is None or entry.before is None:
        return False
    data = record_of(current.kind, record_fields(current.kind, entry.before))
    return editing.edit(tx, workspace_id, current, data, UNDONE)


def _undo_remote(tx: Writing, workspace_id: int, current: Found, entry: Entry) -> bool:
    assert entry.attachment is not None
    pair = (entry.attachment, current.item.key)
    if entry.action == "create there":
        excluded.exclude(tx, [pair])
        pending.ask(tx, [pair])
        return True
    if entry.after is None:
        return _bring_back(tx, workspace_id, current, entry)
    if entry.before is None:
        return False
    before, after = record_fields(current.kind, entry.before), record_fields(current.kind, entry.after)
    return _set_back(tx, workspace_id, current, before, after)


def _set_back(tx: Writing, workspace_id: int, current: Found, before: Fields, after: Fields) -> bool:
    if current.item.deleted_at is not None:
        return False
    now = current.fields
    changed = {name for name in after if not is_same(before.get(name), after[name])}
    back = {name: before[name] for name in changed if name in before and is_same(now.get(name), after[name])}
    if not back:
        return False
    return editing.edit(tx, workspace_id, current, record_of(current.kind, {**now, **back}), UNDONE)
