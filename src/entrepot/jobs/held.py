"""A run that this process holds: its pages, its lease and its end, all under one fence."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import msgspec
from sqlalchemy import update

from entrepot.core.errors import EntrepotError, TryLater
from entrepot.core.report import Counts, Status
from entrepot.storage import events
from entrepot.storage.database import Database
from entrepot.storage.events import NewEvent
from entrepot.storage.runs import Run, Want, by_key, runs
from entrepot.storage.text import storable
from entrepot.storage.transaction import Writing

Result = TypeVar("Result")

Work = Callable[[Writing], Counts]

ENDED: frozenset[Status] = frozenset({"done", "failed", "stopped", "cancelled"})


class LostRun(TryLater):
    """Another process took the run over: whatever this one still does for it is not kept."""


class Held:
    """`run` is the row as it was when acquired; `counts` and `progress` are what has been kept since.

    Several threads may use it; they take turns.
    """

    def __init__(self, database: Database, run: Run, lease: float) -> None:
        self.run = run
        self.counts: dict[str, Counts] = dict(run.counts)
        self.progress: dict[str, object] = dict(run.progress)
        self._database = database
        self._lease = lease
        self._turn = threading.Lock()

    def page(self, stream: str, work: Work, progress: Mapping[str, object] | None = None) -> Want:
        """One stream's page: as `pages`."""
        return self.pages({stream: work}, progress)

    def pages(self, works: Mapping[str, Work], progress: Mapping[str, object] | None = None) -> Want:
        """Do the work of each stream, all in one transaction under the fence; add its counts to the stream's.

        What the person wants is told. Raises `LostRun`, and keeps nothing of the work, when the run was taken over.
        """
        with self._turn:
            with self._database.write() as tx:
                want = self._renew(tx)
                counts = dict(self.counts)
                for stream, work in works.items():
                    counts[stream] = msgspec.structs.replace(self.counts.get(stream, Counts()))
                    counts[stream].add(work(tx))
                kept = self.progress if progress is None else dict(progress)
                values = {"counts": _packed(counts), "progress": _packed(kept)}
                tx.run(update(runs).where(runs.c.id == self.run.key).values(values))
            self.counts, self.progress = counts, kept
        return want

    def write(self, work: Callable[[Writing], Result]) -> Result:
        """Any other work on the run's behalf, in one transaction under the fence."""
        with self._database.write() as tx:
            self._renew(tx)
            return work(tx)

    def renew(self, *, durable: bool = False) -> Want:
        """Keep the lease without any work. `durable`: all that was kept before then outlives a power cut."""
        with self._database.write(durable=durable) as tx:
            return self._renew(tx)

    @contextmanager
    def kept(self) -> Generator[None]:
        """While inside, a thread renews the lease in time, however long a service takes to answer.

        Leaving by an interruption (Ctrl-C, a cancelled task) puts the run back into the queue; leaving by a bug
        ends it as failed. One of the seven errors is for the caller to `finish` with.
        """
        leaving = threading.Event()
        renewing = threading.Thread(target=self._renew_until, args=(leaving,), name="lease", daemon=True)
        renewing.start()
        try:
            yield
        except EntrepotError:
            raise
        except Exception as bug:
            self._leave("failed", f"Something unexpected happened ({type(bug).__name__}). This is a bug: report it.")
            raise
        except BaseException:
            self._leave("queued", "")
            raise
        finally:
            leaving.set()
            renewing.join()

    def finish(self, status: Status, error: EntrepotError | None = None) -> Run:
        """The end, under the same fence (`stopped` is by a brake); the row as it is then."""
        code, message = (error.code, error.message) if error else ("", "")
        with self._turn, self._database.write() as tx:
            if not self._end(tx, status, code, message):
                raise _lost()
            return by_key(tx, self.run.key)

    def _renew(self, tx: Writing) -> Want:
        mine = (runs.c.id == self.run.key, runs.c.fence == self.run.fence, runs.c.status == "running")
        renewed = update(runs).where(*mine).values(lease_until=tx.now() + int(self._lease * 1000))
        want = tx.run(renewed.returning(runs.c.want)).scalar_one_or_none()
        if want is None:
            raise _lost()
        return want

    def _renew_until(self, leaving: threading.Event) -> None:
        while not leaving.wait(self._lease / 3):
            try:
                self.renew()
            except LostRun:
                return
            except EntrepotError:
                continue  # the database is busy or full: the next page says so, and where

    def _leave(self, status: Status, message: str) -> None:
        # Where even this cannot be written, what made us leave is still what has to be told; the lease runs out.
        with suppress(EntrepotError), self._turn, self._database.write() as tx:
            self._end(tx, status, "bug" if message else "", message)

    def _end(self, tx: Writing, status: Status, code: str, message: str) -> bool:
        mine = (runs.c.id == self.run.key, runs.c.fence == self.run.fence, runs.c.status == "running")
        ended = update(runs).where(*mine).values(
            status=status,
            want="go",
            owner="",
            lease_until=None,
            error_code=code,
            error=storable(message),
            finished_at=tx.now() if status in ENDED else None,
        )  # fmt: skip
        if tx.run(ended).rowcount == 0:
            return False
        if status in ENDED:
            events.add(tx, NewEvent("run.finished", self.run.workspace_id, self.run.integration, None, self.run.key))
        return True


def _lost() -> LostRun:
    return LostRun("This run was taken over by another process, which goes on with it. Nothing was lost.")


def _packed(value: object) -> str:
    return msgspec.json.encode(value).decode()
