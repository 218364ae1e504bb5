"""The hub as a library: open it on a folder, import, connect, sync, look at items. With `await`, or without."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from entrepot import settings as environment
from entrepot.app import looking, upkeep
from entrepot.app.connecting import Connect, Person, connect, register, remove
from entrepot.app.importing import Asked, import_paths
from entrepot.app.reading import probe, sync
from entrepot.app.services import Services
from entrepot.app.upkeep import Finding
from entrepot.app.views import Amount, CollectionView, IntegrationView, Item, Removed, RunView
from entrepot.core.report import Report, Watch
from entrepot.core.secret import Secret
from entrepot.sdk.connector import Account
from entrepot.settings import Settings
from entrepot.storage.browsing import Presence, Wanted

_BATCH = 500


class AsyncHub:
    """A hub in `data` (a folder), or as the settings say. Several processes may have the same one open.

    What can go wrong is one of the seven errors of `entrepot.core.errors`, each with a sentence for people.
    """

    def __init__(self, data: str | Path | None = None, *, settings: Settings | None = None) -> None:
        self.services = Services(settings or environment.read_own(data=Path(data) if data is not None else None))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.services.close)

    async def import_files(
        self,
        *paths: str | Path,
        connector: str | None = None,
        options: Mapping[str, str] | None = None,
        dry_run: bool = False,
        progress: Watch | None = None,
    ) -> list[Report]:
        """Import exports as they were downloaded; one report for each that was recognised."""
        asked = Asked(connector, options or {}, dry_run, progress)
        found = [Path(path) for path in paths]
        return await asyncio.to_thread(lambda: list(import_paths(self.services, found, asked)))

    async def connect(
        self,
        connector: str,
        *,
        name: str | None = None,
        settings: Mapping[str, str] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        base_url: str | None = None,
        port: int = 0,
        person: Person | None = None,
    ) -> IntegrationView:
        """Connect an account with ready secrets, or by asking `person`."""
        wanted = Connect(
            connector=connector, name=name, settings=settings or {}, secrets=secrets or {}, base_url=base_url, port=port
        )
        return await connect(self.services, wanted, person)

    async def test(self, integration: str) -> Account:
        """Whose account it is, as the service says now."""
        return await probe(self.services, integration)

    async def sync(
        self, integration: str, *, full: bool = False, streams: Sequence[str] = (), progress: Watch | None = None
    ) -> Report:
        """Read what changed at the service. `integration` is an id or a name."""
        return await sync(self.services, integration, full=full, streams=streams, watch=progress)

    async def remove(self, integration: str, *, delete_data: bool = False) -> Removed:
        return await remove(self.services, integration, delete_data=delete_data)

    async def items(
        self, *, kind: str | None = None, source: str | None = None, collection: str | None = None
    ) -> AsyncIterator[Item]:
        """Items that are not deleted, read in batches: never more than a few hundred in memory."""
        found = looking.items(self.services, Wanted(kind=kind, source=source, collection=collection))
        while batch := await asyncio.to_thread(lambda: [item for _, item in zip(range(_BATCH), found, strict=False)]):
            for item in batch:
                yield item

    async def integrations(self) -> Sequence[IntegrationView]:
        return await asyncio.to_thread(looking.integrations_of, self.services)

    async def counts(self) -> Sequence[Amount]:
        return await asyncio.to_thread(looking.counts, self.services)


class Hub:
    """The same without `await`, for programs and scripts that are not asynchronous."""

    def __init__(self, data: str | Path | None = None, *, settings: Settings | None = None) -> None:
        self._hub = AsyncHub(data, settings=settings)
        self.services = self._hub.services

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.services.close()

    def import_files(
        self,
        *paths: str | Path,
        connector: str | None = None,
        options: Mapping[str, str] | None = None,
        dry_run: bool = False,
        progress: Watch | None = None,
    ) -> list[Report]:
        """Import exports as they were downloaded; one report for each that was recognised."""
        asked = Asked(connector, options or {}, dry_run, progress)
        return list(import_paths(self.services, [Path(path) for path in paths], asked))

    def connect(
        self,
        connector: str,
        *,
        name: str | None = None,
        settings: Mapping[str, str] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        base_url: str | None = None,
        port: int = 0,
        person: Person | None = None,
    ) -> IntegrationView:
        """Connect an account with ready secrets, or by asking `person`."""
        wanted = Connect(
            connector=connector, name=name, settings=settings or {}, secrets=secrets or {}, base_url=base_url, port=port
        )
        return asyncio.run(connect(self.services, wanted, person))

    def test(self, integration: str) -> Account:
        """Whose account it is, as the service says now."""
        return asyncio.run(probe(self.services, integration))

    def sync(
        self, integration: str, *, full: bool = False, streams: Sequence[str] = (), progress: Watch | None = None
    ) -> Report:
        """Read what changed at the service. `integration` is an id or a name."""
        return asyncio.run(sync(self.services, integration, full=full, streams=streams, watch=progress))

    def remove(self, integration: str, *, delete_data: bool = False) -> Removed:
        """Forget an integration; what it brought stays unless `delete_data`."""
        return asyncio.run(remove(self.services, integration, delete_data=delete_data))

    def items(
        self,
        *,
        kind: str | None = None,
        source: str | None = None,
        collection: str | None = None,
        presence: Presence = "present",
        limit: int | None = None,
    ) -> Iterator[Item]:
        """Items in a stable order, in constant memory. `source` is an integration's id or name, or a connector."""
        wanted = Wanted(kind=kind, source=source, collection=collection, presence=presence)
        return looking.items(self.services, wanted, limit)

    def item(self, public: str) -> Item:
        return looking.item(self.services, public)

    def counts(self) -> Sequence[Amount]:
        return looking.counts(self.services)

    def collections(self) -> Sequence[CollectionView]:
        return looking.collections_of(self.services)

    def integrations(self) -> Sequence[IntegrationView]:
        return looking.integrations_of(self.services)

    def integration(self, wanted: str) -> IntegrationView:
        return looking.integration(self.services, wanted)

    def runs(self, *, limit: int = 50) -> Sequence[RunView]:
        return looking.latest_runs(self.services, limit)

    def run(self, public: str) -> Report:
        return looking.run(self.services, public)

    def register_app(self, connector: str, *, client_id: str, client_secret: Secret | None = None) -> None:
        """Keep an app registration of an OAuth service in the vault."""
        register(self.services, connector, client_id, client_secret)

    def rotate_keys(self) -> int:
        """Wrap every data key with a new master key; how many there were."""
        return upkeep.rotate_keys(self.services)

    def examine(self) -> Sequence[Finding]:
        """Is everything in order?"""
        return upkeep.examine(self.services)

    def backup(self, file: Path) -> None:
        """A consistent copy of the database while the hub runs."""
        upkeep.backup(self.services, file)
