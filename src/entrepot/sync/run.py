"""One sync: every stream of an integration read, part by part, each page one transaction; then both sides agree."""

import asyncio
from datetime import UTC, datetime, timedelta

from entrepot.core.errors import EntrepotError, NeedsConsent, SafetyStop, TryLater
from entrepot.core.report import Report
from entrepot.jobs.ending import finish, status_of
from entrepot.sdk.connector import Stream
from entrepot.storage import collections, integrations, streams
from entrepot.storage.integrations import Status
from entrepot.sync.part import Job, Part, Wanted, read_part
from entrepot.sync.reconcile import reconcile

LONGEST_WAIT = timedelta(days=3650)
"""Whatever a service says: dates end somewhere."""


COLLECTIONS_EVERY = 600.0
"""Seconds. Calendars and lists come and go seldom; a read that finds nothing new must cost no more than one request."""


async def sync(job: Job) -> Report:
    """Read every stream. One that fails does not keep the others from being read; the first failure is reported.

    Permission that is gone, or a service that is down, ends the run: the other streams would meet the same.
    """
    failures: list[EntrepotError] = []
    with job.held.kept():
        try:
            for stream in job.streams:
                try:
                    await _read_stream(job, stream)
                except (NeedsConsent, TryLater):
                    raise
                except EntrepotError as error:
                    failures.append(error)
        except Wanted as wanted:
            return finish(job.database, job.held, wanted.status)
        except EntrepotError as error:
            failures.insert(0, error)
    first = _dated(failures[0]) if failures else None
    await asyncio.to_thread(_note_state, job, first)
    return finish(job.database, job.held, status_of(first) if first else "done", first)


async def _read_stream(job: Job, stream: Stream) -> None:
    row, known = await asyncio.to_thread(_prepare, job, stream)
    is_fresh = known is None
    ids = await _list_collections(job, stream, row) if known is None else known
    left = await asyncio.to_thread(_detached, job, row)
    for collection in [one for one in ids if one not in left] if stream.by_collection else [""]:
        try:
            await read_part(job, Part(stream, row, collection))
        except (NeedsConsent, TryLater, SafetyStop):
            raise
        except EntrepotError:
            # Remembered, and perhaps not there any more: then it is no failure of this run.
            if is_fresh or not collection or collection in await _list_collections(job, stream, row):
                raise
    await reconcile(job, row)


def _prepare(job: Job, stream: Stream) -> tuple[streams.Stream, list[str] | None]:
    """The stream's row, and its remote collections where the service told them a short while ago."""
    with job.database.write() as tx:
        row = streams.ensure(tx, job.workspace_id, job.integration, stream.name, stream.kind)
        return row, None if job.full else streams.remote_collections(tx, row, COLLECTIONS_EVERY)


def _detached(job: Job, row: streams.Stream) -> set[str]:
    with job.database.read() as tx:
        return collections.detached(tx, row.key)


async def _list_collections(job: Job, stream: Stream, row: streams.Stream) -> list[str]:
    remote = {one.id: one.name for one in await job.reader.collections(stream.name)}
    await asyncio.to_thread(_keep_collections, job, row, remote)
    return list(remote)


def _keep_collections(job: Job, row: streams.Stream, remote: dict[str, str]) -> None:
    with job.database.write() as tx:
        collections.attach(tx, row, remote)
        streams.set_remote_collections(tx, row, list(remote))


def _dated(error: EntrepotError) -> EntrepotError:
    """Where a service named a time, the sentence that is kept names it too: read later, "later" says nothing."""
    if not isinstance(error, TryLater) or not error.after:
        return error
    wait = min(timedelta(seconds=error.after), LONGEST_WAIT)
    when = (datetime.now(UTC) + wait).strftime("%Y-%m-%d %H:%M")
    return TryLater(f"{error.message} Not before {when} UTC.", detail=error.detail, after=error.after)


def _note_state(job: Job, error: EntrepotError | None) -> None:
    status: Status = "needs-consent" if isinstance(error, NeedsConsent) else "ready"
    with job.database.write() as tx:
        integrations.set_status(tx, job.workspace_id, job.integration.key, status, error.message if error else "")
