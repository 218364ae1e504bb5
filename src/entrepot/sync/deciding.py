"""From what is known of a pair to what both sides are, and from there to a plan."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from entrepot.core import kinds
from entrepot.core.conflict import Mark, Moment
from entrepot.core.fields import Fields, fields_of, record_of
from entrepot.core.plan import plan
from entrepot.core.plan_outcome import Plan
from entrepot.core.plan_sides import ABSENT, GONE, Base, Present, State, Terms, remembered
from entrepot.core.plan_table import Action
from entrepot.storage.pairs import Pair
from entrepot.storage.transaction import Reading
from entrepot.sync.disputes import unpack
from entrepot.sync.references import References
from entrepot.sync.terms import is_within

HUB = "hub"
IGNORED = Plan(action=Action.FORGET, words="takes no part")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about a pair, and what that was decided by. `raw` are the fields as the service told them."""

    pair: Pair
    terms: Terms
    plan: Plan
    base: Base | None
    hub: State
    remote: State
    references: References
    raw: Fields = {}

    @property
    def item_fields(self) -> Fields:
        return self.hub.fields if isinstance(self.hub, Present) else {}


def decide(tx: Reading, pairs: Sequence[Pair], terms: Mapping[int, Terms]) -> list[Decision]:
    """`terms` by attachment. Pairs of several attachments of one stream may come together."""
    by_attachment: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_attachment.setdefault(pair.attachment.key, []).append(pair)
    found: dict[int, Decision] = {}
    for key, mine in by_attachment.items():
        read = [_read(pair) for pair in mine]
        told = (fields for each in read for fields in each if fields is not None)
        references = References.of(tx, mine[0].attachment, told)
        for pair, (item, arrived) in zip(mine, read, strict=True):
            found[id(pair)] = _decide(pair, terms[key], references, item, arrived)
    return [found[id(pair)] for pair in pairs]


def unwritten(decision: Decision) -> Decision:
    """What the service said is followed, and nothing is written there; what waits to go out waits on."""
    terms = msgspec.structs.replace(decision.terms, writable=frozenset())
    return msgspec.structs.replace(
        decision,
        terms=terms,
        pair=msgspec.structs.replace(decision.pair, due=None),
        plan=plan(decision.base, decision.hub, decision.remote, terms),
    )


def record_fields(kind: str, data: bytes) -> Fields:
    return fields_of(kinds.decode(kind, data))


def encoded(kind: str, fields: Fields) -> bytes:
    """The JSON an item is stored as."""
    return kinds.encode(record_of(kind, fields))


def _read(pair: Pair) -> tuple[Fields | None, Fields | None]:
    """The fields of the item, and those the service told."""
    kind = pair.attachment.kind
    item = record_fields(kind, pair.item.data) if pair.item else None
    data = pair.arrival[1].data if pair.arrival else None
    return item, record_fields(kind, data) if data is not None else None


def _decide(pair: Pair, terms: Terms, references: References, item: Fields | None, arrived: Fields | None) -> Decision:
    base = _base(pair, references)
    hub = _hub(pair, references, item, base)
    remote = _remote(pair, references, arrived, base, terms)
    planned = IGNORED if _is_ignored(pair, item, arrived) else plan(base, hub, remote, terms)
    decision = Decision(
        pair=pair,
        terms=terms,
        plan=planned,
        base=base,
        hub=hub,
        remote=remote,
        references=references,
        raw=arrived or {},
    )
    return _taken_along(decision, item) if item is not None and hub is GONE else decision


def _taken_along(decision: Decision, item: Fields) -> Decision:
    """Moved here and edited there, the edit goes with the item; what it left behind then goes, as any other."""
    pair, planned = decision.pair, decision.plan
    is_there = pair.item is not None and pair.item.deleted_at is None and not pair.is_excluded
    if not is_there or not decision.terms.may_take() or not (planned.conflicts or planned.resolutions):
        return decision
    moved = Present(fields=decision.references.inward(item), mark=Mark(HUB), marks=dict(pair.marks))
    return unwritten(msgspec.structs.replace(decision, hub=moved))


def _base(pair: Pair, references: References) -> Base | None:
    base = pair.link.base if pair.link else None
    if base is None or not references:
        return base
    return msgspec.structs.replace(base, hub=references.inward(base.hub), remote=references.inward(base.remote))


def _hub(pair: Pair, references: References, item: Fields | None, base: Base | None) -> State:
    if pair.item is None or item is None:
        return ABSENT
    if pair.is_excluded:
        return GONE
    home = pair.link.collection if pair.link else None
    if pair.item.deleted_at is None and pair.item.collection in {pair.attachment.collection, home}:
        return Present(fields=references.inward(item), mark=Mark(HUB), marks=dict(pair.marks))
    # What was deleted at the service, and is there again, came back there: the hub's copy only followed it.
    returned = base is None and pair.link is not None and pair.link.gone_at is not None
    return ABSENT if returned else GONE


def _remote(pair: Pair, references: References, arrived: Fields | None, base: Base | None, terms: Terms) -> State:
    by = pair.attachment.integration_name
    if pair.arrival is not None:
        if arrived is None:
            return GONE
        mark = Mark(by, _moment(arrived))
        return Present(fields=references.inward(arrived), mark=mark, version=pair.arrival[1].version)
    if base is None:
        return ABSENT
    if pair.link is not None and pair.link.gone_at is not None:
        return GONE
    disputed = tuple(unpack(pair.attachment.kind, row) for row in pair.disputed)
    return remembered(base, disputed, terms, Mark(by))


def _is_ignored(pair: Pair, item: Fields | None, arrived: Fields | None) -> bool:
    """A record that takes no part yet and is out of scope; a tombstone from where the record is not any more."""
    if pair.link is not None:
        told = pair.arrival[1] if pair.arrival else None
        left = told is not None and told.data is None and told.collection not in {"", pair.attachment.remote_id}
        return left and pair.attachment.remote_id != ""
    fields = arrived or item
    return fields is not None and not is_within(pair.attachment.settings, fields)


def _moment(fields: Fields) -> Moment | None:
    at = fields.get("updated")
    if not isinstance(at, datetime):
        return None
    # A time of change without seconds is told by a service that counts minutes.
    coarse = 60_000 if at.second == at.microsecond == 0 else 1_000 if at.microsecond == 0 else 1
    return Moment(int(at.timestamp() * 1000), coarse)
