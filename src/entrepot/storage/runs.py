"""Runs and the records they set aside: the rows; how a run is taken, kept and ended is in `jobs.runs`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Column, Index, Integer, Row, Table, Text, func, select

from entrepot.core.change import BadRow
from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.report import Counts, Status
from entrepot.storage.integrations import integrations
from entrepot.storage.metadata import METADATA, instant, key, public_id, reference, workspace
from entrepot.storage.text import storable
from entrepot.storage.transaction import Reading, Writing

Task = Literal["sync", "import"]
Want = Literal["go", "pause", "cancel"]

MOST_REFUSED = 10_000  # kept with their reasons for each run; beyond that they are only counted
LONGEST_REASON = 500

runs = Table(
    "runs",
    METADATA,
    key(),
    public_id(),
    workspace(),
    reference("integration_id", "integrations.id"),
    Column("task", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("status", Text, nullable=False, index=True),
    Column("want", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    instant("lease_until", nullable=True),
    Column("counts", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("error_code", Text, nullable=False),
    Column("error", Text, nullable=False),
    instant("created_at"),
    instant("started_at", nullable=True),
    instant("finished_at", nullable=True),
)
_running = runs.c.status == "running"
Index("uq_runs_running", runs.c.integration_id, unique=True, sqlite_where=_running, postgresql_where=_running)

refused = Table(
    "refused",
    METADATA,
    key(),
    reference("run_id", "runs.id"),
    Column("stream", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("ix_refused_run_id", refused.c.run_id)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` are by stream. `progress` is whatever the task needs to go on after a kill, beyond positions."""

    key: int
    id: str
    workspace_id: int
    integration: int
    connector: str
    integration_name: str
    task: Task
    options: Mapping[str, object]
    status: Status
    want: Want
    fence: int
    owner: str
    lease_until: int | None
    counts: Mapping[str, Counts]
    progress: Mapping[str, object]
    error_code: str
    error: str
    created_at: int
    started_at: int | None
    finished_at: int | None

    def total(self) -> Counts:
        total = Counts()
        for counts in self.counts.values():
            total.add(counts)
        return total

    def seconds(self) -> float:
        """From its first start to its end; 0 while it has not ended."""
        return (self.finished_at - self.started_at) / 1000 if self.started_at and self.finished_at else 0.0


_there = runs.c
_selected = select(  # in the order of the struct's fields
    _there.id, _there.public_id, _there.workspace_id, _there.integration_id, integrations.c.connector,
    integrations.c.name, _there.task, _there.options, _there.status, _there.want, _there.fence, _there.owner,
    _there.lease_until, _there.counts, _there.progress, _there.error_code, _there.error, _there.created_at,
    _there.started_at, _there.finished_at,
).join_from(runs, integrations, integrations.c.id == _there.integration_id)  # fmt: skip


def latest(tx: Reading, workspace_id: int, limit: int = 50, *, integration: int | None = None) -> list[Run]:
    """The newest first; of all integrations, or of the one with this key."""
    wanted = _selected.where(runs.c.workspace_id == workspace_id).order_by(runs.c.id.desc()).limit(limit)
    if integration is not None:
        wanted = wanted.where(runs.c.integration_id == integration)
    return [_unpacked(row) for row in tx.run(wanted)]


def find(tx: Reading, workspace_id: int, public: str) -> Run:
    row = tx.run(_selected.where(runs.c.workspace_id == workspace_id, runs.c.public_id == public)).one_or_none()
    if row is None:
        raise PersonMustFix(f"There is no run {public!r}. `entrepot runs list` shows those there are.")
    return _unpacked(row)


def check_idle(tx: Reading, workspace_id: int, integration: int, name: str) -> None:
    """Raises TryLater while a run of the integration is under way: nothing may be changed under it."""
    mine = (runs.c.workspace_id == workspace_id, runs.c.integration_id == integration, runs.c.status == "running")
    if tx.run(select(func.count()).where(*mine)).scalar_one():
        raise TryLater(f"{name} is being read right now. Wait until that run ends.")


def by_key(tx: Reading, number: int) -> Run:
    return _unpacked(tx.run(_selected.where(runs.c.id == number)).one())


def refuse(tx: Writing, run: int, rows: Sequence[BadRow]) -> None:
    already = int(tx.run(select(func.count()).where(refused.c.run_id == run)).scalar_one())
    kept = rows[: max(0, MOST_REFUSED - already)]
    values = [(run, row.stream, *(storable(text, LONGEST_REASON) for text in (row.where, row.reason))) for row in kept]
    tx.insert("refused", ("run_id", "stream", "location", "reason"), values)


def refused_in(tx: Reading, run: int, limit: int = 100) -> list[BadRow]:
    wanted = select(refused.c.stream, refused.c.location, refused.c.reason).where(refused.c.run_id == run)
    return [BadRow(*row) for row in tx.run(wanted.order_by(refused.c.id).limit(limit))]


def _unpacked(row: Row[Any]) -> Run:
    values: dict[str, Any] = dict(zip(Run.__struct_fields__, row, strict=True))
    values["options"] = msgspec.json.decode(values["options"])
    values["counts"] = msgspec.json.decode(values["counts"], type=dict[str, Counts])
    values["progress"] = msgspec.json.decode(values["progress"])
    return Run(**values)
