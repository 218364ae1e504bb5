"""Reading a live integration: its connector opened with its credential, probed, and synced in a run."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec

from entrepot.app.mapping import mapped
from entrepot.app.services import Services
from entrepot.auth.connections import Place
from entrepot.core.errors import PersonMustFix
from entrepot.core.report import Report, Watch
from entrepot.declarative.compile import compile_connector
from entrepot.jobs import runs
from entrepot.sdk import manifest_file, service
from entrepot.sdk.connector import Account, Reader, Stream
from entrepot.sdk.context import Context
from entrepot.storage import integrations
from entrepot.storage import runs as storage_runs
from entrepot.storage.integrations import Integration
from entrepot.sync.part import Job
from entrepot.sync.run import sync as run_sync
from entrepot.transport.signing import Signer


def place_of(services: Services, integration: Integration) -> Place:
    manifest = manifest_file.load(services.catalog.entry(integration.connector).manifest)
    return Place(manifest, integration.settings, integration.base_url)


@asynccontextmanager
async def opened(services: Services, place: Place, signer: Signer) -> AsyncGenerator[Reader]:
    """The connector at work."""
    open_reader = compile_connector(services.catalog.entry(place.manifest.id), place.manifest)
    client = service.client(
        place.manifest,
        signer=signer,
        base_url=place.base_url or None,
        allow_private=services.settings.private_hosts,
        log=services.log,
    )
    async with client:
        yield open_reader(Context(http=client, settings=place.settings))


class Live(msgspec.Struct, frozen=True):
    """An integration that can be asked, with its connector's manifest as a person has mapped it."""

    integration: Integration
    place: Place


def live(services: Services, wanted: str) -> Live:
    integration = _find(services, wanted)
    place = place_of(services, integration)
    mine = mapped(services, integration, place.manifest)
    return Live(integration, msgspec.structs.replace(place, manifest=mine))


@asynccontextmanager
async def at_work(services: Services, one: Live) -> AsyncGenerator[Reader]:
    """Its connector, with its credential."""
    async with opened(services, one.place, services.connections.signer_for(one.place, one.integration)) as reader:
        yield reader


async def probe(services: Services, wanted: str) -> Account:
    """Whose account it is, as the service says: the cheapest proof that the connection works."""
    integration = _find(services, wanted)
    async with at_work(services, Live(integration, place_of(services, integration))) as reader:
        return await reader.probe()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`confirm` is a run that the brake stopped, whose deletions a person has looked at and wants."""

    full: bool = False
    streams: Sequence[str] = ()
    confirm: str | None = None
    watch: Watch | None = None


async def sync(services: Services, wanted: str, how: Wanted) -> Report:
    one = live(services, wanted)
    sought = sought_of(services, one, how)
    async with at_work(services, one) as reader:
        held = await asyncio.to_thread(runs.start, services.database, sought.run)
        return await run_sync(
            Job(
                database=services.database,
                blobs=services.blobs,
                held=held,
                workspace_id=services.workspace,
                integration=one.integration,
                reader=reader,
                streams=sought.streams,
                full=how.full,
                confirmed=sought.confirmed,
                watch=how.watch,
            )
        )


class Sought(msgspec.Struct, frozen=True):
    """What a run is to read, once all that a person said is known to be right."""

    run: runs.NewRun
    streams: Sequence[Stream]
    confirmed: bool


def sought_of(services: Services, one: Live, how: Wanted) -> Sought:
    chosen = _chosen(one.place, how.streams)
    confirmed = how.confirm is not None and _check_stopped(services, one.integration, how.confirm)
    options = {"full": how.full, "streams": [stream.name for stream in chosen]}
    key = one.integration.key
    new = runs.NewRun(workspace_id=services.workspace, integration=key, task="sync", options=options)
    return Sought(new, chosen, confirmed)


def _find(services: Services, wanted: str) -> Integration:
    with services.database.read() as tx:
        found = integrations.find(tx, services.workspace, wanted)
    if found.mode == "archive":
        raise PersonMustFix(f"{found.name} was imported from files; {_instead(services, found.connector)}")
    return found


def _instead(services: Services, connector: str) -> str:
    if connector in services.catalog and "live" in services.catalog.entry(connector).reads:
        return f"to ask the service too, connect the account: entrepot connect {connector}"
    return "there is no service to ask. Import a newer export."


def _check_stopped(services: Services, integration: Integration, public: str) -> bool:
    """Only what a person can have looked at may be confirmed: the last run, and only if the brake stopped it."""
    with services.database.read() as tx:
        stopped = storage_runs.find(tx, services.workspace, public)
        newest = storage_runs.latest(tx, services.workspace, 1, integration=integration.key)
    if stopped.status != "stopped" or [one.id for one in newest] != [public]:
        raise PersonMustFix(f"Run {public} is not the last one of {integration.name}, or no brake stopped it.")
    return True


def _chosen(place: Place, names: Sequence[str]) -> Sequence[Stream]:
    there = [place.manifest.stream(name) for name in place.manifest.live_streams]
    unknown = set(names) - {stream.name for stream in there}
    if unknown:
        raise PersonMustFix(
            f"{place.manifest.name} has no stream {', '.join(sorted(unknown))}. "
            f"It has: {', '.join(stream.name for stream in there)}."
        )
    return [stream for stream in there if not names or stream.name in names]
