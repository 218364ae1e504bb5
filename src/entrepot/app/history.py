"""What was done to an item, on which side, by whom and why; and taking one change back, or choosing the other value."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from entrepot.app.given_fields import told, unit_named
from entrepot.app.services import Services
from entrepot.app.views import moment
from entrepot.core.errors import PersonMustFix
from entrepot.core.fields import fields_of, is_same
from entrepot.core.kinds import decode
from entrepot.storage import attachments, journal, runs
from entrepot.storage.integrations import HUB
from entrepot.storage.journal import Entry
from entrepot.storage.transaction import Reading
from entrepot.sync import editing, undoing
from entrepot.sync.undoing import Undone


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy decided; `lost` is the value that was not chosen, None where that was that the record goes."""

    field: str
    words: str
    winner: str
    kept: object
    lost: object


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """`side` is where it was done: `hub`, or `remote` at `integration`. On the hub's side `integration` is who brought
    it, None a person. `before` and `after` are JSON of the kind, None where there was no record.
    """

    id: str
    at: datetime
    side: str
    integration: str | None
    remote_collection: str | None
    run: str | None
    action: str
    words: str
    fields: Sequence[str]
    before: msgspec.Raw | None
    after: msgspec.Raw | None
    choices: Sequence[Choice] = ()
    undone: bool = False


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """`undone` changes were taken back; `kept` ones stayed, as they were edited since."""

    entry: str
    item: str
    undone: int
    kept: int


def of_item(services: Services, public: str, limit: int = 100) -> Sequence[EntryView]:
    """The newest first."""
    with services.database.read() as tx:
        found = editing.find(tx, services.workspace, public)
        entries = journal.of_item(tx, services.workspace, found.item.key, limit)
        return views(tx, services.workspace, found.kind, entries)


def views(tx: Reading, workspace: int, kind: str, entries: Sequence[Entry]) -> list[EntryView]:
    places = attachments.places(tx, workspace)
    publics = {key: runs.by_key(tx, key).id for key in {one.run for one in entries if one.run is not None}}
    return [_view(kind, one, places, publics) for one in entries]


def undo(services: Services, entry: str) -> Taken:
    """The hub goes back to how it was before, and each service follows with its next sync."""
    with services.database.write() as tx:
        found = _find(tx, services.workspace, entry)
        if found.undone_by is not None:
            raise PersonMustFix(f"{entry} was undone already.")
        done = Undone()
        undoing.undo(tx, services.workspace, found, done)
        return Taken(entry=entry, item=_item(tx, services.workspace, found), undone=done.undone, kept=done.kept)


def use_other(services: Services, entry: str, field: str | None = None) -> Taken:
    """In place of what a policy chose, the value that lost."""
    with services.database.write() as tx:
        found = _find(tx, services.workspace, entry)
        unit = field
        if field is not None:
            kinds = tx.fetch("SELECT kind FROM items WHERE id = ?", found.item)
            unit = unit_named(kinds[0][0], field) if kinds else field
        public = _item(tx, services.workspace, found)
        undoing.use_other(tx, services.workspace, found, unit)
        return Taken(entry=entry, item=public, undone=1, kept=0)


def _find(tx: Reading, workspace: int, public: str) -> Entry:
    found = journal.find(tx, workspace, public)
    if found is None:
        raise PersonMustFix(f"There is no entry {public!r}. `entrepot items history ID` shows those of an item.")
    return found


def _item(tx: Reading, workspace: int, entry: Entry) -> str:
    rows = tx.fetch("SELECT public_id FROM items WHERE id = ? AND workspace_id = ?", entry.item, workspace)
    if not rows:
        raise PersonMustFix(f"The item of {entry.id} was removed with its integration; nothing of it can be undone.")
    return rows[0][0]


def _view(kind: str, one: Entry, places: Mapping[int, tuple[str, str]], publics: Mapping[int, str]) -> EntryView:
    integration, remote = places.get(one.attachment or 0, (None, None))
    return EntryView(
        id=one.id,
        at=moment(one.at),
        side=one.side,
        integration=integration,
        remote_collection=remote,
        run=publics.get(one.run or 0),
        action=one.action,
        words=one.words,
        fields=_differing(kind, one),
        before=None if one.before is None else msgspec.Raw(one.before),
        after=None if one.after is None else msgspec.Raw(one.after),
        choices=[
            Choice(field=told(kind, each.field), words=each.words, winner=_winner(each.winner, integration),
                   kept=each.kept, lost=each.lost)
            for each in one.more.resolutions
        ],
        undone=one.undone_by is not None,
    )  # fmt: skip


def _winner(side: str, integration: str | None) -> str:
    return HUB if side == "hub" else integration or side


def _differing(kind: str, one: Entry) -> list[str]:
    """What was set, by the JSON names."""
    if one.after is None:
        return []
    after = fields_of(decode(kind, one.after))
    before = fields_of(decode(kind, one.before)) if one.before is not None else {}
    return sorted(
        told(kind, name)
        for name, value in after.items()
        if not (is_same(before[name], value) if before else _is_empty(value))
    )


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {}, False)
