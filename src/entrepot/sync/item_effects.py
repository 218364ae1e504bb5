"""What plans do to items: new ones, edits, moves and deletions, with whose values they are and why."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core.conflict import Mark
from entrepot.core.plan_sides import Present
from entrepot.core.plan_table import Action
from entrepot.core.report import Counts
from entrepot.storage import item_changes, journal
from entrepot.storage.item_changes import Change, New, Origin
from entrepot.storage.journal import Entry, More
from entrepot.storage.transaction import Writing
from entrepot.storage.writes import replace_files
from entrepot.sync.deciding import Decision, encoded, record_fields
from entrepot.sync.disputes import resolved
from entrepot.sync.outgoing import verb_of
from entrepot.sync.terms import one_sided


def change_items(tx: Writing, origin: Origin, decisions: Sequence[Decision], counts: Counts) -> dict[int, int]:
    """Create, edit, move and delete them, and count that. The item's key for each decision, by its own identity."""
    items = {id(each): each.pair.item.key for each in decisions if each.pair.item is not None}
    new: dict[int, list[Decision]] = {}
    changes: dict[int, list[Change]] = {}
    for decision in decisions:
        attachment = decision.pair.attachment.key
        if decision.plan.action is Action.CREATE_HERE and decision.pair.item is None:
            new.setdefault(attachment, []).append(decision)
            counts.created += 1
        elif (change := _change(decision, origin)) is not None:
            changes.setdefault(attachment, []).append(change)
            _count(counts, change)
        elif decision.pair.arrival is not None:
            counts.unchanged += 1
    for attachment, mine in new.items():
        here = msgspec.structs.replace(origin, attachment=attachment)
        made = item_changes.create(tx, here, [_new(decision) for decision in mine])
        items |= {id(decision): key for decision, key in zip(mine, made, strict=True)}
    for attachment, mine in changes.items():
        item_changes.change(tx, msgspec.structs.replace(origin, attachment=attachment), mine)
    _tell_resolutions(tx, origin, decisions)
    _keep_files(tx, origin, decisions, items)
    return items


def _tell_resolutions(tx: Writing, origin: Origin, decisions: Sequence[Decision]) -> None:
    """What the hub won where the service cannot be told: nothing changes on either side, and still it is said."""
    kept = [each for each in decisions if each.plan.resolutions and each.pair.item and verb_of(each) is None]
    entries = [
        Entry(
            item=each.pair.item.key,
            side="hub",
            action=each.plan.action.value,
            words=each.plan.words,
            before=each.pair.item.data,
            after=each.pair.item.data,
            run=origin.run,
            attachment=each.pair.attachment.key,
            more=More(resolutions=told),
        )
        for each in kept
        if each.pair.item and (told := resolved(each.pair.attachment.kind, each.plan.resolutions, "hub"))
    ]
    journal.write(tx, origin.workspace_id, entries)


def _new(decision: Decision) -> New:
    attachment = decision.pair.attachment
    arrival = decision.pair.arrival
    return New(
        kind=attachment.kind,
        collection=attachment.collection,
        data=encoded(attachment.kind, {**decision.raw, **decision.plan.hub}),
        object_id=arrival[1].object_id if arrival else None,
        words=decision.plan.words,
        marks=_marks(decision),
    )


def _change(decision: Decision, origin: Origin) -> Change | None:
    """What becomes of an item that is there, or was; None where it stays as it is."""
    item, plan, attachment = decision.pair.item, decision.plan, decision.pair.attachment
    if item is None:
        return None
    if plan.action is Action.DELETE_HERE:
        data = None
    elif plan.action is Action.CREATE_HERE:
        data = encoded(attachment.kind, {**decision.raw, **plan.hub})
    else:
        data = _edited(decision, origin)
    collection = attachment.collection if _has_moved(decision) else item.collection
    if data == item.data and item.deleted_at is None and collection == item.collection:
        return None
    if data is None and item.deleted_at is not None:
        return None
    if plan.action not in {Action.DELETE_HERE, Action.CREATE_HERE} and item.deleted_at is not None:
        return None
    return Change(
        item=item.key,
        before=None if item.deleted_at is not None else item.data,
        data=data,
        old_collection=item.collection,
        collection=collection,
        action=plan.action.value,
        words=plan.words,
        marks=_marks(decision),
        known=decision.pair.marks,
        more=More(resolutions=resolved(attachment.kind, plan.resolutions, "remote")),
    )


def _edited(decision: Decision, origin: Origin) -> bytes:
    """The item with what is taken from the service; what means something there only comes from its first service."""
    item = decision.pair.item
    assert item is not None
    kind = decision.pair.attachment.kind
    own = {name: value for name, value in decision.raw.items() if name in one_sided(kind) - {"uid"}}
    if item.source != origin.integration or not isinstance(decision.hub, Present):
        own = {}
    if not own and not decision.plan.hub:
        return item.data
    # As it is stored: another service's ids in it mean nothing here, and stay.
    return encoded(kind, {**record_fields(kind, item.data), **own, **decision.plan.hub})


def _has_moved(decision: Decision) -> bool:
    """At the service, from one remote collection to another that is attached elsewhere."""
    link, item = decision.pair.link, decision.pair.item
    there = decision.pair.attachment.collection
    return (
        link is not None
        and item is not None
        and isinstance(decision.hub, Present)
        and isinstance(decision.remote, Present)
        and decision.pair.arrival is not None
        and item.collection == link.collection != there
    )


def _count(counts: Counts, change: Change) -> None:
    if change.data is None:
        counts.deleted += 1
    elif change.before is None:
        counts.created += 1
    else:
        counts.updated += 1


def _marks(decision: Decision) -> dict[str, Mark]:
    """Whose the values are that the hub gets."""
    if not isinstance(decision.remote, Present):
        return {}
    names = decision.plan.hub.keys()
    taken = [unit.name for unit in decision.terms.units() if not names.isdisjoint(unit.fields)]
    return {name: decision.remote.mark_of(name) for name in taken}


def _keep_files(tx: Writing, origin: Origin, decisions: Sequence[Decision], items: Mapping[int, int]) -> None:
    """Files travel with a record from where it first came."""
    owners = [
        (items[id(each)], msgspec.json.decode(each.pair.arrival[1].files, type=list[tuple[str, str, str, int]]))
        for each in decisions
        if each.pair.arrival is not None
        and isinstance(each.remote, Present)
        and id(each) in items
        and _may_differ_in_files(each, origin)
    ]
    replace_files(tx, [(item, files) for item, files in owners])


def _may_differ_in_files(decision: Decision, origin: Origin) -> bool:
    item, arrival = decision.pair.item, decision.pair.arrival
    if item is None:
        return arrival is not None and arrival[1].files != "[]"
    return item.source == origin.integration and bool(decision.plan.hub)
