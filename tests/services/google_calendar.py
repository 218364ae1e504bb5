"""Google Calendar as its API tells of it: events, series whose exceptions are events of their own, and sync tokens.

https://developers.google.com/workspace/calendar/api/v3/reference/events: an id may be chosen and is never free again,
times come back with an offset, a cancelled exception says no more than whose it is, a token may die (410), and guests
are written to unless `sendUpdates` says otherwise.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from tests.services.faults import Faults
from tests.services.google_occurrences import is_at, moment_of, names_in, normal, occurrence
from tests.services.routes import Handler, Refused, app_of

Json = dict[str, Any]

BARE = ("kind", "id", "etag", "status", "recurringEventId", "originalStartTime")
"""What is told of a cancelled exception."""
IMMUTABLE = {"id", "iCalUID", "recurringEventId", "originalStartTime", "etag", "created", "creator", "htmlLink"}


class GoogleCalendar:
    """`mails` is what was sent to guests. `page` is how many events an answer holds."""

    def __init__(self) -> None:
        self.calendars = {"ada@example.org": "owner", "holidays@group.example.org": "reader"}
        self.events: dict[str, dict[str, Json]] = {name: {} for name in self.calendars}
        self.log: list[tuple[str, str]] = []
        """Calendar and event in the order of the changes; a place in it is a sync token."""
        self.oldest = 0
        self.page = 250
        self.mails: list[str] = []
        self.faults = Faults()
        self.now = datetime(2026, 11, 1, 8, tzinfo=UTC)

    def add(self, summary: str, within: str = "ada@example.org", **members: Any) -> str:
        """As the person does in their calendar, with whatever other programs put into it."""
        name = f"made{len(self.log)}by0ther"
        self._insert(within, {"id": name, "summary": summary, **members})
        return name

    def edit(self, name: str, within: str = "ada@example.org", **members: Any) -> None:
        """`name` may be that of an occurrence."""
        self._patch_event(within, self._found(within, name), members)

    def remove(self, name: str, within: str = "ada@example.org") -> None:
        self._cancel(within, self._found(within, name))

    def expire(self) -> None:
        """Every token there is dies."""
        self.oldest = len(self.log) + 1
        self.log.append(("", ""))

    def held(self, name: str, within: str = "ada@example.org") -> Json:
        return self.events[within][name]

    def make_app(self) -> web.Application:
        events = "/calendars/{calendar}/events"
        routes: Mapping[tuple[str, str], Handler] = {
            ("GET", "/calendars/primary"): self._primary,
            ("GET", "/users/me/calendarList"): self._calendars,
            ("GET", events): self._list,
            ("POST", events): self._post,
            ("GET", f"{events}/{{event}}"): self._get,
            ("PATCH", f"{events}/{{event}}"): self._patch,
            ("DELETE", f"{events}/{{event}}"): self._delete,
            ("GET", f"{events}/{{event}}/instances"): self._instances,
        }
        return app_of(self.faults, routes, _told)

    async def _primary(self, _: web.Request) -> Json:
        return {"id": "ada@example.org", "summary": "ada@example.org"}

    async def _calendars(self, _: web.Request) -> Json:
        return {"items": [{"id": name, "summary": name, "accessRole": role} for name, role in self.calendars.items()]}

    async def _list(self, request: web.Request) -> Json:
        within, query = request.match_info["calendar"], request.query
        token, uid = query.get("syncToken"), query.get("iCalUID")
        if token and uid:
            raise Refused("invalid")
        if token and int(token) < self.oldest:
            raise Refused("fullSyncRequired", status=410)
        changed = [name for calendar, name in self.log[int(token or 0) :] if calendar == within]
        found = [self.events[within][name] for name in dict.fromkeys(reversed(changed))]
        if not token and query.get("showDeleted") != "true":
            found = [one for one in found if one["status"] != "cancelled" or "recurringEventId" in one]
        if uid:
            found = [one for one in found if one["iCalUID"] == uid]
        begin, size = int(query.get("pageToken", 0)), min(self.page, int(query.get("maxResults", 250)))
        more = begin + size < len(found)
        end = {"nextPageToken": str(begin + size)} if more else {"nextSyncToken": str(len(self.log))}
        return {"kind": "calendar#events", "items": [_shown(one) for one in found[begin : begin + size]], **end}

    async def _get(self, request: web.Request) -> Json:
        return _shown(self._known(request))

    async def _instances(self, request: web.Request) -> Json:
        within, series = request.match_info["calendar"], self._known(request)
        wanted = request.query["originalStart"]
        found = [self._found(within, name) for name in names_in(series) if is_at(name, wanted)]
        if request.query.get("showDeleted") != "true":
            found = [one for one in found if one["status"] != "cancelled"]
        return {"items": [_shown(one) for one in found]}

    async def _post(self, request: web.Request) -> Json:
        within, sent = self._writable(request), msgspec.json.decode(await request.read())
        if sent.get("id") in self.events[within]:
            raise Refused("duplicate", status=409)
        return self._mailed(request, self._insert(within, sent))

    async def _patch(self, request: web.Request) -> Json:
        within, event = self._writable(request), self._matched(request)
        if event["status"] == "cancelled" and "recurringEventId" not in event:
            raise Refused("deleted", status=404)
        sent = msgspec.json.decode(await request.read())
        return self._mailed(request, self._patch_event(within, event, sent))

    async def _delete(self, request: web.Request) -> None:
        within, event = self._writable(request), self._matched(request)
        if event["status"] == "cancelled":
            raise Refused("deleted", status=410)
        self._mailed(request, event)
        self._cancel(within, event)

    def _insert(self, within: str, sent: Json) -> Json:
        name = sent["id"]
        if len(name) < 5 or set(name) - set("0123456789abcdefghijklmnopqrstuvwxyz"):
            raise Refused("invalid")
        made = {
            "kind": "calendar#event",
            "status": "confirmed",
            "htmlLink": f"https://calendar.example.org/{name}",
            "created": _stamp(self.now),
            "creator": {"email": "ada@example.org", "self": True},
            "organizer": {"email": "ada@example.org", "self": True},
            "iCalUID": f"{name}@google.com",
            "sequence": 0,
            "reminders": {"useDefault": True},
            "eventType": "default",
        }
        return self._stored(within, {**made, **sent})

    def _patch_event(self, within: str, event: Json, sent: Json) -> Json:
        if sent.get("status") == "cancelled":
            return self._cancel(within, event)
        merged = {name: value for name, value in _merged(event, sent).items() if value is not None}
        merged |= {name: event[name] for name in IMMUTABLE & event.keys()}
        stored = self._stored(within, {**merged, "status": sent.get("status", event["status"])})
        if {"recurrence", "start"} & sent.keys() and "recurrence" in stored:
            self._drop_lost(within, stored)
        return stored

    def _drop_lost(self, within: str, series: Json) -> None:
        """Exceptions of what is no occurrence any more go with it."""
        names = set(names_in(series))
        for name, one in list(self.events[within].items()):
            if one.get("recurringEventId") == series["id"] and name not in names:
                del self.events[within][name]
                self.log = [entry for entry in self.log if entry != (within, name)]
                self.log.append((within, series["id"]))

    def _cancel(self, within: str, event: Json) -> Json:
        stored = self._stored(within, {**event, "status": "cancelled"})
        for one in list(self.events[within].values()):
            if one.get("recurringEventId") == event["id"] and one["status"] != "cancelled":
                self._stored(within, {**one, "status": "cancelled"})
        return stored

    def _stored(self, within: str, event: Json) -> Json:
        self.now += timedelta(seconds=1)
        for side in ("start", "end"):
            event[side] = normal(event.get(side))
        if ("date" in event["start"]) != ("date" in event["end"]) or moment_of(event["end"]) < moment_of(
            event["start"]
        ):
            raise Refused("timeRangeEmpty")
        if event.get("recurrence") and "dateTime" in event["start"] and "timeZone" not in event["start"]:
            raise Refused("required")
        if len(event["reminders"].get("overrides", [])) > 5:
            raise Refused("invalid")
        self.log.append((within, event["id"]))
        event |= {"etag": f'"{len(self.log)}"', "updated": _stamp(self.now)}
        self.events[within][event["id"]] = event
        return event

    def _found(self, within: str, name: str) -> Json:
        event = self.events[within].get(name)
        if event is not None:
            return event
        series = self.events[within].get(name.partition("_")[0])
        if series is None or "_" not in name or name not in names_in(series):
            raise Refused("notFound", status=404)
        return occurrence(series, name)

    def _known(self, request: web.Request) -> Json:
        within = request.match_info["calendar"]
        if within not in self.calendars:
            raise Refused("notFound", status=404)
        return self._found(within, request.match_info["event"])

    def _matched(self, request: web.Request) -> Json:
        event = self._known(request)
        if request.headers.get("If-Match", event["etag"]) != event["etag"]:
            raise Refused("conditionNotMet", status=412)
        return event

    def _writable(self, request: web.Request) -> str:
        within = request.match_info["calendar"]
        if self.calendars.get(within) != "owner":
            raise Refused("requiredAccessLevel", status=403)
        return within

    def _mailed(self, request: web.Request, event: Json) -> Json:
        if request.query.get("sendUpdates") != "none":
            self.mails += [guest["email"] for guest in event.get("attendees", ())]
        return event


def _merged(held: Json, sent: Json) -> Json:
    """As a patch is merged: objects member by member, null takes away, lists are replaced."""
    found = dict(held)
    for name, value in sent.items():
        both = isinstance(value, dict) and isinstance(held.get(name), dict)
        found[name] = _merged(held[name], value) if both else value
    return {name: value for name, value in found.items() if value is not None}


def _shown(event: Json) -> Json:
    if event["status"] == "cancelled" and "recurringEventId" in event:
        return {name: event[name] for name in BARE if name in event}
    return event


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(why: Refused) -> Json:
    return {"error": {"code": why.status, "errors": [{"reason": str(why), "message": str(why)}]}}
