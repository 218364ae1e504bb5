"""The run protocol: create, acquire, page, finish; pause, cancel and resume. Every step is one transaction.

Time is the database's alone. A run is held under a fence: whoever takes it over raises the fence, and from then on
nothing the former holder does is kept.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

import msgspec

from entrepot.core.errors import EntrepotError
from entrepot.storage.counts import Counts
from entrepot.storage.database import Database
from entrepot.storage.runs import Run, Status, Task, Want
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
    raise NotImplementedError


def acquire(database: Database, run: int, *, lease: float = LEASE) -> "Held | None":
    """The run, if it is queued or its holder is dead; None: someone has it, or another of its integration runs."""
    raise NotImplementedError


def start(database: Database, new: NewRun, *, lease: float = LEASE) -> "Held":
    """An interrupted run of the same task and options goes on; otherwise a new one begins.

    Raises `TryLater` while another run of the integration is under way.
    """
    raise NotImplementedError


class Held:
    """A run that is ours. `run` is the row as it was when acquired; `progress` and `counts` go on from there."""

    run: Run
    counts: dict[str, Counts]
    progress: dict[str, object]

    def page(
        self, stream: str, work: Callable[[Writing], Counts], progress: Mapping[str, object] | None = None
    ) -> Want:
        """Do the work in one transaction under the fence, add its counts, and tell what the person wants.

        Raises `Stale` (and keeps nothing of the work) when the run was taken over.
        """
        raise NotImplementedError

    def renew(self) -> Want:
        """Keep the lease without any work. Raises `Stale` when the run was taken over."""
        raise NotImplementedError

    @contextmanager
    def kept(self) -> Generator[None]:
        """While inside, a thread renews the lease in time, however long a service takes to answer."""
        raise NotImplementedError

    def finish(self, status: Status, error: EntrepotError | None = None) -> Run:
        """The end, under the same fence (`stopped` is by a brake); the row as it is then."""
        raise NotImplementedError


def requeue_expired(database: Database) -> int:
    """Runs whose holder is dead go back to the queue, or where their `want` says; how many there were."""
    raise NotImplementedError


def pause(database: Database, workspace_id: int, public: str) -> Run: ...
def cancel(database: Database, workspace_id: int, public: str) -> Run: ...
def resume(database: Database, workspace_id: int, public: str) -> Run: ...
