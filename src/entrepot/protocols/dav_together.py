"""Members that are asked for while another answer is on its way, asked for in one request after it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from entrepot.protocols.dav import Dav, Item, folder_of

Answer = tuple[list[Item], list[str]]


class Together:
    """Each member is asked for after `one` was called, so that what was written before is what is read."""

    def __init__(self, dav: Dav) -> None:
        self._fetch: Callable[[str, Sequence[str]], Awaitable[Answer]] = dav.fetch
        self._waiting: dict[str, dict[str, asyncio.Future[Item | None]]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def one(self, path: str) -> Item | None:
        """None where it does not exist."""
        folder = folder_of(path)
        waiting = self._waiting.setdefault(folder, {})
        future = waiting.get(path)
        if future is None:
            future = waiting[path] = asyncio.get_running_loop().create_future()
        if folder not in self._asking:
            self._asking[folder] = asyncio.create_task(self._ask(folder))
        return await asyncio.shield(future)

    async def _ask(self, folder: str) -> None:
        try:
            while batch := self._waiting.pop(folder, None):
                await self._answer(folder, batch)
        finally:
            del self._asking[folder]

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
