"""Carrying out plans on the hub's side in one transaction, and recording in it what is to be written at the service."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core.plan_sides import Present
from entrepot.core.plan_table import Action
from entrepot.core.report import Counts
from entrepot.storage import bases, conflicts, incoming, linking, pending
from entrepot.storage.item_changes import Origin
from entrepot.storage.transaction import Writing
from entrepot.sync import disputes
from entrepot.sync.deciding import Decision
from entrepot.sync.item_effects import change_items
from entrepot.sync.outgoing import Outgoing, record, seen_by, verb_of


class Done(msgspec.Struct, frozen=True):
    counts: Counts
    outgoing: Sequence[Outgoing]


def carry_out(tx: Writing, origin: Origin, decisions: Sequence[Decision]) -> Done:
    """`origin` is of the stream; each decision's attachment makes it its own."""
    counts = Counts()
    items = change_items(tx, origin, decisions, counts)
    _dispute(tx, origin, decisions, items)
    local = [decision for decision in decisions if verb_of(decision) is None]
    _link(tx, local, items)
    _forget(tx, local)
    written = [decision for decision in decisions if verb_of(decision) is not None]
    return Done(counts, record(tx, written, items))


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
