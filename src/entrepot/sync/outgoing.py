"""Writes to be sent: recorded as intents before they are, each with the decision it follows from."""

import secrets
from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core.fields import Fields, encode_fields
from entrepot.core.plan_sides import Present
from entrepot.core.plan_table import Action
from entrepot.sdk.writer import Verb
from entrepot.storage import intents, linking
from entrepot.storage.intents import Intent
from entrepot.storage.linking import Seen
from entrepot.storage.transaction import Writing
from entrepot.sync.deciding import Decision
from entrepot.sync.terms import PLACES, one_sided

_VERBS: Mapping[Action, Verb] = {Action.CREATE_THERE: "create", Action.DELETE_THERE: "delete"}


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """`fields` are the whole record as it is to be, in the service's terms; `link` is None for a create."""

    op: str
    verb: Verb
    decision: Decision
    item: int
    link: int | None
    fields: Fields
    native: bytes = b""
    at: int = 0


def verb_of(decision: Decision) -> Verb | None:
    """What is to be done at the service, if anything."""
    verb = _VERBS.get(decision.plan.action)
    return verb or ("update" if decision.plan.remote else None)


def record(tx: Writing, decisions: Sequence[Decision], items: Mapping[int, int]) -> list[Outgoing]:
    """`items` are the items' keys by the decisions' identity."""
    if not decisions:
        return []
    links = _links(tx, decisions, items)
    natives = linking.natives_of(tx, list(links.values()))
    outgoing = [_outgoing(tx, each, items[id(each)], links.get(id(each)), natives) for each in decisions]
    intents.record(tx, [_intent(one) for one in outgoing])
    return outgoing


def seen_by(decision: Decision, item: int) -> Seen:
    """What the service told, to be linked to the item."""
    pair = decision.pair
    assert pair.arrival is not None
    return linking.seen(pair.link.key if pair.link else None, item, pair.attachment.collection, pair.arrival[1])


def object_of(decision: Decision) -> str:
    """The record's id at the service; empty where it has none yet."""
    if decision.pair.arrival is not None:
        return decision.pair.arrival[1].object_id
    return decision.pair.link.object_id if decision.pair.link else ""


def _links(tx: Writing, decisions: Sequence[Decision], items: Mapping[int, int]) -> dict[int, int]:
    """By the decisions' identity. A match is linked before it is written to: it must not be taken for new again."""
    known = {id(each): each.pair.link.key for each in decisions if each.pair.link and verb_of(each) != "create"}
    matched = [each for each in decisions if each.pair.link is None and isinstance(each.remote, Present)]
    if not matched:
        return known
    keys = linking.keep(tx, matched[0].pair.attachment.stream, [seen_by(each, items[id(each)]) for each in matched])
    return known | {id(each): key for each, key in zip(matched, keys, strict=True)}


def _outgoing(tx: Writing, decision: Decision, item: int, link: int | None, natives: Mapping[int, bytes]) -> Outgoing:
    verb = verb_of(decision)
    assert verb is not None
    arrival = decision.pair.arrival[1] if decision.pair.arrival else None
    native = natives.get(link, b"") if link is not None else b""
    if arrival is not None and arrival.data is not None:
        native = arrival.native
    return Outgoing(
        op=secrets.token_hex(16),
        verb=verb,
        decision=decision,
        item=item,
        link=link,
        fields=_whole(decision, verb),
        native=b"" if verb == "create" else native,
        at=tx.now(),
    )


def _whole(decision: Decision, verb: Verb) -> Fields:
    """The record as it is to be at the service, in the service's terms."""
    if verb == "delete":
        return {}
    if verb == "create":
        # What cannot be written may still say which work it is about.
        known = {name: value for name, value in decision.item_fields.items() if name not in PLACES}
        return decision.references.outward({**known, **decision.plan.remote})
    there = decision.remote.fields if isinstance(decision.remote, Present) else {}
    own = {name: value for name, value in decision.raw.items() if name in one_sided(decision.pair.attachment.kind)}
    return decision.references.outward({**there, **own, **decision.plan.remote})


def _intent(one: Outgoing) -> Intent:
    """What it keeps is in the hub's terms: it is what the hub will have agreed to."""
    attachment, remote = one.decision.pair.attachment, one.decision.plan.remote
    return Intent(
        op=one.op,
        attachment=attachment.key,
        item=one.item,
        link=one.link,
        verb=one.verb,
        object_id=object_of(one.decision),
        data=None if one.verb == "delete" else encode_fields(attachment.kind, {**one.fields, **remote}),
        fields=tuple(remote),
    )
