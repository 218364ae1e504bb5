"""A series and its exceptions, which Google lists as events of their own, asked for together.

https://developers.google.com/workspace/calendar/api/guides/recurringevents
"""

import asyncio
from collections.abc import MutableMapping
from hashlib import blake2b
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from entrepot.core.errors import RecordRefused
from entrepot.transport.client import Client
from entrepot.transport.message import Request

Json = dict[str, Any]
_MISSING = (404, 410)
_MOST_PAGES = 20
_under_way: MutableMapping[Client, dict[tuple[str, str], "asyncio.Task[Json | None]"]] = WeakKeyDictionary()


async def ask_series(http: Client, calendar: str, series: str, part: Json) -> Json | None:
    """The series as it is now, with its `exceptions`; None where the calendar has only the part that was invited to.

    `part` is what was told of it: all of a page that belong to one series share one question.
    """
    asked = _under_way.setdefault(http, {})
    task = asked.get((calendar, series))
    if task is None:
        task = asked[calendar, series] = asyncio.create_task(_ask(http, calendar, series, part))
        task.add_done_callback(lambda _: asked.pop((calendar, series), None))
    return await task


def events_path(calendar: str) -> str:
    return f"/calendars/{quote(calendar, safe='@')}/events"


def version_of(record: Json) -> str:
    """The etag of an event, and of a series with exceptions one of all their etags: each of them changes alone."""
    exceptions: list[Json] = record.get("exceptions") or []
    if not exceptions:
        return str(record.get("etag", ""))
    etags = sorted(str(one.get("etag", one.get("id"))) for one in exceptions)
    return blake2b("\x1f".join([str(record.get("etag", "")), *etags]).encode(), digest_size=16).hexdigest()


def with_exceptions(master: Json, exceptions: list[Json]) -> Json:
    return {**master, "exceptions": sorted(exceptions, key=lambda one: str(one.get("id")))}


async def _ask(http: Client, calendar: str, series: str, part: Json) -> Json | None:
    uid = part.get("iCalUID")
    if not uid:  # a cancelled exception says no more than whose it is
        path = f"{events_path(calendar)}/{quote(series, safe='')}"
        response = await http.send(Request("GET", path, expected=_MISSING))
        master: Any = None if response.status in _MISSING else response.json()
        uid = master.get("iCalUID") if master else None
        if not uid:
            return master
    events = await _with_uid(http, calendar, str(uid))
    master = next((event for event in events if event.get("id") == series), None)
    if master is None:
        return None
    return with_exceptions(master, [event for event in events if event.get("recurringEventId") == series])


async def _with_uid(http: Client, calendar: str, uid: str) -> list[Json]:
    found: list[Json] = []
    query: dict[str, str] = {"iCalUID": uid, "showDeleted": "true", "maxResults": "2500"}
    for _ in range(_MOST_PAGES):
        page: Any = (await http.send(Request("GET", events_path(calendar), params=query))).json()
        found += page.get("items") or []
        if not page.get("nextPageToken"):
            return found
        query = {**query, "pageToken": page["nextPageToken"]}
    raise RecordRefused("It recurs, and has more changed occurrences than can be read.")
