"""Occurrences of a series made as they are to be: moved, changed or cancelled, each by its own id.

https://learn.microsoft.com/graph/api/event-list-instances
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from entrepot.core.errors import RecordRefused, Stale
from entrepot.core.kind import Part
from entrepot.core.planner import Alert, Duration, LocalDateTime, Location
from entrepot.protocols.graph_time import instant_in
from entrepot.protocols.ical_recurrence import EXCLUDED
from entrepot.protocols.ical_zone import UNIVERSAL
from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .facts import Json, facts_of, zone_in
from .sending import kept, members
from .series import original_start, overrides_of, told_exceptions
from .shapes import Event

_JSON = {"Content-Type": "application/json"}
_REFUSED = {400: "RecordRefused", 404: "Stale"}


class Patch(Part, frozen=True, kw_only=True):
    """What an occurrence may have in its own way; nothing else is written of it."""

    start: LocalDateTime | None = None
    duration: Duration | None = None
    time_zone: str | None = None
    end_time_zone: str | None = None
    title: str | None = None
    description: str | None = None
    status: Literal["confirmed", "tentative", "cancelled"] | None = None
    free_busy_status: Literal["free", "busy"] | None = None
    privacy: Literal["public", "private", "secret"] | None = None
    priority: int | None = None
    locations: list[Location] | None = None
    alerts: list[Alert] | None = None


_SAID = frozenset(field.encode_name for field in msgspec.structs.fields(Patch))


def _said_of(override: Json) -> Json:
    """The part of it that an occurrence may have. RecordRefused where that is of another form."""
    said = {name: value for name, value in override.items() if name in _SAID}
    try:
        msgspec.convert(said, Patch)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"An occurrence cannot be changed so: {why}") from why
    return said


def kept_override(override: Json) -> Json:
    """What is told again of it, as far as it can be known by itself. None and empty stay: they take something away."""
    if override.get(EXCLUDED):
        return {EXCLUDED: True}
    said = _said_of(override)
    told = kept(said)
    return {name: told.get(name) if value else value for name, value in said.items()}


def base_of(native: Json) -> dict[str, Json]:
    """The overrides of a series as it was read."""
    return overrides_of(msgspec.convert(native, Event), told_exceptions(native))


def check_silent(native: Json, done: str) -> None:
    """Of an event with guests its organiser writes nothing: Outlook would send mail, and cannot be told not to."""
    for event in (native, *told_exceptions(native).changed):
        if event.get("attendees") and event.get("isOrganizer") is not False:
            raise RecordRefused(f"It has guests, to whom Outlook would send mail if it were {done}; do it in Outlook.")


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

    async def bring_to(self, overrides: dict[str, Json], base: dict[str, Json] | None) -> bool:
        """Makes the occurrences so; whether anything was sent. RecordRefused where Outlook cannot.

        `base` is how they were when this was decided: only what differs from it is written, and Stale is raised where
        somebody was there first. None where they are all to be made anew.
        """
        there = overrides_of(self._master, self._exceptions)
        sent = False
        for at in sorted({*overrides, *there}):
            wanted, held = overrides.get(at, {}), there.get(at, {})
            if wanted == held or (wanted.get(EXCLUDED) and held.get(EXCLUDED)):
                continue
            if base is not None and wanted == base.get(at, {}):
                continue
            if base is not None and held != base.get(at, {}):
                raise Stale(f"The occurrence of {at} was changed in the meantime.")
            if held.get(EXCLUDED):
                raise RecordRefused(f"The occurrence of {at} was cancelled, and Outlook cannot bring it back.")
            sent = await self._bring(at, wanted) or sent
        return sent

    async def remove(self) -> None:
        await self._delete(self._native)

    async def _bring(self, at: str, wanted: Json) -> bool:
        native = await self._occurrence(at)
        if native is None:
            if wanted.get(EXCLUDED):
                return False  # it does not take place as it is
            raise RecordRefused(f"The series has no occurrence at {at}, so none can be changed there.")
        check_silent(native, "changed")
        if wanted.get(EXCLUDED):
            await self._delete(native)
            return True
        usual = {**self._usual, "start": at}
        body = members({**usual, **_said_of(wanted)}, facts_of(msgspec.convert(native, Event), self._zone), native)
        if not body:
            return False
        encoded = msgspec.json.encode(body)
        await self._http.send(Request("PATCH", self._place(native), headers=_JSON, body=encoded, errors=_REFUSED))
        return True

    async def _occurrence(self, at: str) -> Json | None:
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
        path = f"{self._place(self._native)}/instances"
        response = await self._http.send(Request("GET", path, params=window, errors=_REFUSED))
        answer: Json = response.json(dict[str, Any])
        found: Sequence[Json] = answer.get("value") or []
        return next((one for one in found if self._begins(one, days=days) == at), None)

    async def _delete(self, native: Json) -> None:
        await self._http.send(Request("DELETE", self._place(native), expected=(404,), errors=_REFUSED))

    def _place(self, native: Json) -> str:
        return f"{self._path}/{quote(str(native['id']), safe='')}"

    def _begins(self, native: Json, *, days: bool) -> str:
        event = msgspec.convert(native, Event)
        if event.original_start or event.occurrence_id:
            return original_start(event, self._zone, self._usual["start"], days=days)
        return facts_of(event, self._zone)["start"]


def _graph(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
