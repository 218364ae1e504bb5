"""Runs as a person steers them: paused, resumed, cancelled, taken back, or discarded after a brake stopped them."""

from collections.abc import Sequence

import msgspec

from entrepot.app import views
from entrepot.app.history import EntryView
from entrepot.app.history import views as entry_views
from entrepot.app.services import Services
from entrepot.app.views import RunView
from entrepot.core.errors import PersonMustFix
from entrepot.jobs import runs as run_protocol
from entrepot.storage import journal, runs, streams
from entrepot.storage.database import Database
from entrepot.storage.journal import Entry
from entrepot.storage.rehearsal import rehearsal
from entrepot.storage.runs import Run
from entrepot.storage.transaction import Reading
from entrepot.sync import discarding, undoing
from entrepot.sync.undoing import Undone

MOST_SHOWN = 100
_BEFORE_ALL = 2**62


class RunUndone(msgspec.Struct, frozen=True, kw_only=True):
    """`undone` changes were (or would be) taken back; `left` stayed, edited since, or their items gone.

    `changes` are the first hundred that were taken back, newest first, as they had been made.
    """

    run: str
    kept: bool
    undone: int
    left: int
    changes: Sequence[EntryView]


class Discarded(msgspec.Struct, frozen=True, kw_only=True):
    """`forgotten` is how many records were read and waited for a plan."""

    run: str
    integration: str
    forgotten: int


def pause(services: Services, public: str) -> RunView:
    return views.run(run_protocol.pause(services.database, services.workspace, public))


def resume(services: Services, public: str) -> RunView:
    """It is queued again; the next sync of its integration goes on with it."""
    return views.run(run_protocol.resume(services.database, services.workspace, public))


def cancel(services: Services, public: str) -> RunView:
    return views.run(run_protocol.cancel(services.database, services.workspace, public))


def undo(services: Services, public: str, *, dry_run: bool = False) -> RunUndone:
    """What a run changed in the hub and at its service goes back, but for what was edited since.

    The hub's side at once, batch by batch, so that one that was interrupted goes on; the services follow with their
    next sync.
    """
    run_protocol.requeue_expired(services.database)
    with services.database.read() as tx:
        run = runs.find(tx, services.workspace, public)
        if run.status == "running":
            raise PersonMustFix(f"Run {public} is under way. First: entrepot runs cancel {public}")
        if not journal.of_run(tx, services.workspace, run.key, _BEFORE_ALL, 1):
            raise PersonMustFix(
                f"Run {public} changed nothing that can be taken back: what is only mirrored follows its service."
            )
    if not dry_run:
        return _undo(services.database, services.workspace, run, kept=True)
    with rehearsal(services.database) as unkept:
        return _undo(unkept, services.workspace, run, kept=False)


def discard(services: Services, public: str) -> Discarded:
    """What the stopped run read is forgotten; the next sync lists everything anew, as the service then has it."""
    with services.database.write() as tx:
        run = runs.find(tx, services.workspace, public)
        newest = runs.latest(tx, services.workspace, 1, integration=run.integration)
        if run.status != "stopped" or [one.id for one in newest] != [public]:
            raise PersonMustFix(f"Run {public} is not the last one of {run.integration_name}, or no brake stopped it.")
        there = streams.named(tx, services.workspace, run.integration)
        forgotten = sum(discarding.discard(tx, there[name]) for name in _read_by(run) if name in there)
        run_protocol.set_discarded(tx, run, "It was stopped by a brake, and a person discarded it.")
    return Discarded(run=public, integration=run.integration_name, forgotten=forgotten)


def _read_by(run: Run) -> Sequence[str]:
    return msgspec.convert(run.options.get("streams", []), list[str])


def _undo(database: Database, workspace: int, run: Run, *, kept: bool) -> RunUndone:
    found = Undone()
    changes: list[EntryView] = []
    before = _BEFORE_ALL
    while before:
        with database.write() as tx:
            open_ = [one for one in journal.of_run(tx, workspace, run.key, before, undoing.BATCH) if not one.undone_by]
            before = undoing.undo_run(tx, workspace, run.key, found, before)
            if len(changes) < MOST_SHOWN:
                changes += _taken_back(tx, workspace, open_)
    return RunUndone(run=run.id, kept=kept, undone=found.undone, left=found.kept, changes=changes[:MOST_SHOWN])


def _taken_back(tx: Reading, workspace: int, open_: Sequence[Entry]) -> list[EntryView]:
    found: list[EntryView] = []
    for one in open_:
        now = journal.find(tx, workspace, one.id)
        kinds = tx.fetch("SELECT kind FROM items WHERE id = ?", one.item)
        if now is not None and now.undone_by is not None and kinds:
            found += entry_views(tx, workspace, kinds[0][0], [now])
    return found
