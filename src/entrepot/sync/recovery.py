"""Writes of which nobody knows what became of them: looked up at the service before anything is sent again."""

from collections.abc import Sequence

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.fields import Fields, decode_fields, fields_of, record_of
from entrepot.core.plan_lift import says_the_same
from entrepot.core.plan_sides import Base, Terms
from entrepot.sdk.writer import Finding, Write, Writer, Writing
from entrepot.storage import bases, incoming, intents, linking, pairs, pending
from entrepot.storage.attachments import Attachment
from entrepot.storage.intents import Intent
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading
from entrepot.storage.transaction import Writing as Tx
from entrepot.sync.answers import believed
from entrepot.sync.deciding import record_fields
from entrepot.sync.references import References
from entrepot.sync.sending import look_again
from entrepot.sync.settling import arrival, taken_words


class Looked(msgspec.Struct, frozen=True):
    """`found` is the record as it is now; None where there is none. `waits`: too early to say."""

    intent: Intent
    found: Change | None = None
    waits: bool = False


async def look_up(writer: Writer, attachment: Attachment, intent: Intent, now: int) -> Looked:
    """What became of it, as the service says."""
    writing = writer.writing(attachment.stream_name)
    if intent.verb != "create":
        seen = await look_again(writer, attachment, intent.object_id)
        return Looked(intent, None if isinstance(seen, BadRow) else seen)
    write = _write(attachment, intent)
    if writing is not None and writing.repeatable:
        return Looked(intent, believed(await writer.write(write), write, attachment.kind))
    found = await writer.find(write) if isinstance(writer, Finding) else None
    if found is not None:
        found = believed(found, write, attachment.kind)
    return Looked(intent, found, waits=found is None and writing is not None and _is_early(writing, intent, now))


class Place(msgspec.Struct, frozen=True):
    """Where the writes were to go."""

    stream: Stream
    attachment: Attachment
    terms: Terms


def keep(tx: Tx, place: Place, looked: Sequence[Looked]) -> None:
    """What was found is told as if it had been read, over a base of what was sent: then nothing is made twice."""
    for one in looked:
        found = one.found or _arrived(tx, place, one.intent)
        if found is None and one.waits:
            continue
        if found is not None:
            _keep_found(tx, place, one.intent, found)
        intents.settled(tx, [one.intent.op])


def _keep_found(tx: Tx, place: Place, intent: Intent, found: Change) -> None:
    stream, attachment, terms = place.stream, place.attachment, place.terms
    told = arrival(attachment.remote_id, found)
    if intent.verb == "create" and found.data is not None:
        link = pairs.links_of(tx, stream.kind, stream.key, [found.ref.id]).get(found.ref.id)
        if link is not None and link.gone_at is None:
            if link.item != intent.item:
                pending.set_aside(tx, attachment.key, intent.item, taken_words(attachment))
            return
        _forget_replaced(tx, stream, intent)
        seen = linking.seen(None, intent.item, attachment.collection, told)
        bases.keep(tx, stream.kind, [(linking.keep(tx, stream.key, [seen])[0], attachment.key, _sent(terms, intent))])
    elif intent.verb == "update" and found.data is not None and intent.link is not None:
        _keep_applied(tx, place, intent, fields_of(found.data))
    incoming.stage(tx, stream, [told])


def _keep_applied(tx: Tx, place: Place, intent: Intent, now: Fields) -> None:
    """What is there as it was sent has been agreed on, whatever was edited in the hub since."""
    stream, attachment, terms = place.stream, place.attachment, place.terms
    link = pairs.links_of(tx, stream.kind, stream.key, [intent.object_id]).get(intent.object_id)
    if link is None or link.base is None:
        return
    sent, base = _fields(terms, intent), link.base
    hub, remote = dict(base.hub), dict(base.remote)
    for unit in terms.units():
        if not sent.keys() >= set(unit.fields):
            continue
        here, there = unit.value_in(sent), unit.value_in(now)
        if says_the_same(unit, terms, here, there):
            hub |= unit.as_fields(here)
            remote |= unit.as_fields(there)
    bases.keep(tx, stream.kind, [(link.key, attachment.key, Base(hub=hub, remote=remote))])


def _sent(terms: Terms, intent: Intent) -> Base:
    """What the hub had, and what the service is expected to hold of it."""
    sent = _fields(terms, intent)
    units = [unit for unit in terms.units() if sent.keys() >= set(unit.fields)]
    hub = {name: value for unit in units for name, value in unit.as_fields(unit.value_in(sent)).items()}
    held = {
        name: value
        for unit in units
        for name, value in unit.as_fields(terms.project(unit.name, unit.value_in(sent))).items()
    }
    return Base(hub=hub, remote=held)


def _fields(terms: Terms, intent: Intent) -> Fields:
    """What was to change, in the hub's terms."""
    if intent.data is None:
        return {}
    told = decode_fields(terms.kind, intent.data)
    return {name: told[name] for name in intent.fields if name in told}


def _forget_replaced(tx: Tx, stream: Stream, intent: Intent) -> None:
    """What was made anew took the place of a record that is gone: that one stays as a tombstone."""
    old = pairs.links_of(tx, stream.kind, stream.key, [intent.object_id]).get(intent.object_id)
    if old is None:
        return
    linking.bury(tx, [old.key])
    bases.forget(tx, [old.key])
    number, told = incoming.of(tx, stream.key, [intent.object_id]).get(intent.object_id, (0, None))
    if told is not None and told.data is None:
        incoming.done(tx, [number])


def _arrived(tx: Reading, place: Place, intent: Intent) -> Change | None:
    """For services that cannot be asked: among what was read and belongs to nothing, the record that says the same."""
    return None if intent.verb != "create" else _equal(tx, place, intent)


def _equal(tx: Reading, place: Place, intent: Intent) -> Change | None:
    attachment, after = place.attachment, 0
    sent = _fields(place.terms, intent)
    units = [unit for unit in place.terms.units() if sent.keys() >= set(unit.fields)]
    while found := incoming.after(tx, attachment.stream, after, 500):
        after = found[-1][0]
        known = pairs.links_of(tx, attachment.kind, attachment.stream, [told.object_id for _, told in found])
        for _, told in found:
            if told.data is None or told.object_id in known or told.collection != attachment.remote_id:
                continue
            fields = record_fields(attachment.kind, told.data)
            there = References.of(tx, attachment, [fields]).inward(fields)
            if all(says_the_same(unit, place.terms, unit.value_in(sent), unit.value_in(there)) for unit in units):
                data = record_of(attachment.kind, fields)
                return Change(attachment.stream_name, Ref(told.object_id, told.version), data, told.native)
    return None


def _write(attachment: Attachment, intent: Intent) -> Write:
    fields = decode_fields(attachment.kind, intent.data or b"{}")
    return Write(
        op=intent.op,
        verb="create",
        stream=attachment.stream_name,
        collection=attachment.remote_id or None,
        data=record_of(attachment.kind, fields),
        fields=frozenset(intent.fields),
        at=intent.at,
    )


def _is_early(writing: Writing, intent: Intent, now: int) -> bool:
    return abs(now - intent.at) < writing.lag * 1000  # a clock that was put back keeps nothing in doubt for long
