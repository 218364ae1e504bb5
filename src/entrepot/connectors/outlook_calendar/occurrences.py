"""Occurrences of a series made as they are to be: moved, changed or cancelled, each by its own id.

https://learn.microsoft.com/graph/api/event-list-instances
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graph_time import instant_in
from entrepot.protocols.ical_zone import UNIVERSAL
from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .facts import Json, facts_of, zone_in
from .sending import kept, members
from .series import original_start, overrides_of, told_exceptions
from .shapes import Event

EXCLUDED: Json = {"excluded": True}
SAID = frozenset(
    {
        *("start", "duration", "timeZone", "endTimeZone", "title", "description", "status", "freeBusyStatus"),
        *("privacy", "priority", "locations", "alerts"),
    }
)
"""What an occurrence may have in its own way."""
_JSON = {"Content-Type": "application/json"}
_REFUSED = {400: "RecordRefused", 404: "Stale"}


def kept_override(override: Json) -> Json:
    """What is told again of it, as far as it can be known by itself. None and empty stay: they take something away."""
    if override.get("excluded"):
        return EXCLUDED
    said = {name: value for name, value in override.items() if name in SAID}
    told = kept(said)
    return {name: told.get(name) if value else value for name, value in said.items()}


class Series:
    """A series as it was just read, at the service. `path` is that of its calendar's events."""

    def __init__(self, http: Client, calendar: str, native: Json) -> None:
        self._http = http
        self._path = f"/me/calendars/{quote(calendar, safe='')}/events"
        self._native = native
        self._master = msgspec.convert(native, Event)
        self._zone = zone_in(self._master)
        self._usual = facts_of(self._master, self._zone)
        self._exceptions = told_exceptions(native)

    async def bring_to(self, overrides: dict[str, Json]) -> bool:
        """Makes the occurrences so; whether anything was sent. RecordRefused where Outlook cannot."""
        there = overrides_of(self._master, self._exceptions)
        sent = False
        for at in sorted({*overrides, *there}):
            wanted, held = overrides.get(at, {}), there.get(at, {})
            if wanted == held or (wanted.get("excluded") and held.get("excluded")):
                continue
            if held.get("excluded"):
                raise RecordRefused(f"The occurrence of {at} was cancelled, and Outlook cannot bring it back.")
            sent = await self._bring(at, wanted) or sent
        return sent

    async def _bring(self, at: str, wanted: Json) -> bool:
        native = await self._occurrence(at)
        place = f"{self._path}/{quote(str(native['id']), safe='')}"
        if wanted.get("excluded"):
            await self._http.send(Request("DELETE", place, expected=(404,), errors=_REFUSED))
            return True
        usual = {**self._usual, "start": at}
        said = {name: value for name, value in wanted.items() if name in SAID}
        body = members({**usual, **said}, facts_of(msgspec.convert(native, Event), self._zone), native)
        if not body:
            return False
        encoded = msgspec.json.encode(body)
        await self._http.send(Request("PATCH", place, headers=_JSON, body=encoded, errors=_REFUSED))
        return True

    async def _occurrence(self, at: str) -> Json:
        days = bool(self._master.is_all_day)
        for native in self._exceptions.changed:
            if self._begins(native, days=days) == at:
                return native
        zone = UNIVERSAL if days else self._zone
        begin = instant_in(at, zone)
        window = {
            "startDateTime": _graph(begin),
            "endDateTime": _graph(begin + timedelta(days=1 if days else 0, seconds=1)),
        }
        path = f"{self._path}/{quote(str(self._native['id']), safe='')}/instances"
        response = await self._http.send(Request("GET", path, params=window, errors=_REFUSED))
        answer: Json = response.json(dict[str, Any])
        found: Sequence[Json] = [one for one in answer.get("value") or [] if self._begins(one, days=days) == at]
        if not found:
            raise RecordRefused(f"The series has no occurrence at {at}, so none can be changed there.")
        return found[0]

    def _begins(self, native: Json, *, days: bool) -> str:
        event = msgspec.convert(native, Event)
        if event.original_start or event.occurrence_id:
            return original_start(event, self._zone, self._usual["start"], days=days)
        return facts_of(event, self._zone)["start"]


def _graph(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
