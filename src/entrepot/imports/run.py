"""One import: an archive's rows, batch by batch, each page one transaction; an interrupted one goes on."""

from collections.abc import Mapping
from functools import partial

import msgspec

from entrepot.core.change import Page
from entrepot.core.errors import EntrepotError
from entrepot.core.report import Counts, Progress, Report, Watch
from entrepot.imports.batches import Batch, batches
from entrepot.jobs.ending import finish, status_of
from entrepot.jobs.runs import Held
from entrepot.sdk.archive import Archive
from entrepot.sdk.connector import FileImporter, Options
from entrepot.storage import streams
from entrepot.storage.apply import Feed, apply_page
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.integrations import Integration
from entrepot.storage.transaction import Writing


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An archive with its importer, and where it is read to. `kinds` tells the kind of each stream."""

    database: Database
    blobs: Blobs
    held: Held
    workspace_id: int
    integration: Integration
    archive: Archive
    importer: FileImporter
    kinds: Mapping[str, str]
    options: Options
    watch: Watch | None = None


def import_archive(job: Job) -> Report:
    """Everything in the archive. What an interrupted run of the same file had applied is passed over."""
    done = job.held.progress.get("rows", 0)
    known: dict[str, streams.Stream] = {}
    try:
        with job.held.kept():
            rows = job.importer.read(job.archive, job.options)
            for batch in batches(rows, skip=done if isinstance(done, int) else 0):
                want = _apply(job, known, batch)
                if want != "go":
                    return finish(job.database, job.held, "paused" if want == "pause" else "cancelled")
    except EntrepotError as error:
        return finish(job.database, job.held, status_of(error), error)
    return finish(job.database, job.held, "done")


def _apply(job: Job, known: dict[str, streams.Stream], batch: Batch) -> str:
    """The row count moves in the same transaction as the rows: after a kill none is counted or refused twice."""
    for page in batch.pages.values():
        job.blobs.keep(file for change in page.changes for file in change.files)
    works = {name: partial(_write, job, known, name, page) for name, page in batch.pages.items()}
    want = job.held.pages(works, {**job.held.progress, "rows": batch.consumed})
    if job.watch:
        for name in batch.pages:
            job.watch(Progress(job.integration.connector, name, job.held.counts[name]))
    return want


def _write(job: Job, known: dict[str, streams.Stream], name: str, page: Page, tx: Writing) -> Counts:
    if name not in known:
        known[name] = streams.ensure(tx, job.workspace_id, job.integration, name, _kind(job, name))
    return apply_page(tx, Feed(stream=known[name], run=job.held.run.key, origin="archive"), page)


def _kind(job: Job, name: str) -> str:
    if name not in job.kinds:
        raise LookupError(f"the importer of {job.integration.connector} has a stream {name!r}, its manifest does not")
    return job.kinds[name]
