"""The run protocol: create, acquire, page, finish; pause, cancel and resume. Every step is one transaction.

Time is the database's alone. A run is held under a fence: whoever takes it over raises the fence, and from then on
nothing the former holder does is kept.
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import ColumnElement, and_, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.jobs.held import Held
from entrepot.jobs.owner import is_dead, this_process
from entrepot.storage.database import Database
from entrepot.storage.ids import new_id
from entrepot.storage.runs import Run, Task, by_key, find, runs
from entrepot.storage.transaction import Writing

LEASE = 60.0


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """`options` tells two tasks apart: an interrupted run goes on only for the same ones."""

    workspace_id: int
    integration: int
    task: Task
    options: Mapping[str, object] = {}


def create(tx: Writing, new: NewRun) -> int:
    """The key of a queued run, in the caller's own transaction."""
    values = {
        "public_id": new_id("run"),
        "workspace_id": new.workspace_id,
        "integration_id": new.integration,
        "task": new.task,
        "options": _packed(new.options),
        "status": "queued",
        "want": "go",
        "fence": 0,
        "owner": "",
        "counts": "{}",
        "progress": "{}",
        "error_code": "",
        "error": "",
        "created_at": tx.now(),
    }
    return int(tx.run(insert(runs).values(values).returning(runs.c.id)).scalar_one())


def acquire(database: Database, run: int, *, lease: float = LEASE) -> Held | None:
    """The run, if it is queued or its holder is dead; None: someone has it, or another of its integration runs."""
    try:
        with database.write() as tx:
            _release_dead(tx, runs.c.integration_id == by_key(tx, run).integration)
            return _take(database, tx, run, lease)
    except IntegrityError:  # the index that allows one running run an integration
        return None


def start(database: Database, new: NewRun, *, lease: float = LEASE) -> Held:
    """An interrupted or paused run of the same task and options goes on; otherwise a new one begins.

    Raises `TryLater` while another run of the integration is under way.
    """
    try:
        with database.write() as tx:
            _release_dead(tx, runs.c.integration_id == new.integration)
            run = _waiting(tx, new) or create(tx, new)
            if new.task == "sync":
                _supersede(tx, new, run)
            held = _take(database, tx, run, lease)
    except IntegrityError:
        held = None
    if held is None:
        raise TryLater("This integration is being read already, perhaps by another process. Wait until that run ends.")
    return held


def requeue_expired(database: Database) -> int:
    """Runs whose holder is dead go back to the queue, or where their `want` says; how many there were."""
    with database.write() as tx:
        return _release_dead(tx)


def pause(database: Database, workspace_id: int, public: str) -> Run:
    """A running run stops after its page, and a waiting one at once."""
    values = {"want": "pause", "status": case((runs.c.status == "queued", "paused"), else_=runs.c.status)}
    return _steer(database, workspace_id, public, values)


def cancel(database: Database, workspace_id: int, public: str) -> Run:
    """The same, for good. What was read stays."""
    waiting = runs.c.status.in_(("queued", "paused"))
    values = {"want": "cancel", "status": case((waiting, "cancelled"), else_=runs.c.status)}
    return _steer(database, workspace_id, public, values)


def resume(database: Database, workspace_id: int, public: str) -> Run:
    values = {"want": "go", "status": case((runs.c.status == "paused", "queued"), else_=runs.c.status)}
    return _steer(database, workspace_id, public, values)


def set_discarded(tx: Writing, run: Run, why: str) -> None:
    """A run that a brake stopped can be confirmed no more."""
    values = {"status": "cancelled", "error": why}
    tx.run(update(runs).where(runs.c.id == run.key, runs.c.status == "stopped").values(values))


def _take(database: Database, tx: Writing, run: int, lease: float) -> Held | None:
    taken = (
        update(runs)
        .where(runs.c.id == run, runs.c.status == "queued")
        .values(
            status="running",
            want="go",
            fence=runs.c.fence + 1,
            owner=this_process(),
            lease_until=tx.now() + int(lease * 1000),
            started_at=case((runs.c.started_at.is_(None), tx.now()), else_=runs.c.started_at),
        )
    )
    if tx.run(taken).rowcount == 0:
        return None
    return Held(database, by_key(tx, run), lease)


def _waiting(tx: Writing, new: NewRun) -> int | None:
    same = and_(
        runs.c.workspace_id == new.workspace_id,
        runs.c.integration_id == new.integration,
        runs.c.task == new.task,
        runs.c.options == _packed(new.options),
        runs.c.status.in_(("queued", "paused")),
    )
    found = tx.run(select(runs.c.id).where(same).order_by(runs.c.id.desc()).limit(1)).scalar_one_or_none()
    if found is not None:
        tx.run(update(runs).where(runs.c.id == found).values(status="queued", want="go"))
    return found


def _supersede(tx: Writing, new: NewRun, run: int) -> None:
    """What an interrupted sync had left to do, this one does: both go on from the same positions."""
    interrupted = and_(
        runs.c.integration_id == new.integration,
        runs.c.task == "sync",
        runs.c.status == "queued",
        runs.c.started_at.is_not(None),
        runs.c.id != run,
    )
    values = {"status": "cancelled", "finished_at": tx.now(), "error": "It was interrupted; a later run went on."}
    tx.run(update(runs).where(interrupted).values(values))


def _release_dead(tx: Writing, which: ColumnElement[bool] | None = None) -> int:
    wanted = select(runs.c.id, runs.c.fence, runs.c.owner, runs.c.lease_until).where(runs.c.status == "running")
    found = tx.run(wanted if which is None else wanted.where(which)).all()
    dead = [row for row in found if row.lease_until <= tx.now() or is_dead(row.owner)]
    return sum(_release(tx, run, fence, lease_until) for run, fence, _, lease_until in map(tuple, dead))


def _release(tx: Writing, run: int, fence: int, lease_until: int) -> int:
    unrenewed = (runs.c.id == run, runs.c.fence == fence, runs.c.lease_until == lease_until)
    values = {
        "status": case((runs.c.want == "pause", "paused"), (runs.c.want == "cancel", "cancelled"), else_="queued"),
        "finished_at": case((runs.c.want == "cancel", tx.now()), else_=None),
        "owner": "",
        "lease_until": None,
    }
    return tx.run(update(runs).where(*unrenewed).values(values)).rowcount


def _steer(database: Database, workspace_id: int, public: str, values: Mapping[str, object]) -> Run:
    with database.write() as tx:
        run = find(tx, workspace_id, public)
        _release_dead(tx, runs.c.id == run.key)
        open_ = (runs.c.id == run.key, runs.c.status.in_(("queued", "running", "paused")))
        if tx.run(update(runs).where(*open_).values(dict(values))).rowcount == 0:
            raise PersonMustFix(f"Run {public} has ended ({run.status}); start a new one.")
        steered = runs.c.id == run.key
        tx.run(update(runs).where(steered, runs.c.status == "cancelled").values(finished_at=tx.now()))
        return by_key(tx, run.key)


def _packed(options: Mapping[str, object]) -> str:
    return msgspec.json.encode(options, order="deterministic").decode()
