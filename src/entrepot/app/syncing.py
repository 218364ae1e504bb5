"""Syncing everything: each live integration in turn, and again where others left something to tell it."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from entrepot.app.reading import Wanted, sync
from entrepot.app.services import Services
from entrepot.core.errors import EntrepotError
from entrepot.core.report import Counts, Report
from entrepot.storage import attachments, integrations, waiting
from entrepot.storage.integrations import Integration
from entrepot.storage.text import storable

MOST_ROUNDS = 5
"""What one writes, another may read and write again; who never comes to rest is left for the next time."""


class Waiting(msgspec.Struct, frozen=True):
    """How many records are still to be sent to an integration by its next sync."""

    integration: str
    records: int


async def sync_all(services: Services, how: Wanted) -> AsyncIterator[Report]:
    """One report a run, in their order. What fails at one is its report, and the others go on."""
    every = live_ones(services)
    left, failed = every, set[int]()
    for _ in range(MOST_ROUNDS):
        for one in left:
            report = await _sync(services, one, how)
            yield report
            if report.status != "done":
                failed.add(one.key)
        owed = {each.integration for each in waiting_of(services)}
        left = [one for one in every if one.name in owed and one.key not in failed]
        how = msgspec.structs.replace(how, full=False)


def live_ones(services: Services) -> Sequence[Integration]:
    with services.database.read() as tx:
        return [one for one in integrations.everything(tx, services.workspace) if one.mode == "live"]


def waiting_of(services: Services) -> Sequence[Waiting]:
    """Those that have something to be told, by their names."""
    with services.database.read() as tx:
        standing = waiting.by_attachment(tx, services.workspace)
        found: dict[str, int] = {}
        for one in attachments.of_workspace(tx, services.workspace):
            mine = standing.get(one.key, waiting.Standing())
            if one.direction != "none" and mine.outgoing + mine.in_doubt:
                found[one.integration_name] = found.get(one.integration_name, 0) + mine.outgoing + mine.in_doubt
    return [Waiting(name, found[name]) for name in sorted(found)]


async def _sync(services: Services, one: Integration, how: Wanted) -> Report:
    try:
        return await sync(services, one.id, how)
    except EntrepotError as error:
        return Report(
            run=None,
            connector=one.connector,
            integration=one.name,
            status="failed",
            seconds=0.0,
            counts=Counts(),
            streams={},
            error={"code": error.code, "message": storable(error.message)},
        )
