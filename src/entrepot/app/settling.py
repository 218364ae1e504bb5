"""Conflicts: what no policy may settle alone, shown with the values of both sides, and settled by a person's word."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from entrepot.app.given_fields import named, told, unit_named, value
from entrepot.app.services import Services
from entrepot.app.views import moment
from entrepot.core import kinds
from entrepot.core.conflict import WHOLE, Conflict, Mark
from entrepot.core.errors import PersonMustFix
from entrepot.core.merge_choice import units
from entrepot.storage import attachments, conflicts, pairs
from entrepot.storage.attachments import Attachment
from entrepot.storage.conflicts import Row
from entrepot.storage.transaction import Reading
from entrepot.sync import disputes, resolving
from entrepot.sync.resolving import Use

BATCH = 100


class Author(msgspec.Struct, frozen=True):
    """Who gave a value: `hub`, or the name of an integration; and when, where that is known."""

    by: str
    at: datetime | None


class ConflictView(msgspec.Struct, frozen=True, kw_only=True):
    """`field` is "" where it is about whether the record is to exist. `closed` says how it ended, "" while open."""

    id: str
    item: str
    kind: str
    title: str
    collection: str
    integration: str
    remote_collection: str
    field: str
    words: str
    at: datetime
    closed: str = ""


class ConflictDetails(ConflictView, frozen=True, kw_only=True):
    """The value of each side as JSON, None where it has none: deleted there, or never agreed on.

    `merged` is what would come of putting both together, with the hub's where they clash; `clashes` are those places.
    """

    base: object
    hub: object
    remote: object
    merged: object
    by_hub: Author
    by_remote: Author
    clashes: Sequence[Sequence[str]]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`use` is whose value it is to be; `value` a person's own, as text. `field` picks one of an item's."""

    use: Use | None = None
    value: str | None = None
    field: str | None = None


class Settled(msgspec.Struct, frozen=True):
    """`left` are those that stay open, each with the reason."""

    resolved: Sequence[str]
    left: Sequence[tuple[str, str]] = ()


def open_conflicts(services: Services, limit: int | None = None) -> Iterator[ConflictView]:
    """The oldest first, in constant memory."""

    def every() -> Iterator[ConflictView]:
        after = 0
        while True:
            with services.database.read() as tx:
                rows = conflicts.open_in(tx, services.workspace, after, BATCH)
                found = [_view(tx, row, attachments.by_key(tx, row.attachment)) for row in rows]
            yield from found
            if len(rows) < BATCH:
                return
            after = rows[-1].key

    return itertools.islice(every(), limit)


def show(services: Services, public: str) -> ConflictDetails:
    with services.database.read() as tx:
        row = conflicts.find(tx, services.workspace, public)
        attachment = attachments.by_key(tx, row.attachment)
        return _details(tx, row, attachment)


def resolve(services: Services, wanted: str, how: Wanted) -> Settled:
    """`wanted` is a conflict, or an item with all its conflicts. The next sync tells the service."""
    _check(how)
    with services.database.write() as tx:
        rows = _meant(tx, services.workspace, wanted, how.field)
        for row in rows:
            attachment = attachments.by_key(tx, row.attachment)
            resolving.resolve(tx, services.workspace, row, how.use or "merged", _given(attachment.kind, row, how))
    return Settled([row.id for row in rows])


def resolve_all(services: Services, how: Wanted) -> Settled:
    """Every open one, or those about one field; what cannot be settled like that stays, with the reason."""
    if how.value is not None:
        raise PersonMustFix("--value is for one conflict; for all of them say --use hub, remote, base or merged.")
    _check(how)
    resolved: list[str] = []
    left: list[tuple[str, str]] = []
    for one in list(open_conflicts(services)):
        if how.field is not None and how.field not in {one.field, _struct_name(one.kind, one.field)}:
            continue
        try:
            resolve(services, one.id, Wanted(use=how.use))
        except PersonMustFix as why:
            left.append((one.id, why.message))
        else:
            resolved.append(one.id)
    return Settled(resolved, left)


def _check(how: Wanted) -> None:
    if how.use is None and how.value is None:
        raise PersonMustFix("Say what it is to be: --use hub, remote, base or merged, or --value with your own.")
    if how.use is not None and how.value is not None and how.use != "merged":
        raise PersonMustFix("--value is your own; give it in place of --use.")


def _meant(tx: Reading, workspace: int, wanted: str, field: str | None) -> Sequence[Row]:
    if not wanted.startswith("itm_"):
        row = conflicts.find(tx, workspace, wanted)
        if field is not None and _unit(attachments.by_key(tx, row.attachment).kind, field) != row.field:
            raise PersonMustFix(f"{wanted} is about {row.field or 'the whole record'}, not about {field}.")
        return [row]
    found = conflicts.open_of_item(tx, workspace, wanted)
    if field is not None and found:
        kind = attachments.by_key(tx, found[0].attachment).kind
        found = [row for row in found if row.field == _unit(kind, field)]
    if not found:
        raise PersonMustFix(f"{wanted} has no open conflict{f' about {field}' if field else ''}.")
    return found


def _unit(kind: str, field: str) -> str:
    return WHOLE if field == WHOLE else unit_named(kind, field)


def _struct_name(kind: str, field: str) -> str:
    return _unit(kind, field) if field else field


def _given(kind: str, row: Row, how: Wanted) -> object:
    """The person's own value as JSON; what is merged as one takes an object of its fields."""
    if how.value is None:
        return msgspec.UNSET
    if row.field == WHOLE:
        raise PersonMustFix("This conflict is about whether the record is to exist: --use hub or --use remote.")
    unit = next(unit for unit in units(kind) if unit.name == row.field)
    if len(unit.fields) == 1:
        return msgspec.to_builtins(value(kind, named(kind, unit.name), how.value))
    try:
        return msgspec.json.decode(how.value, type=dict[str, object])
    except msgspec.DecodeError as why:
        names = ", ".join(told(kind, name) for name in unit.fields)
        raise PersonMustFix(f"{row.field} of a {kind} takes a JSON object with some of {names}.") from why


def _view(tx: Reading, row: Row, attachment: Attachment) -> ConflictView:
    item = pairs.items_of(tx, [row.item])[row.item]
    return ConflictView(
        id=row.id,
        item=item.public_id,
        kind=attachment.kind,
        title=kinds.title_of(kinds.decode(attachment.kind, item.data)),
        collection=attachment.collection_name,
        integration=attachment.integration_name,
        remote_collection=attachment.remote_name or attachment.stream_name,
        field=told(attachment.kind, row.field),
        words=row.words,
        at=moment(row.at),
        closed=row.closed,
    )


def _details(tx: Reading, row: Row, attachment: Attachment) -> ConflictDetails:
    kind = attachment.kind
    conflict = disputes.unpack(kind, row)
    return ConflictDetails(
        **msgspec.structs.asdict(_view(tx, row, attachment)),
        base=resolving.shown(kind, row.field, conflict.base),
        hub=resolving.shown(kind, row.field, conflict.hub),
        remote=resolving.shown(kind, row.field, conflict.remote),
        merged=_merged(kind, conflict),
        by_hub=_author(conflict.by_hub),
        by_remote=_author(conflict.by_remote),
        clashes=[list(clash.path) for clash in conflict.clashes],
    )


def _merged(kind: str, conflict: Conflict) -> object:
    if conflict.field == WHOLE:
        return None
    return resolving.shown(kind, conflict.field, resolving.value_of(kind, conflict, "merged"))


def _author(mark: Mark) -> Author:
    return Author(mark.by, moment(mark.at.at) if mark.at else None)
