"""How a run ends: which error means which status, and the report people and programs get."""

from entrepot.core.errors import EntrepotError, SafetyStop
from entrepot.core.report import Refused, Report, Status
from entrepot.jobs.runs import Held
from entrepot.storage import runs
from entrepot.storage.database import Database
from entrepot.storage.runs import Run

MOST_SHOWN = 100


def finish(database: Database, held: Held, status: Status, error: EntrepotError | None = None) -> Report:
    """End the run under its fence and report it."""
    return report(database, held.finish(status, error))


def status_of(error: EntrepotError) -> Status:
    return "stopped" if isinstance(error, SafetyStop) else "failed"


def report(database: Database, run: Run, *, most: int = MOST_SHOWN) -> Report:
    with database.read() as tx:
        bad = runs.refused_in(tx, run.key, most)
    return Report(
        run=run.id,
        connector=run.connector,
        integration=run.integration_name,
        status=run.status,
        seconds=run.seconds(),
        counts=run.total(),
        streams=dict(run.counts),
        refused=[Refused(where=f"{row.stream}: {row.where}", reason=row.reason) for row in bad],
        error={"code": run.error_code, "message": run.error} if run.error_code else None,
    )
