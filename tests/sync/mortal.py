"""A process that dies at a numbered effect, and another that goes on with the same disk and the same services.

An effect is what stays when a process dies: a commit, a request that reached a service, a file put. From the one at
which it is killed on, nothing that is still running does anything more.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from tests.sync.fake_remote import FakeRemote
from tests.sync.faults import Killed
from tests.sync.world import World

from entrepot.core.report import Report
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.transaction import Writing
from entrepot.sync.part import Job
from entrepot.sync.run import sync


class Life:
    """Counts effects, and ends at one of them. `kill` is what then happens; it does not return."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.is_over = False
        self.kill: Callable[[], None] = lambda: None
        self._left = 0

    def ends_in(self, effects: int) -> None:
        """At the next one for 1; never for 0."""
        self._left = effects
        self.is_over = False

    @contextmanager
    def spared(self) -> Generator[None]:
        """What happens meanwhile is not counted, and nobody dies of it."""
        left, self._left, count = self._left, 0, len(self.effects)
        yield
        self._left = left
        del self.effects[count:]

    def effect(self, what: str) -> None:
        if self.is_over:
            raise Killed
        self.effects.append(what)
        if self._left:
            self._left -= 1
            if not self._left:
                self.is_over = True
                self.kill()
                raise Killed


class MortalDatabase(Database):
    """Tells of each commit just before it; what is killed there is rolled back, as by the next who opens the file."""

    def __init__(self, url: str | Path, life: Life) -> None:
        self.life = life
        super().__init__(url)

    @contextmanager
    def write(self, *, durable: bool = False) -> Generator[Writing]:
        with super().write(durable=durable) as tx:
            yield tx
            self.life.effect("commit")


class MortalBlobs(Blobs):
    def __init__(self, folder: Path, life: Life) -> None:
        super().__init__(folder)
        self.life = life

    def put(self, digest: str, open_: Callable[[], BinaryIO]) -> None:
        self.life.effect("before blob")
        super().put(digest, open_)
        self.life.effect("after blob")


class Inline(ThreadPoolExecutor):
    """No thread: effects come in the same order each time, and much sooner."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as why:  # noqa: BLE001 -- as an executor does
            done.set_exception(why)
        return done


class MortalWorld(World):
    """A world whose process can be killed: `died` is True after a sync that was."""

    def __init__(self, folder: Path, *remotes: FakeRemote, url: str = "", life: Life | None = None) -> None:
        self.life = life or Life()
        self.url = url
        self._runner: asyncio.Runner | None = None
        for remote in remotes:
            remote.fault = self.life.effect
        super().__init__(folder, *remotes)
        self.blobs = MortalBlobs(folder / "blobs", self.life)

    def open(self) -> Database:
        return MortalDatabase(self.url or self.folder / "hub.db", self.life)

    def run(self, job: Job) -> Report:
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._runner.get_loop().set_default_executor(Inline())
        return self._runner.run(sync(job))

    def dies(self, act: Callable[[], object]) -> bool:
        """Whether the process was killed in it; then another has begun."""
        try:
            act()
        except Killed:
            self.begin_again()
            return True
        return False

    def begin_again(self) -> None:
        self._end_loop()
        self.database.close()
        self.life.ends_in(0)
        bury_owner(self.database, self.folder / "hub.db", self.url)
        self.database = self.open()

    def compacted(self) -> None:
        """All of it in one file, and closed."""
        self.database.compact()
        self.close()

    def close(self) -> None:
        self.life.ends_in(0)
        self._end_loop()
        super().close()

    def _end_loop(self) -> None:
        if self._runner is not None:
            # What still waited in it dies with it.
            self._runner.get_loop().set_exception_handler(lambda _loop, _context: None)
            with suppress(Killed):
                self._runner.close()
            self._runner = None


OWNER = "UPDATE runs SET owner = owner || '0' WHERE status = 'running'"
"""The process of this number began at another time: the one that held the run is dead."""


def bury_owner(database: Database, file: Path, url: str) -> None:
    if not url:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(OWNER)
        return
    with Database(url) as other, other.write() as tx:
        tx.execute(OWNER)


def disk(otherwise: Path) -> Path:
    """Where databases may be made and thrown away by the thousand: in memory, if there is such a place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else otherwise


def names(effects: Sequence[str]) -> dict[str, int]:
    """How many of each there are."""
    return {one: effects.count(one) for one in sorted(set(effects))}
