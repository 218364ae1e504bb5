"""A person's word on a conflict: the hub's value, the service's, the one before both, or one of their own."""

from typing import Literal

import msgspec

from entrepot.core import kinds
from entrepot.core.conflict import WHOLE, Conflict
from entrepot.core.errors import PersonMustFix
from entrepot.core.fields import Fields, Value, record_of
from entrepot.core.kinds import KINDS
from entrepot.core.merge_choice import Unit
from entrepot.core.plan_outcome import answer
from entrepot.core.plan_sides import Base, Terms
from entrepot.storage import attachments, bases, conflicts, incoming, linking, pairs, pending
from entrepot.storage.attachments import Attachment
from entrepot.storage.conflicts import Row
from entrepot.storage.pairs import Pair
from entrepot.storage.transaction import Writing
from entrepot.sync import editing
from entrepot.sync.deciding import record_fields
from entrepot.sync.disputes import unit_of, unpack
from entrepot.sync.terms import scope_of

Use = Literal["hub", "remote", "base", "merged"]


def resolve(tx: Writing, workspace_id: int, row: Row, use: Use, given: object = msgspec.UNSET) -> None:
    """Settles it in the hub; the next sync tells the service. `given` (JSON) is the person's own value."""
    if row.closed:
        raise PersonMustFix(f"Conflict {row.id} is settled already ({row.closed}).")
    attachment = attachments.by_key(tx, row.attachment)
    pair = pairs.of_items(tx, attachment, [row.item])[0]
    conflict = unpack(attachment.kind, row)
    if row.field == WHOLE:
        _resolve_whole(tx, workspace_id, pair, conflict, use)
    else:
        kind, is_own = attachment.kind, given is not msgspec.UNSET
        value = _own(kind, conflict, given) if is_own else value_of(kind, conflict, use)
        _resolve_field(tx, workspace_id, pair, conflict, value)
    pending.ask(tx, [(attachment.key, row.item)])
    conflicts.close(tx, [row.key], "own value" if given is not msgspec.UNSET else f"used {use}")


def _own(kind: str, conflict: Conflict, given: object) -> Value:
    unit = unit_of(kind, conflict.field)
    assert unit is not None  # the whole record is settled elsewhere
    return _converted(kind, unit, given)


def value_of(kind: str, conflict: Conflict, use: Use) -> Value:
    """What a conflict about a field would be settled with."""
    unit = unit_of(kind, conflict.field)
    assert unit is not None  # the same
    match use:
        case "hub":
            return conflict.hub
        case "remote":
            return conflict.remote
        case "base":
            return unit.value_in({}) if conflict.base is msgspec.UNSET else conflict.base
        case "merged":
            base = unit.value_in({}) if conflict.base is msgspec.UNSET else conflict.base
            return unit.merge(base, conflict.hub, conflict.remote).value


def _converted(kind: str, unit: Unit, given: object) -> Value:
    struct = KINDS[kind]
    names = {field.name: field.encode_name for field in msgspec.structs.fields(struct)}
    wanted = given if isinstance(given, dict) and len(unit.fields) > 1 else {names[unit.name]: given}
    required = {field.encode_name for field in msgspec.structs.fields(struct) if field.required}
    try:
        found = msgspec.convert({**dict.fromkeys(required, ""), **wanted}, struct)
    except msgspec.ValidationError as why:
        raise PersonMustFix(f"The value does not fit {unit.name} of a {kind}: {why}.") from why
    return unit.value_in({name: getattr(found, name) for name in unit.fields})


def _resolve_field(tx: Writing, workspace_id: int, pair: Pair, conflict: Conflict, value: Value) -> None:
    attachment = pair.attachment
    if pair.link is None or pair.link.base is None or pair.item is None:
        raise PersonMustFix("This conflict is out of date: sync once more, and look again.")
    terms = Terms(kind=attachment.kind, fields=scope_of(attachment.kind, attachment.settings))
    fields, base = answer(pair.link.base, conflict, value, terms)
    bases.keep(tx, attachment.kind, [(pair.link.key, attachment.key, base)])
    found = editing.Found(pair.item, attachment.kind)
    data = record_of(attachment.kind, {**found.fields, **fields})
    editing.edit(tx, workspace_id, found, data, "was settled by a person")


def _resolve_whole(tx: Writing, workspace_id: int, pair: Pair, conflict: Conflict, use: Use) -> None:
    if use not in {"hub", "remote"}:
        raise PersonMustFix("This conflict is about whether the record is to exist: --use hub or --use remote.")
    if pair.item is None or pair.link is None:
        raise PersonMustFix("This conflict is out of date: sync once more, and look again.")
    if conflict.remote is msgspec.UNSET:
        _after_remote_deletion(tx, workspace_id, pair, keep=use == "hub")
    else:
        _after_hub_deletion(tx, workspace_id, pair, conflict, keep=use == "remote")


def _after_remote_deletion(tx: Writing, workspace_id: int, pair: Pair, *, keep: bool) -> None:
    assert pair.link is not None
    assert pair.item is not None
    linking.bury(tx, [pair.link.key])
    bases.forget(tx, [pair.link.key])
    incoming.forget(tx, pair.attachment.stream, [pair.link.object_id])
    if not keep:
        editing.delete(tx, workspace_id, editing.Found(pair.item, pair.attachment.kind), "was settled by a person")


def _after_hub_deletion(tx: Writing, workspace_id: int, pair: Pair, conflict: Conflict, *, keep: bool) -> None:
    """What the service has is seen: kept, it comes back here; otherwise it was not edited since, and goes there too."""
    assert pair.link is not None
    assert pair.item is not None
    attachment: Attachment = pair.attachment
    remote: Fields = conflict.remote
    if pair.arrival is not None:
        number, told = pair.arrival
        remote = record_fields(attachment.kind, told.data) if told.data is not None else remote
        linking.keep(tx, attachment.stream, [linking.seen(pair.link.key, pair.item.key, attachment.collection, told)])
        incoming.done(tx, [number])
    if keep:
        found = editing.Found(pair.item, attachment.kind)
        data = record_of(attachment.kind, {**found.fields, **remote})
        editing.edit(tx, workspace_id, found, data, "was settled by a person")
    version = pair.arrival[1].version if pair.arrival else None
    bases.keep(tx, attachment.kind, [(pair.link.key, attachment.key, Base(hub=remote, remote=remote, version=version))])


def shown(kind: str, field: str, value: Value) -> object:
    """A value of a conflict as JSON for people and programs; None where that side has none."""
    if value is msgspec.UNSET:
        return None
    unit = unit_of(kind, field)
    fields = value if unit is None or len(unit.fields) > 1 else {field: value}
    named = msgspec.json.decode(kinds.encode(record_of(kind, _filled(kind, fields))))
    if unit is None or len(unit.fields) > 1:
        return named
    name = next(one.encode_name for one in msgspec.structs.fields(KINDS[kind]) if one.name == field)
    return named.get(name)


def _filled(kind: str, fields: Fields) -> Fields:
    required = {one.name: "" for one in msgspec.structs.fields(KINDS[kind]) if one.required}
    return {**required, **fields}
