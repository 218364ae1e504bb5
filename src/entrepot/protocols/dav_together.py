"""Members that several writers want to read back, asked for in one request once all of them have written."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager

from entrepot.protocols.dav import Dav, Item, folder_of

Answer = tuple[list[Item], list[str]]


class Together:
    """Each member is asked for after `one` was called, so that what was written before is what is read.

    Whoever is `at_work` either writes or waits for an answer; when all of them wait, they are answered together.
    """

    def __init__(self, dav: Dav) -> None:
        self._fetch: Callable[[str, Sequence[str]], Awaitable[Answer]] = dav.fetch
        self._waiting: dict[str, dict[str, asyncio.Future[Item | None]]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._at_work = 0
        self._idle = 0

    @contextmanager
    def at_work(self) -> Generator[None]:
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
            self._ask_if_all_wait()

    async def one(self, path: str) -> Item | None:
        """None where it does not exist."""
        waiting = self._waiting.setdefault(folder_of(path), {})
        future = waiting.get(path)
        if future is None:
            future = waiting[path] = asyncio.get_running_loop().create_future()
        self._idle += 1
        self._ask_if_all_wait()
        try:
            return await asyncio.shield(future)
        finally:
            self._idle -= 1

    def _ask_if_all_wait(self) -> None:
        if self._idle < self._at_work:
            return
        waiting, self._waiting = self._waiting, {}
        for folder, batch in waiting.items():
            task = asyncio.create_task(self._answer(folder, batch))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _answer(self, folder: str, batch: dict[str, asyncio.Future[Item | None]]) -> None:
        try:
            items, _ = await self._fetch(folder, list(batch))
        except BaseException as error:
            for future in batch.values():
                future.set_exception(error)
                future.exception()  # who asked may be gone
            if not isinstance(error, Exception):
                raise
        else:
            found = {item.path: item for item in items}
            for path, future in batch.items():
                future.set_result(found.get(path))
