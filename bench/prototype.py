"""What the task costs at least in Python: a throwaway that downloads, decodes, hashes and stores, and nothing else.

`python -m bench.prototype ADDRESS FILE`: 16 pages at a time, one transaction for those that came together. No
mapping, no events, no runs, no refused records, no second kind: the hub is measured against what it adds to this.
"""

import asyncio
import sqlite3
import sys
from hashlib import blake2b

import aiohttp
import msgspec

TOGETHER = 16


class Task(msgspec.Struct):
    id: str
    updated_at: str


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
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS items (id INTEGER PRIMARY KEY, remote TEXT UNIQUE, hash BLOB, data BLOB)"
        )
        self._database.execute("CREATE TABLE IF NOT EXISTS position (since TEXT)")

    def since(self) -> str:
        found = self._database.execute("SELECT max(since) FROM position").fetchone()
        return found[0] or ""

    def apply(self, pages: list[bytes]) -> str:
        rows = [(TASK.decode(raw), bytes(raw)) for page in pages for raw in ANSWER.decode(page).results]
        if not rows:
            return ""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT INTO items (remote, hash, data) VALUES (?, ?, ?)"
            " ON CONFLICT (remote) DO UPDATE SET hash = excluded.hash, data = excluded.data"
            " WHERE hash <> excluded.hash",
            [(task.id, blake2b(raw, digest_size=16).digest(), raw) for task, raw in rows],
        )
        self._database.execute("COMMIT")
        return max(task.updated_at for task, _ in rows)

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
