"""What became of writes, kept: the link, the base both sides have agreed on by it, and the journal."""

from collections.abc import Collection, Sequence

from entrepot.core import kinds
from entrepot.core.change import BadRow, Change
from entrepot.core.conflict import Mark
from entrepot.core.errors import RecordRefused
from entrepot.core.fields import Fields, fields_of
from entrepot.core.plan import plan
from entrepot.core.plan_outcome import settle
from entrepot.core.plan_sides import Base, Present
from entrepot.core.plan_table import Action
from entrepot.storage import bases, incoming, intents, journal, linking, pairs, pending, runs
from entrepot.storage.attachments import Attachment
from entrepot.storage.incoming import Arrival
from entrepot.storage.item_changes import Origin
from entrepot.storage.journal import Entry, More
from entrepot.storage.linking import Seen
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Writing
from entrepot.sync.answers import Unbelievable
from entrepot.sync.deciding import Decision, encoded
from entrepot.sync.disputes import resolved
from entrepot.sync.outgoing import Outgoing, object_of

Outcome = tuple[Outgoing, Change]
Refusal = tuple[Outgoing, RecordRefused]


def keep_written(tx: Writing, origin: Origin, stream: Stream, outcomes: Sequence[Outcome]) -> None:
    """All writes of one attachment's stream that the service answered."""
    taken = _taken(tx, stream, outcomes)
    keep_refused(tx, origin, stream, taken)
    outcomes = _without_refused(outcomes, taken)
    gone = [(one, change) for one, change in outcomes if change.data is None and one.verb != "delete"]
    incoming.stage(tx, stream, [arrival_of(one.decision, change) for one, change in gone])
    deleted = [one for one, _ in outcomes if one.verb == "delete"]
    linking.bury(tx, [one.link for one in deleted if one.link is not None])
    written = [(one, change) for one, change in outcomes if change.data is not None and one.verb != "delete"]
    _forget_replaced(tx, [one for one, _ in written])
    _agree(tx, stream, written)
    told = [_entry(origin, one, change) for one, change in written]
    journal.write(tx, origin.workspace_id, [*told, *(_entry(origin, one, None) for one in deleted)])
    settled = [*(one for one, _ in written), *deleted]
    incoming.done(tx, [one.decision.pair.arrival[0] for one in settled if one.decision.pair.arrival is not None])
    pending.done(tx, [one.decision.pair.due for one in settled if one.decision.pair.due is not None])
    incoming.stage(tx, stream, [arrival_of(one.decision, change) for one, change in written if _says_more(one, change)])
    intents.settled(tx, [one.op for one, _ in outcomes])


def keep_refused(tx: Writing, origin: Origin, stream: Stream, refused: Sequence[Refusal]) -> None:
    """Set aside until the item or the record is edited. What was read and taken is agreed on all the same."""
    for one, why in refused:
        decision = one.decision
        pending.set_aside(tx, decision.pair.attachment.key, one.item, why.message)
        if one.link is None or decision.plan.base is None or decision.pair.arrival is None:
            continue
        if decision.pair.arrival[1].data is None:
            continue
        arrival = decision.pair.arrival[1]
        linking.keep(tx, stream.key, [linking.seen(one.link, one.item, decision.pair.attachment.collection, arrival)])
        bases.keep(tx, stream.kind, [(one.link, decision.pair.attachment.key, _without_written(decision))])
        incoming.done(tx, [decision.pair.arrival[0]])
    rows = [BadRow(stream.name, _where(one), why.message) for one, why in refused]
    if origin.run is not None:
        runs.refuse(tx, origin.run, rows)
    intents.settled(tx, [one.op for one, why in refused if not isinstance(why, Unbelievable)])


def taken_words(attachment: Attachment) -> str:
    return f"{attachment.integration_name} has another record under the same id, which is another item's."


def _taken(tx: Writing, stream: Stream, outcomes: Sequence[Outcome]) -> list[Refusal]:
    """New records that got the id of one that is there, and is another item's: each id is one record."""
    made = [(one, change.ref.id) for one, change in outcomes if one.verb == "create"]
    known = pairs.links_of(tx, stream.kind, stream.key, [name for _, name in made]) if made else {}
    owners = {name: link.item for name, link in known.items() if link.gone_at is None}
    return [
        (one, RecordRefused(taken_words(one.decision.pair.attachment)))
        for one, name in made
        if owners.setdefault(name, one.item) != one.item
    ]


