"""The half of a hub with which people change things: items, what is attached to what, conflicts, runs.

Both halves of each class are one to whoever uses it: `Hub`, and `AsyncHub` with `await`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict, TypeVar, Unpack

from entrepot.app import attaching, collecting, editing, history, settling, steering
from entrepot.app.attaching import Attached
from entrepot.app.collecting import AttachmentView, CollectionView, PolicyChange, PolicyView
from entrepot.app.editing import Edited
from entrepot.app.history import EntryView, Taken
from entrepot.app.services import Services
from entrepot.app.settling import ConflictDetails, ConflictView, Settled
from entrepot.app.steering import Discarded, RunUndone
from entrepot.app.views import RunView
from entrepot.core.conflict import Deletion, Mode
from entrepot.core.plan_sides import Drift
from entrepot.storage.attachments import Direction
from entrepot.sync.resolving import Use

Result = TypeVar("Result")


class Attaching(TypedDict, total=False):
    """On what terms: `match` takes what both sides have already for one; `fields`, `only` and `since` narrow it.

    `stream` says which where two have such a collection. Of what is not given all stays as it was.
    """

    direction: Direction | None
    stream: str | None
    match: bool | None
    fields: Sequence[str] | None
    only: Mapping[str, Sequence[str]] | None
    since: str | None
    drift: Drift | None
    dry_run: bool


class Deciding(TypedDict, total=False):
    """Who wins: of one `field` or of all; `sources` in their order; `deletion` where one side edits and one deletes."""

    field: str | None
    mode: Mode | None
    sources: Sequence[str] | None
    deletion: Deletion | None
    reset: bool


class Settling(TypedDict, total=False):
    """`use` is whose value it is to be, `value` one's own as text; `field` picks one conflict of an item."""

    use: Use | None
    value: str | None
    field: str | None


class Changes:
    """What needs nobody's answer but the database's."""

    services: Services

    def new_collection(self, name: str, kind: str) -> CollectionView:
        return collecting.new(self.services, name, kind)

    def attach(self, collection: str, integration: str, remote: str, **how: Unpack[Attaching]) -> Attached:
        """Let a remote collection (by its name or id) take part; the matches are told before anything is written."""
        return asyncio.run(attaching.attach(self.services, collection, integration, remote, attaching.Wanted(**how)))

    def detach(self, collection: str, integration: str, remote: str) -> AttachmentView:
        """Neither side is followed any more; everything stays where it is."""
        return attaching.detach(self.services, collection, integration, remote)

    def policy(self, collection: str, **what: Unpack[Deciding]) -> PolicyView:
        """Who wins in a collection; with nothing to change, what is said there."""
        return collecting.collection_policy(self.services, collection, PolicyChange(**what))

    def integration_policy(self, integration: str, **what: Unpack[Deciding]) -> PolicyView:
        """Who wins wherever an integration takes part, and the collection says nothing else."""
        return collecting.integration_policy(self.services, integration, PolicyChange(**what))

    def add(self, fields: Mapping[str, str], *, kind: str | None = None, collection: str | None = None) -> Edited:
        """A new item; `fields` are texts, as a person writes them."""
        return editing.add(self.services, kind, collection, fields)

    def edit(self, item: str, fields: Mapping[str, str]) -> Edited:
        return editing.edit(self.services, item, fields)

    def delete(self, item: str) -> Edited:
        return editing.delete(self.services, item)

    def restore(self, item: str) -> Edited:
        return editing.restore(self.services, item)

    def move(self, item: str, collection: str) -> Edited:
        return editing.move(self.services, item, collection)

    def history(self, item: str, *, limit: int = 100) -> Sequence[EntryView]:
        """What was done to an item, the newest first."""
        return history.of_item(self.services, item, limit)

    def undo(self, entry: str) -> Taken:
        """Take one change back, on both sides."""
        return history.undo(self.services, entry)

    def use_other(self, entry: str, *, field: str | None = None) -> Taken:
        """In place of what a policy chose, the value that lost."""
        return history.use_other(self.services, entry, field)

    def conflicts(self, *, limit: int | None = None) -> Sequence[ConflictView]:
        """Those that are open, the oldest first."""
        return list(settling.open_conflicts(self.services, limit))

    def conflict(self, public: str) -> ConflictDetails:
        return settling.show(self.services, public)

    def resolve(self, wanted: str, **how: Unpack[Settling]) -> Settled:
        """A conflict, or all of an item's."""
        return settling.resolve(self.services, wanted, settling.Wanted(**how))

    def resolve_all(self, **how: Unpack[Settling]) -> Settled:
        return settling.resolve_all(self.services, settling.Wanted(**how))

    def pause(self, run: str) -> RunView:
        return steering.pause(self.services, run)

    def resume(self, run: str) -> RunView:
        return steering.resume(self.services, run)

    def cancel(self, run: str) -> RunView:
        return steering.cancel(self.services, run)

    def undo_run(self, run: str, *, dry_run: bool = False) -> RunUndone:
        """Take back what a run changed; the services follow with their next sync."""
        return steering.undo(self.services, run, dry_run=dry_run)

    def discard_run(self, run: str) -> Discarded:
        """Forget what a run read that a brake stopped; the next one lists everything anew."""
        return steering.discard(self.services, run)


