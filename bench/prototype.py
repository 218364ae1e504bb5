"""What the task costs at least in Python: a throwaway that downloads, decodes, hashes and stores, and nothing else.

`python -m bench.prototype ADDRESS FILE`: 16 pages at a time, one transaction for those that came together; an item,
a link to it and the service's own text. No lenses, no events, no runs, no refused records, no second kind: the hub
is measured against what it adds to this.
"""

import asyncio
import sqlite3
import sys
from hashlib import blake2b

import aiohttp
import msgspec

from bench.floors import Task

TOGETHER = 16
TABLES = (
    "items (id INTEGER PRIMARY KEY, data BLOB)",
    "links (id INTEGER PRIMARY KEY, remote TEXT UNIQUE, version TEXT, hash BLOB)",
    "natives (id INTEGER PRIMARY KEY, native BLOB)",
    "position (since TEXT)",
)


class Answer(msgspec.Struct):
    pages: int
    results: list[msgspec.Raw]


ANSWER = msgspec.json.Decoder(Answer)
TASK = msgspec.json.Decoder(Task)


class Store:
    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 16384"):
            self._database.execute(f"PRAGMA {pragma}")
        for table in TABLES:
            self._database.execute(f"CREATE TABLE IF NOT EXISTS {table}")

    def since(self) -> str:
        found = self._database.execute("SELECT max(since) FROM position").fetchone()
        return found[0] or ""

    def apply(self, pages: list[bytes]) -> str:
        """Write what is new or another; returns the latest time of change."""
        read = [(TASK.decode(raw), raw) for page in pages for raw in ANSWER.decode(page).results]
        known = self._known([task.id for task, _ in read])
        links, items, natives = [], [], []
        self._database.execute("BEGIN IMMEDIATE")
        free = self._database.execute("SELECT coalesce(max(id), 0) FROM links").fetchone()[0]
        for task, raw in read:
            data = msgspec.json.encode(task)
            hash_ = blake2b(data, digest_size=16).digest()
            key, before = known.get(task.id, (None, None))
            if hash_ != before:
                free += key is None
                links.append((key or free, task.id, task.updated_at, hash_))
                items.append((key or free, data))
                natives.append((key or free, raw))
        self._database.executemany("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?)", links)
        self._database.executemany("INSERT OR REPLACE INTO items VALUES (?, ?)", items)
        self._database.executemany("INSERT OR REPLACE INTO natives VALUES (?, ?)", natives)
        self._database.execute("COMMIT")
        return max((task.updated_at for task, _ in read), default="")

    def _known(self, ids: list[str]) -> dict[str, tuple[int, bytes]]:
        wanted = msgspec.json.encode(ids).decode()
        asked = "SELECT remote, id, hash FROM links WHERE remote IN (SELECT value FROM json_each(?))"
        return {remote: (key, hash_) for remote, key, hash_ in self._database.execute(asked, (wanted,))}

    def remember(self, since: str) -> None:
        self._database.execute("INSERT INTO position VALUES (?)", (since,))
        self._database.close()


async def read(address: str, store: Store) -> None:
    since = store.since()
    words = {"updated_since": since} if since else {}
    connections = aiohttp.TCPConnector(limit=TOGETHER)
    async with aiohttp.ClientSession(connector=connections, auto_decompress=False) as session:

        async def page(number: int) -> bytes:
            async with session.get(f"{address}/tasks", params={**words, "page": number}) as answer:
                return await answer.read()

        first = await page(1)
        last = store.apply([first])
        pages = ANSWER.decode(first).pages
        asked = [asyncio.create_task(page(number)) for number in range(2, min(TOGETHER, pages) + 2)]
        number = len(asked) + 1
        while asked:
            done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            more = range(number + 1, min(number + len(done), pages) + 1)
            number += len(more)
            asked = [*waiting, *(asyncio.create_task(page(next_)) for next_ in more)]
            last = max(last, store.apply([task.result() for task in done]))
    store.remember(max(last, since))


if __name__ == "__main__":
    asyncio.run(read(sys.argv[1], Store(sys.argv[2])))