def _without_refused(outcomes: Sequence[Outcome], refused: Sequence[Refusal]) -> Sequence[Outcome]:
    ops = {one.op for one, _ in refused}
    return [(one, change) for one, change in outcomes if one.op not in ops] if ops else outcomes


def _where(one: Outgoing) -> str:
    item = one.decision.pair.item
    return object_of(one.decision) or (item.public_id if item else "")


def arrival_of(decision: Decision, change: Change) -> Arrival:
    """What a write or a second look brought, as if it had been read."""
    return arrival(decision.pair.attachment.remote_id, change)


def arrival(remote_id: str, change: Change) -> Arrival:
    collection = change.collection or remote_id
    if change.data is None:
        return Arrival(change.ref.id, collection, None)
    data = kinds.encode(change.data)
    return Arrival(
        object_id=change.ref.id,
        collection=collection,
        data=data,
        hash=linking.digest(data),
        native=change.native,
        native_hash=linking.digest(change.native),
        version=change.ref.version,
    )


def seen_of(link: int | None, item: int, collection: int, change: Change) -> Seen:
    return linking.seen(link, item, collection, arrival("", change))


def _agree(tx: Writing, stream: Stream, written: Sequence[Outcome]) -> None:
    rows = [seen_of(one.link, one.item, one.decision.pair.attachment.collection, change) for one, change in written]
    links = linking.keep(tx, stream.key, rows)
    bases.keep(
        tx,
        stream.kind,
        [
            (link, one.decision.pair.attachment.key, base)
            for link, (one, change) in zip(links, written, strict=True)
            if (base := _settled(one, change)) is not None
        ],
    )


def _settled(one: Outgoing, change: Change) -> Base | None:
    return settle(one.decision.plan, one.decision.terms, _returned(one, change))


def _returned(one: Outgoing, change: Change) -> Present:
    assert change.data is not None
    by = Mark(one.decision.pair.attachment.integration_name)
    return Present(fields=_echoed(one, fields_of(change.data)), mark=by, version=change.ref.version)


def _echoed(one: Outgoing, told: Fields) -> Fields:
    """What refers to another record comes back as it was sent, if it was: however the service calls it."""
    fields = one.decision.references.inward(told)
    sent = {name: value for name, value in one.decision.plan.remote.items() if name in told}
    same = {name: value for name, value in sent.items() if one.fields.get(name) == told[name] is not None}
    return {**fields, **same}


def _says_more(one: Outgoing, change: Change) -> bool:
    """Whether the service made of it more than what it was sent: that is an edit of its own."""
    base = _settled(one, change)
    if base is None:
        return False
    hub = Present(fields=base.hub, mark=Mark("hub"))
    again = plan(base, hub, _returned(one, change), one.decision.terms)
    return again.action is not Action.NOTHING or (base.version is None and change.ref.version is not None)


def _forget_replaced(tx: Writing, written: Sequence[Outgoing]) -> None:
    """A record that was made anew has another counterpart from now on; the old one stays as a tombstone."""
    old = [one.decision.pair.link.key for one in written if one.verb == "create" and one.decision.pair.link]
    linking.bury(tx, old)
    bases.forget(tx, old)


def _without_written(decision: Decision) -> Base:
    """The plan's base, but for what could not be written: there the two sides still differ."""
    new, old = decision.plan.base, decision.base
    assert new is not None
    names = decision.plan.remote.keys()
    before = old or Base(hub={}, remote={})
    return Base(
        hub={**_without(new.hub, names), **_only(before.hub, names)},
        remote={**_without(new.remote, names), **_only(before.remote, names)},
    )


def _without(fields: Fields, names: Collection[str]) -> Fields:
    return {name: value for name, value in fields.items() if name not in names}


def _only(fields: Fields, names: Collection[str]) -> Fields:
    return {name: value for name, value in fields.items() if name in names}


def _entry(origin: Origin, one: Outgoing, change: Change | None) -> Entry:
    decision = one.decision
    kind = decision.pair.attachment.kind
    before = decision.remote.fields if isinstance(decision.remote, Present) else None
    return Entry(
        item=one.item,
        side="remote",
        action=decision.plan.action.value,
        words=decision.plan.words,
        before=encoded(kind, before) if before is not None else None,
        after=kinds.encode(change.data) if change is not None and change.data is not None else None,
        run=origin.run,
        attachment=decision.pair.attachment.key,
        more=More(resolutions=resolved(kind, decision.plan.resolutions, "hub")),
    )
