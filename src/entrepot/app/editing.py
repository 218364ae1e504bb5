"""Items as people change them in the hub: kept at once, and told to whatever is attached by its next sync."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from entrepot.app import views
from entrepot.app.given_fields import check_kind, missing, read
from entrepot.app.services import Services
from entrepot.app.views import Item
from entrepot.core.errors import PersonMustFix
from entrepot.core.fields import record_of
from entrepot.storage import attachments, browsing, collections
from entrepot.storage.transaction import Reading, Writing
from entrepot.sync import editing
from entrepot.sync.editing import Found


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """`changed` is whether anything differs; `goes_to` names the integrations that hear of it in their next sync."""

    item: Item
    changed: bool
    goes_to: Sequence[str]


def add(services: Services, kind: str | None, collection: str | None, words: Mapping[str, str]) -> Edited:
    """`words`: field → value as text. A collection has a kind already."""
    if kind is not None:
        check_kind(kind)
    with services.database.write() as tx:
        home = collections.find(tx, services.workspace, collection, kind) if collection is not None else None
        of = home.kind if home is not None else kind
        if of is None:
            raise PersonMustFix("Say what it is, with --kind, or where it goes, with --collection.")
        fields = read(of, words)
        if lacking := missing(of, fields):
            raise PersonMustFix(f"A {of} needs {', '.join(lacking)}: " + " ".join(f"--set {n}=…" for n in lacking))
        key = editing.add(tx, services.workspace, home.key if home else None, record_of(of, fields))
        public = tx.fetch("SELECT public_id FROM items WHERE id = ?", key)[0][0]
        return _edited(tx, services.workspace, public, changed=True)


def edit(services: Services, public: str, words: Mapping[str, str]) -> Edited:
    """Only the fields named are changed."""
    if not words:
        raise PersonMustFix("Nothing to change: give --set FIELD=VALUE.")

    def work(tx: Writing, found: Found) -> bool:
        if found.item.deleted_at is not None:
            raise PersonMustFix(f"{public} was deleted. To bring it back: entrepot items restore {public}")
        data = record_of(found.kind, {**found.fields, **read(found.kind, words)})
        return editing.edit(tx, services.workspace, found, data)

    return _change(services, public, work)


def delete(services: Services, public: str) -> Edited:
    return _change(services, public, lambda tx, found: editing.delete(tx, services.workspace, found))


def restore(services: Services, public: str) -> Edited:
    """What was deleted here or at a service is there again, and made anew where it is gone."""

    def work(tx: Writing, found: Found) -> bool:
        if found.item.deleted_at is None:
            return False
        data = record_of(found.kind, found.fields)
        return editing.edit(tx, services.workspace, found, data, "was restored in the hub")

    return _change(services, public, work)


def move(services: Services, public: str, collection: str) -> Edited:
    """Into another collection of its kind: made there, and gone here, wherever these are attached."""

    def work(tx: Writing, found: Found) -> bool:
        home = collections.find(tx, services.workspace, collection, found.kind)
        if found.item.deleted_at is not None:
            raise PersonMustFix(f"{public} was deleted. To bring it back: entrepot items restore {public}")
        editing.move(tx, services.workspace, found, home.key)
        return home.key != found.item.collection

    return _change(services, public, work)


def _change(services: Services, public: str, work: Callable[[Writing, Found], bool]) -> Edited:
    with services.database.write() as tx:
        found = editing.find(tx, services.workspace, public)
        changed = work(tx, found)
        return _edited(tx, services.workspace, public, changed=changed)


def _edited(tx: Reading, workspace: int, public: str, *, changed: bool) -> Edited:
    found = editing.find(tx, workspace, public)
    sql = (
        "SELECT a.id FROM attachments a JOIN pending p ON p.attachment_id = a.id WHERE p.item_id = ? AND p.reason = ''"
    )
    keys = [key for (key,) in tx.fetch(sql, found.item.key)]
    goes = {one.integration_name for one in (attachments.by_key(tx, key) for key in keys)}
    return Edited(item=views.item(browsing.find(tx, workspace, public)), changed=changed, goes_to=sorted(goes))
