"""The hub as a library: open it on a folder, import, connect, sync, look at items. With `await`, or without."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Self, TypedDict, Unpack

from entrepot import settings as environment
from entrepot.app import collecting, looking, mapping, upkeep
from entrepot.app.collecting import CollectionView
from entrepot.app.connecting import Connect, Person, connect, register, remove
from entrepot.app.hub_changes import AsyncChanges, Changes
from entrepot.app.importing import Asked, import_paths
from entrepot.app.mapping import MappingChange, MappingView, Suggestion
from entrepot.app.mapping import Wanted as MappingWanted
from entrepot.app.planning import Plan, plan
from entrepot.app.reading import Wanted as SyncWanted
from entrepot.app.reading import probe, sync
from entrepot.app.services import Services
from entrepot.app.syncing import Waiting, sync_all, waiting_of
from entrepot.app.upkeep import Finding
from entrepot.app.views import Amount, IntegrationView, Item, Removed, RunView
from entrepot.core.report import Report, Watch
from entrepot.core.secret import Secret
from entrepot.sdk.connector import Account
from entrepot.settings import Settings
from entrepot.storage.browsing import Presence, Wanted

_BATCH = 500


class Importing(TypedDict, total=False):
    """How to import: `connector` where it is not to be recognised, `options` of the importer."""

    connector: str | None
    options: Mapping[str, str]
    dry_run: bool
    progress: Watch | None


class Connecting(TypedDict, total=False):
    """How to connect: with ready `secrets`, or by asking `person`. `port` fixes the redirect's.

    `write` asks for permission to write, too.
    """

    name: str | None
    settings: Mapping[str, str]
    secrets: Mapping[str, Secret]
    base_url: str | None
    port: int
    write: bool
    person: Person | None


class Syncing(TypedDict, total=False):
    """`full` forgets the cursors; `streams` names those to read, all without it.

    `confirm` is the last run, which a brake stopped, and whose deletions a person wants.
    """

    full: bool
    streams: Sequence[str]
    confirm: str | None
    progress: Watch | None


class Looking(TypedDict, total=False):
    """`source` is an integration's id or name, or a connector; `collection` an id or a name."""

    kind: str | None
    source: str | None
    collection: str | None
    presence: Presence


class Remapping(TypedDict, total=False):
    """`lines`: field → line, as text (`properties.Name`, `{at: prio, table: {high: 1}}`; empty: leave it out).

    `default` are fields that go back to the connector's own line; `reset`: all of them do.
    """

    lines: Mapping[str, str]
    default: Sequence[str]
    reset: bool
    dry_run: bool


class AsyncHub(AsyncChanges):
    """A hub in `data` (a folder), or as the settings say. Several processes may have the same one open.

    What can go wrong is one of the seven errors of `entrepot.core.errors`, each with a sentence for people.
    """

    def __init__(self, data: str | Path | None = None, *, settings: Settings | None = None) -> None:
        self.services = Services(settings or environment.read_own(data=Path(data) if data is not None else None))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.services.close)

    async def import_files(self, *paths: str | Path, **how: Unpack[Importing]) -> list[Report]:
        """Import exports as they were downloaded; one report for each that was recognised."""
        return await asyncio.to_thread(_import, self.services, paths, how)

    async def connect(self, connector: str, **how: Unpack[Connecting]) -> IntegrationView:
        """Connect an account; nothing is kept unless the service has said whose it is."""
        wanted = Connect(
            connector=connector,
            name=how.get("name"),
            settings=how.get("settings", {}),
            secrets=how.get("secrets", {}),
            base_url=how.get("base_url"),
            port=how.get("port", 0),
            write=how.get("write", False),
        )
        return await connect(self.services, wanted, how.get("person"))

    async def test(self, integration: str) -> Account:
        """Whose account it is, as the service says now."""
        return await probe(self.services, integration)

    async def sync(self, integration: str, **how: Unpack[Syncing]) -> Report:
        """Read what changed at the service. `integration` is an id or a name."""
        return await sync(self.services, integration, _wanted(how))

    async def sync_all(self, **how: Unpack[Syncing]) -> AsyncIterator[Report]:
        """Every live integration in turn, again until none has anything left to be told; one report a run."""
        async for report in sync_all(self.services, _wanted(how)):
            yield report

    async def plan(self, integration: str, **how: Unpack[Syncing]) -> Plan:
        """What a sync would do, and what a brake would say; nothing is sent, and nothing kept."""
        return await plan(self.services, integration, _wanted(how))

    async def waiting(self) -> Sequence[Waiting]:
        """Which integrations have something to be told by their next sync."""
        return await asyncio.to_thread(waiting_of, self.services)

    async def remove(self, integration: str, *, delete_data: bool = False) -> Removed:
        """Forget an integration; what it brought stays unless `delete_data`."""
        return await remove(self.services, integration, delete_data=delete_data)

    async def items(self, **which: Unpack[Looking]) -> AsyncIterator[Item]:
        """Items in a stable order, never more than a few hundred of them in memory."""
        found = looking.items(self.services, Wanted(**which))
        while batch := await asyncio.to_thread(lambda: list(islice(found, _BATCH))):
            for item in batch:
                yield item

    async def item(self, public: str) -> Item:
        return await asyncio.to_thread(looking.item, self.services, public)

    async def counts(self) -> Sequence[Amount]:
        return await asyncio.to_thread(looking.counts, self.services)

    async def collections(self) -> Sequence[CollectionView]:
        return await asyncio.to_thread(collecting.collections_of, self.services)

    async def integrations(self) -> Sequence[IntegrationView]:
        return await asyncio.to_thread(looking.integrations_of, self.services)

    async def run(self, public: str) -> Report:
        return await asyncio.to_thread(looking.run, self.services, public)

    async def mapping(self, integration: str, stream: str) -> MappingView:
        return await asyncio.to_thread(mapping.show, self.services, integration, stream)

    async def map_fields(self, integration: str, stream: str, **how: Unpack[Remapping]) -> MappingChange:
        """Say which field comes from where; the next sync reads the stream again in that way."""
        return await asyncio.to_thread(mapping.change, self.services, integration, stream, MappingWanted(**how))

    async def suggest_mapping(self, integration: str, stream: str) -> Sequence[Suggestion]:
        """Lines for columns that the service has, each with a score and a reason; nothing is applied."""
        return await asyncio.to_thread(mapping.suggestions, self.services, integration, stream)


