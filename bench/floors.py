"""What the machine gives at most, stage by stage; the hub cannot be faster than these together.

`python -m bench.floors download|table|combined ADDRESS FILE` prints the records and the seconds of the stage alone,
without the start of the interpreter.
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine
from hashlib import blake2b

import aiohttp
import msgspec

TOGETHER = 8
IN_ONE = 1_000


class Due(msgspec.Struct):
    date: str
    string: str


class Task(msgspec.Struct):
    id: str
    content: str
    description: str
    priority: int
    checked: bool
    labels: list[str]
    due: Due
    project_id: str
    url: str
    added_at: str
    updated_at: str


class Answer(msgspec.Struct):
    pages: int
    results: list[Task]


Took = tuple[int, float]
ANSWER = msgspec.json.Decoder(Answer)


async def download(address: str, keep: Callable[[list[Task]], None]) -> int:
    """All pages, TOGETHER at a time, decoded; each is handed to `keep`."""
    connections = aiohttp.TCPConnector(limit=TOGETHER)
    async with aiohttp.ClientSession(connector=connections, auto_decompress=False) as session:

        async def page(number: int) -> Answer:
            async with session.get(f"{address}/tasks", params={"page": number}) as answer:
                return ANSWER.decode(await answer.read())

        first = await page(1)
        keep(first.results)
        numbers = iter(range(2, first.pages + 1))

        async def several() -> int:
            read = 0
            for number in numbers:
                tasks = (await page(number)).results
                read += len(tasks)
                keep(tasks)
            return read

        return len(first.results) + sum(await asyncio.gather(*(several() for _ in range(TOGETHER))))


class HubTable:
    """A table of the hub's shape: integer key, public id, unique remote id, hash and the record of about 1 KB."""

    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 16384"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, public_id TEXT, stream_id INTEGER, object_id TEXT,"
            " version TEXT, hash BLOB, data BLOB, UNIQUE (stream_id, object_id))"
        )
        self._waiting: list[Task] = []

    def keep(self, tasks: list[Task]) -> None:
        self._waiting += tasks
        if len(self._waiting) >= IN_ONE:
            self.flush()

    def flush(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        rows = []
        for task in self._waiting:
            data = msgspec.json.encode(task)
            rows.append((f"itm_{task.id}", 1, task.id, task.updated_at, blake2b(data, digest_size=16).digest(), data))
        self._database.executemany(
            "INSERT INTO items (public_id, stream_id, object_id, version, hash, data) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (stream_id, object_id) DO UPDATE SET data = excluded.data WHERE hash <> excluded.hash",
            rows,
        )
        self._database.execute("COMMIT")
        self._waiting.clear()


async def only_download(address: str, _: str) -> Took:
    begun = time.perf_counter()
    return await download(address, len), time.perf_counter() - begun


async def only_table(address: str, file: str) -> Took:
    """The records are read beforehand, so that only storing them is timed."""
    tasks: list[Task] = []
    await download(address, tasks.extend)
    table, begun = HubTable(file), time.perf_counter()
    for first in range(0, len(tasks), IN_ONE):
        table.keep(tasks[first : first + IN_ONE])
    table.flush()
    return len(tasks), time.perf_counter() - begun


async def combined(address: str, file: str) -> Took:
    table, begun = HubTable(file), time.perf_counter()
    read = await download(address, table.keep)
    table.flush()
    return read, time.perf_counter() - begun


STAGES: dict[str, Callable[[str, str], Coroutine[None, None, Took]]] = {
    "download": only_download,
    "table": only_table,
    "combined": combined,
}


if __name__ == "__main__":
    stage, address, file = sys.argv[1:]
    records, seconds = asyncio.run(STAGES[stage](address, file))
    sys.stdout.write(json.dumps({"records": records, "seconds": seconds}))
