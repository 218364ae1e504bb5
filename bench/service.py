"""A mock service: task-like records of about 1 KB, in pages, with an `updated_since` filter and a delay a request.

`python -m bench.service --records 100000 --delay 0.05 --changed 1000` prints its address and serves until it is
ended. Pages are built once, so that the mock costs little of the processor that everyone shares.
"""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from aiohttp import web

PAGE = 100
START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = "2026"
TEXT = " ".join(
    ["harbour lantern winter orchard compass letter granite sparrow meadow engine copper thunder ribbon canvas"] * 10
)


def record(number: int, *, edited: bool) -> dict[str, object]:
    """The same number always gives the same record; an edited one has another title and a later time."""
    changed = START + timedelta(seconds=number) + (timedelta(days=200) if edited else timedelta())
    place = number % 97
    return {
        "id": f"task_{number:08d}",
        "content": f"Task {number} {TEXT[place : place + 40]}{' (edited)' if edited else ''}",
        "description": TEXT[place : place + 560],
        "priority": number % 4 + 1,
        "checked": number % 3 == 0,
        "labels": ["home", "later"] if number % 2 else [],
        "due": {"date": (START + timedelta(days=number % 700)).date().isoformat(), "string": "someday"},
        "project_id": f"project_{number % 20}",
        "url": f"https://example.org/task/{number:08d}",
        "added_at": START.isoformat().replace("+00:00", "Z"),
        "updated_at": changed.isoformat().replace("+00:00", "Z"),
    }


class Service:
    """`changed` records, spread evenly, are edited once `/edit` has been called."""

    def __init__(self, records: int, delay: float, changed: int) -> None:
        self.delay = delay
        self.requests = 0
        self.edited = False
        self._records = records
        self._changed = range(0, records, max(1, records // changed))[:changed] if changed else range(0)
        self._pages: dict[tuple[bool, bool, int], bytes] = {}
        self.build(since=False)

    async def tasks(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        since = request.query.get("updated_since", "") > FIRST  # some ask from long ago when they mean everything
        page = self._page(int(request.query.get("page", "1")), since=since)
        return web.Response(body=page, content_type="application/json")

    async def user(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "1", "full_name": "bench"})

    async def edit(self, _: web.Request) -> web.Response:
        self.edited = True
        self.build(since=True)
        return web.json_response({"edited": len(self._changed)})

    async def reset(self, _: web.Request) -> web.Response:
        self.edited = False
        self.requests = 0
        return web.json_response({"edited": 0})

    async def count(self, _: web.Request) -> web.Response:
        asked, self.requests = self.requests, 0
        return web.json_response({"requests": asked})

    def build(self, *, since: bool) -> None:
        """All pages at once, so that whoever asks first does not wait longer than whoever asks next."""
        for number in range(1, -(-len(self._shown(since=since)) // PAGE) + 1):
            self._page(number, since=since)

    def _shown(self, *, since: bool) -> range:
        if not since:
            return range(self._records)
        return self._changed if self.edited else range(0)

    def _page(self, number: int, *, since: bool) -> bytes:
        key = (self.edited, since, number)
        if key not in self._pages:
            self._pages[key] = self._encode(number, self._shown(since=since))
        return self._pages[key]

    def _encode(self, number: int, every: range) -> bytes:
        shown = every[(number - 1) * PAGE : number * PAGE]
        page = {
            "page": number,
            "pages": -(-len(every) // PAGE) or 1,
            "total": len(every),
            "has_more": number * PAGE < len(every),
            "results": [record(n, edited=self.edited and n in self._changed) for n in shown],
        }
        return json.dumps(page).encode()


def application(service: Service) -> web.Application:
    app = web.Application()
    app.router.add_get("/tasks", service.tasks)
    app.router.add_get("/user", service.user)
    app.router.add_post("/edit", service.edit)
    app.router.add_post("/reset", service.reset)
    app.router.add_get("/requests", service.count)
    return app


async def serve(service: Service) -> None:
    runner = web.AppRunner(application(service), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--records", type=int, default=100_000)
    words.add_argument("--delay", type=float, default=0.0)
    words.add_argument("--changed", type=int, default=1_000)
    given = words.parse_args()
    asyncio.run(serve(Service(given.records, given.delay, given.changed)))


if __name__ == "__main__":
    main()
