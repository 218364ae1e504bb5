"""Asks Todoist for tasks by their ids: a hundred open ones at once, finished ones one by one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from entrepot.transport.client import Client
from entrepot.transport.message import Request

Json = dict[str, Any]

MOST = 100


class Tasks:
    def __init__(self, http: Client) -> None:
        self._http = http

    async def read(self, ids: Iterable[str]) -> Mapping[str, Json]:
        """By id; one that is deleted is left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Json] = {}
        for begin in range(0, len(wanted), MOST):
            some = wanted[begin : begin + MOST]
            found |= {task["id"]: task for task in await self.listed(ids=",".join(some))}
        missing = [each for each in wanted if each not in found]
        others = await asyncio.gather(*(self._one(each) for each in missing))
        found |= {task["id"]: task for task in others if task is not None}
        missing = [each for each in missing if each not in found]
        return {**found, **await self._finished(missing)} if missing else found

    async def listed(self, **query: str | None) -> Sequence[Json]:
        """Open tasks, page by page."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            request = Request("GET", "/tasks", params={**query, "limit": 200, "cursor": cursor})
            answer = (await self._http.send(request)).json()
            found += answer["results"]
            cursor = answer.get("next_cursor")
            if not cursor:
                return found

    async def sections(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of the sections that there are."""
        wanted = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*(self._there(f"/sections/{each}") for each in wanted))
        return frozenset(each for each, answer in zip(wanted, answers, strict=True) if answer is not None)

    async def _one(self, task: str) -> Json | None:
        found = await self._there(f"/tasks/{task}")
        return None if found is None or found.get("is_deleted") else found

    async def _there(self, path: str) -> Json | None:
        response = await self._http.send(Request("GET", path, expected=(400, 404, 410)))
        return response.json() if response.status == 200 else None

    async def _finished(self, ids: Sequence[str]) -> Mapping[str, Json]:
        """Finished lately, in case a finished task is not told by its id."""
        now = datetime.now(UTC)
        found: dict[str, Json] = {}
        cursor: str | None = None
        while True:
            span = {"since": _text(now - timedelta(days=80)), "until": _text(now + timedelta(days=1))}
            params = {**span, "limit": 200, "cursor": cursor}
            request = Request("GET", "/tasks/completed/by_completion_date", params=params)
            answer = (await self._http.send(request)).json()
            found |= {task["id"]: task for task in answer["items"] if task["id"] in ids and not task.get("is_deleted")}
            cursor = answer.get("next_cursor")
            if not cursor:
                return found


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
