"""Asks Todoist for tasks by their ids: a hundred open ones at once, finished ones one by one."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from entrepot.transport.client import Client
from entrepot.transport.message import Request

Json = dict[str, Any]

MOST = 100
_ID = re.compile(r"[\w-]+", re.ASCII)


class Told(msgspec.Struct, frozen=True):
    """A task, and the text in which it came."""

    task: Json
    text: msgspec.Raw

    @property
    def id(self) -> str:
        return self.task["id"]

    @property
    def is_there(self) -> bool:
        return not self.task.get("is_deleted")


class _Page(msgspec.Struct):
    results: list[msgspec.Raw] = []
    items: list[msgspec.Raw] = []
    next_cursor: str | None = None


class Tasks:
    def __init__(self, http: Client) -> None:
        self._http = http

    async def read(self, ids: Iterable[str]) -> Mapping[str, Told]:
        """By id; one that is deleted is left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Told] = {}
        for begin in range(0, len(wanted), MOST):
            some = wanted[begin : begin + MOST]
            found |= {told.id: told for told in await self.listed(ids=",".join(some))}
        missing = [each for each in wanted if each not in found]
        others = await asyncio.gather(*(self._one(each) for each in missing))
        found |= {told.id: told for told in others if told is not None and told.is_there}
        missing = [each for each in missing if each not in found]
        return {**found, **await self._finished(missing)} if missing else found

    async def listed(self, **query: str | None) -> Sequence[Told]:
        """Open tasks."""
        return await self._pages("/tasks", query)

    async def sections(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of the sections that there are."""
        wanted = list(dict.fromkeys(ids))
        answers = await asyncio.gather(*(self._there("/sections", each) for each in wanted))
        return frozenset(each for each, answer in zip(wanted, answers, strict=True) if answer is not None)

    async def _one(self, task: str) -> Told | None:
        text = await self._there("/tasks", task)
        return None if text is None else _told(msgspec.Raw(text))

    async def _there(self, path: str, own: str) -> bytes | None:
        """What another service calls a record may be anything, also another address: that is none of Todoist's."""
        if not _ID.fullmatch(own):
            return None
        response = await self._http.send(Request("GET", f"{path}/{own}", expected=(400, 404, 410)))
        return response.body if response.status == 200 else None

    async def _finished(self, ids: Sequence[str]) -> Mapping[str, Told]:
        """Finished lately, in case a finished task is not told by its id."""
        now = datetime.now(UTC)
        span = {"since": _text(now - timedelta(days=80)), "until": _text(now + timedelta(days=1))}
        found = await self._pages("/tasks/completed/by_completion_date", span)
        return {told.id: told for told in found if told.id in ids and told.is_there}

    async def _pages(self, path: str, query: Mapping[str, str | None]) -> Sequence[Told]:
        found: list[Told] = []
        cursor: str | None = None
        while True:
            request = Request("GET", path, params={**query, "limit": 200, "cursor": cursor})
            page = (await self._http.send(request)).json(_Page)
            found += map(_told, (*page.results, *page.items))
            cursor = page.next_cursor
            if not cursor:
                return found


def _told(text: msgspec.Raw) -> Told:
    return Told(msgspec.json.decode(text), text)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
