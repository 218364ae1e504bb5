"""One import: an archive's rows, batch by batch, each page one transaction; an interrupted one goes on."""

from collections.abc import Mapping

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
    """The row count moves with the last page: repeating the others after a kill changes nothing."""
    want = "go"
    remaining = len(batch.pages)
    for name, page in batch.pages.items():
        remaining -= 1
        job.blobs.keep(file for change in page.changes for file in change.files)
        progress = {**job.held.progress, "rows": batch.consumed} if not remaining else job.held.progress
        want = job.held.page(name, lambda tx, page=page, name=name: _write(job, known, tx, name, page), progress)
        if job.watch:
            job.watch(Progress(job.integration.connector, name, job.held.counts.get(name, Counts())))
    return want


def _write(job: Job, known: dict[str, streams.Stream], tx: Writing, name: str, page: Page) -> Counts:
    row = known.get(name) or streams.ensure(tx, job.workspace_id, job.integration, name, job.kinds[name])
    counts = apply_page(tx, Feed(stream=row, run=job.held.run.key, origin="archive"), page)
    known[name] = row
    return counts
