"""A dry run: everything is read, and what would be done on both sides is told; nothing of it is kept."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from entrepot.app.reading import Live, Sought, Wanted, at_work, live, sought_of
from entrepot.app.services import Services
from entrepot.core.report import Counts, Report
from entrepot.jobs import runs
from entrepot.storage import attachments, waiting
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.rehearsal import rehearsal
from entrepot.sync.part import Job
from entrepot.sync.run import sync as run_sync
from entrepot.sync.steps import Step, Steps


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`stop` is what a brake would say, and then none of the steps would be taken. `steps` are the first of `count`.

    `streams` counts what would be read. `in_doubt` writes would be looked up first. `error` is {code, message}.
    """

    integration: str
    steps: Sequence[Step]
    count: int
    by_action: Mapping[str, int]
    stop: str | None
    streams: Mapping[str, Counts]
    in_doubt: int
    error: Mapping[str, str] | None = None


async def plan(services: Services, wanted: str, how: Wanted) -> Plan:
    """What a sync in the same way would do now."""
    one = live(services, wanted)
    sought = sought_of(services, one, how)
    steps = Steps()
    async with at_work(services, one) as reader:
        with TemporaryDirectory(prefix="entrepot-") as folder, rehearsal(services.database) as unkept:
            held = await asyncio.to_thread(runs.start, unkept, sought.run)
            job = Job(
                database=unkept,
                blobs=Blobs(Path(folder)),
                held=held,
                workspace_id=services.workspace,
                integration=one.integration,
                reader=reader,
                streams=sought.streams,
                full=how.full,
                confirmed=sought.confirmed,
                watch=how.watch,
                steps=steps,
            )
            report = await run_sync(job)
    return _told(services, one, sought, report, steps)


def _told(services: Services, one: Live, sought: Sought, report: Report, steps: Steps) -> Plan:
    stop = steps.stop
    if report.status == "stopped" and report.error:
        stop = report.error["message"]
    return Plan(
        integration=one.integration.name,
        steps=steps.kept,
        count=steps.count,
        by_action=steps.by_action,
        stop=stop,
        streams=report.streams,
        in_doubt=_in_doubt(services.database, services.workspace, one, [stream.name for stream in sought.streams]),
        error=report.error if report.status != "stopped" else None,
    )


def _in_doubt(database: Database, workspace: int, one: Live, names: Sequence[str]) -> int:
    with database.read() as tx:
        standing = waiting.by_attachment(tx, workspace)
        mine = [
            each.key
            for each in attachments.of_workspace(tx, workspace)
            if each.integration == one.integration.key and each.stream_name in names
        ]
    return sum(standing[key].in_doubt for key in mine if key in standing)