class Hub(Changes):
    """The same without `await`, for scripts and programs that are not asynchronous; and all that the commands need."""

    def __init__(self, data: str | Path | None = None, *, settings: Settings | None = None) -> None:
        self._hub = AsyncHub(data, settings=settings)
        self.services = self._hub.services

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.services.close()

    def import_files(self, *paths: str | Path, **how: Unpack[Importing]) -> list[Report]:
        """Import exports as they were downloaded; one report for each that was recognised."""
        return _import(self.services, paths, how)

    def connect(self, connector: str, **how: Unpack[Connecting]) -> IntegrationView:
        """Connect an account; nothing is kept unless the service has said whose it is."""
        return asyncio.run(self._hub.connect(connector, **how))

    def test(self, integration: str) -> Account:
        """Whose account it is, as the service says now."""
        return asyncio.run(self._hub.test(integration))

    def sync(self, integration: str, **how: Unpack[Syncing]) -> Report:
        """Read what changed at the service. `integration` is an id or a name."""
        return asyncio.run(self._hub.sync(integration, **how))

    def sync_all(self, **how: Unpack[Syncing]) -> list[Report]:
        """Every live integration in turn, again until none has anything left to be told; one report a run."""

        async def every() -> list[Report]:
            return [report async for report in self._hub.sync_all(**how)]

        return asyncio.run(every())

    def plan(self, integration: str, **how: Unpack[Syncing]) -> Plan:
        """What a sync would do, and what a brake would say; nothing is sent, and nothing kept."""
        return asyncio.run(self._hub.plan(integration, **how))

    def waiting(self) -> Sequence[Waiting]:
        """Which integrations have something to be told by their next sync."""
        return waiting_of(self.services)

    def remove(self, integration: str, *, delete_data: bool = False) -> Removed:
        """Forget an integration; what it brought stays unless `delete_data`."""
        return asyncio.run(self._hub.remove(integration, delete_data=delete_data))

    def items(self, *, limit: int | None = None, **which: Unpack[Looking]) -> Iterator[Item]:
        """Items in a stable order, in constant memory."""
        return looking.items(self.services, Wanted(**which), limit)

    def item(self, public: str) -> Item:
        return looking.item(self.services, public)

    def counts(self) -> Sequence[Amount]:
        return looking.counts(self.services)

    def collections(self) -> Sequence[CollectionView]:
        return collecting.collections_of(self.services)

    def integrations(self) -> Sequence[IntegrationView]:
        return looking.integrations_of(self.services)

    def integration(self, wanted: str) -> IntegrationView:
        return looking.integration(self.services, wanted)

    def runs(self, *, limit: int = 50) -> Sequence[RunView]:
        return looking.latest_runs(self.services, limit)

    def run(self, public: str) -> Report:
        return looking.run(self.services, public)

    def mapping(self, integration: str, stream: str) -> MappingView:
        return mapping.show(self.services, integration, stream)

    def map_fields(self, integration: str, stream: str, **how: Unpack[Remapping]) -> MappingChange:
        """Say which field comes from where; the next sync reads the stream again in that way."""
        return mapping.change(self.services, integration, stream, MappingWanted(**how))

    def suggest_mapping(self, integration: str, stream: str) -> Sequence[Suggestion]:
        """Lines for columns that the service has, each with a score and a reason; nothing is applied."""
        return mapping.suggestions(self.services, integration, stream)

    def register_app(self, connector: str, *, client_id: str, client_secret: Secret | None = None) -> None:
        """Keep an app registration of an OAuth service in the vault."""
        register(self.services, connector, client_id, client_secret)

    def rotate_keys(self) -> int:
        """Wrap every data key with a new master key; how many there were."""
        return upkeep.rotate_keys(self.services)

    def examine(self) -> Iterator[Finding]:
        """Is everything in order? What is looked at takes its time, and is told as it is found."""
        return upkeep.examine(self.services)

    def backup(self, file: Path) -> None:
        """A consistent copy of the database while the hub runs."""
        upkeep.backup(self.services, file)


def _wanted(how: Syncing) -> SyncWanted:
    return SyncWanted(
        full=how.get("full", False),
        streams=how.get("streams", ()),
        confirm=how.get("confirm"),
        watch=how.get("progress"),
    )


def _import(services: Services, paths: Sequence[str | Path], how: Importing) -> list[Report]:
    asked = Asked(
        how.get("connector"), how.get("options", {}), dry_run=how.get("dry_run", False), watch=how.get("progress")
    )
    return list(import_paths(services, [Path(path) for path in paths], asked))