class AsyncChanges:
    """The same with `await`: each in a thread, but for what asks a service."""

    services: Services

    async def new_collection(self, name: str, kind: str) -> CollectionView:
        return await self._later(lambda mine: mine.new_collection(name, kind))

    async def attach(self, collection: str, integration: str, remote: str, **how: Unpack[Attaching]) -> Attached:
        """Let a remote collection (by its name or id) take part; the matches are told before anything is written."""
        return await attaching.attach(self.services, collection, integration, remote, attaching.Wanted(**how))

    async def detach(self, collection: str, integration: str, remote: str) -> AttachmentView:
        return await self._later(lambda mine: mine.detach(collection, integration, remote))

    async def policy(self, collection: str, **what: Unpack[Deciding]) -> PolicyView:
        return await self._later(lambda mine: mine.policy(collection, **what))

    async def integration_policy(self, integration: str, **what: Unpack[Deciding]) -> PolicyView:
        return await self._later(lambda mine: mine.integration_policy(integration, **what))

    async def add(self, fields: Mapping[str, str], *, kind: str | None = None, collection: str | None = None) -> Edited:
        """A new item; `fields` are texts, as a person writes them."""
        return await self._later(lambda mine: mine.add(fields, kind=kind, collection=collection))

    async def edit(self, item: str, fields: Mapping[str, str]) -> Edited:
        return await self._later(lambda mine: mine.edit(item, fields))

    async def delete(self, item: str) -> Edited:
        return await self._later(lambda mine: mine.delete(item))

    async def restore(self, item: str) -> Edited:
        return await self._later(lambda mine: mine.restore(item))

    async def move(self, item: str, collection: str) -> Edited:
        return await self._later(lambda mine: mine.move(item, collection))

    async def history(self, item: str, *, limit: int = 100) -> Sequence[EntryView]:
        return await self._later(lambda mine: mine.history(item, limit=limit))

    async def undo(self, entry: str) -> Taken:
        return await self._later(lambda mine: mine.undo(entry))

    async def use_other(self, entry: str, *, field: str | None = None) -> Taken:
        return await self._later(lambda mine: mine.use_other(entry, field=field))

    async def conflicts(self, *, limit: int | None = None) -> Sequence[ConflictView]:
        return await self._later(lambda mine: mine.conflicts(limit=limit))

    async def conflict(self, public: str) -> ConflictDetails:
        return await self._later(lambda mine: mine.conflict(public))

    async def resolve(self, wanted: str, **how: Unpack[Settling]) -> Settled:
        return await self._later(lambda mine: mine.resolve(wanted, **how))

    async def resolve_all(self, **how: Unpack[Settling]) -> Settled:
        return await self._later(lambda mine: mine.resolve_all(**how))

    async def pause(self, run: str) -> RunView:
        return await self._later(lambda mine: mine.pause(run))

    async def resume(self, run: str) -> RunView:
        return await self._later(lambda mine: mine.resume(run))

    async def cancel(self, run: str) -> RunView:
        return await self._later(lambda mine: mine.cancel(run))

    async def undo_run(self, run: str, *, dry_run: bool = False) -> RunUndone:
        return await self._later(lambda mine: mine.undo_run(run, dry_run=dry_run))

    async def discard_run(self, run: str) -> Discarded:
        return await self._later(lambda mine: mine.discard_run(run))

    async def _later(self, work: Callable[[Changes], Result]) -> Result:
        changes = Changes()
        changes.services = self.services
        return await asyncio.to_thread(work, changes)
