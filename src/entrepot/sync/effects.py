"""Carrying out plans on the hub's side in one transaction, and recording in it what is to be written at the service."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core.conflict import Mark, Resolution
from entrepot.core.fields import Value, encode_fields
from entrepot.core.plan_sides import Present
from entrepot.core.plan_table import Action
from entrepot.core.report import Counts
from entrepot.storage import bases, conflicts, incoming, item_changes, linking, pending
from entrepot.storage.item_changes import Change, New, Origin
from entrepot.storage.journal import More, Resolved
from entrepot.storage.transaction import Writing
from entrepot.storage.writes import replace_files
from entrepot.sync import disputes
from entrepot.sync.deciding import Decision, encoded
from entrepot.sync.outgoing import Outgoing, record, seen_by, verb_of
from entrepot.sync.terms import one_sided


class Done(msgspec.Struct, frozen=True):
    counts: Counts
    outgoing: Sequence[Outgoing]


def carry_out(tx: Writing, origin: Origin, decisions: Sequence[Decision]) -> Done:
    """`origin` is of the stream; each decision's attachment makes it its own."""
    counts = Counts()
    items = _change_items(tx, origin, decisions, counts)
    _keep_files(tx, origin, decisions, items)
    _dispute(tx, origin, decisions, items)
    local = [decision for decision in decisions if verb_of(decision) is None]
    _link(tx, local, items)
    _forget(tx, local)
    written = [decision for decision in decisions if verb_of(decision) is not None]
    return Done(counts, record(tx, written, items))


def _change_items(tx: Writing, origin: Origin, decisions: Sequence[Decision], counts: Counts) -> dict[int, int]:
    """The item's key for each decision, by the decision's own identity."""
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
    return items


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
        more=More(resolutions=[_resolved(attachment.kind, one) for one in plan.resolutions]),
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
    return encoded(kind, {**decision.item_fields, **own, **decision.plan.hub})


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


def _resolved(kind: str, one: Resolution) -> Resolved:
    return Resolved(
        one.field, one.words, one.winner, _plain(kind, one.field, one.kept), _plain(kind, one.field, one.lost)
    )


def _plain(kind: str, field: str, value: Value) -> object:
    if value is msgspec.UNSET:
        return None
    unit = disputes.unit_of(kind, field)
    return msgspec.Raw(encode_fields(kind, value if unit is None else unit.as_fields(value)))


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


def _dispute(tx: Writing, origin: Origin, decisions: Sequence[Decision], items: Mapping[int, int]) -> None:
    """Open what is disputed, and close what is not any more."""
    rows: list[conflicts.Row] = []
    settled: list[int] = []
    for decision in decisions:
        attachment = decision.pair.attachment
        open_ = {conflict.field for conflict in decision.plan.conflicts}
        settled += [row.key for row in decision.pair.disputed if row.field not in open_]
        rows += [
            conflicts.Row(
                item=items[id(decision)],
                attachment=attachment.key,
                link=decision.pair.link.key if decision.pair.link else None,
                field=conflict.field,
                words=conflict.words,
                told=disputes.pack(attachment.kind, conflict),
            )
            for conflict in decision.plan.conflicts
        ]
    conflicts.close(tx, settled, "agreed")
    conflicts.keep(tx, origin.workspace_id, rows)


def _link(tx: Writing, decisions: Sequence[Decision], items: Mapping[int, int]) -> None:
    """Links and bases of what needs no write at the service."""
    if not decisions:
        return
    buried = [each for each in decisions if each.pair.link is not None and is_buried(each)]
    linking.bury(tx, [each.pair.link.key for each in buried if each.pair.link])
    returned = [each for each in buried if each.plan.action is Action.DELETE_HERE]
    bases.forget(tx, [each.pair.link.key for each in returned if each.pair.link])
    kept = [each for each in decisions if each.plan.base is not None and not is_buried(each)]
    read = [each for each in kept if isinstance(each.remote, Present) and each.pair.arrival is not None]
    keys = linking.keep(tx, decisions[0].pair.attachment.stream, [seen_by(each, items[id(each)]) for each in read])
    links = {id(each): key for each, key in zip(read, keys, strict=True)}
    links |= {id(each): each.pair.link.key for each in kept if id(each) not in links and each.pair.link}
    rows = [
        (links[id(each)], each.pair.attachment.key, each.plan.base)
        for each in kept
        if id(each) in links and each.plan.base is not None and _is_news(each)
    ]
    bases.keep(tx, decisions[0].pair.attachment.kind, rows)


def is_buried(decision: Decision) -> bool:
    """Whether the service has just said that it is gone, and nothing is to be done about that there."""
    return not isinstance(decision.remote, Present) and decision.pair.arrival is not None and not decision.plan.remote


def _is_news(decision: Decision) -> bool:
    link = decision.pair.link
    return link is None or link.base != decision.plan.base or link.attachment != decision.pair.attachment.key


def _forget(tx: Writing, decisions: Sequence[Decision]) -> None:
    """What was followed waits no more; only a dispute about the whole record keeps what was said."""
    followed = [each for each in decisions if each.plan.action is not Action.ASK]
    incoming.done(tx, [each.pair.arrival[0] for each in followed if each.pair.arrival is not None])
    pending.done(tx, [each.pair.due for each in decisions if each.pair.due is not None])
