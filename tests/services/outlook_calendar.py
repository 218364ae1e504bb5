"""Outlook's calendars as Graph tells of them: events, series with their exceptions, and mail to whoever is invited.

https://learn.microsoft.com/graph/api/resources/event and api/event-update: times come in UTC beside the name of their
zone, everything reminds a quarter of an hour before, a series that is moved loses its exceptions, and a transactionId
that was seen before makes no second event.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from entrepot.protocols.ical_zone import iana
from tests.services.faults import Faults
from tests.services.microsoft_graph import in_utc, stamp, told
from tests.services.microsoft_recurrence import days_of
from tests.services.routes import Handler, Refused, app_of

Json = dict[str, Any]

TIMES = {"start", "end", "isAllDay", "recurrence"}
WRITABLE = TIMES | {"attendees", "body", "categories", "hideAttendees", "importance", "isOnlineMeeting", "isReminderOn"}
WRITABLE |= {"location", "locations", "onlineMeetingProvider", "reminderMinutesBeforeStart", "responseRequested"}
WRITABLE |= {"sensitivity", "showAs", "subject"}
CREATED = {"transactionId", "allowNewTimeProposals"}
OTHERS = {"cancelledOccurrences", "exceptionOccurrences"}
DEFAULTS: Json = {
    "subject": "",
    "body": {"contentType": "html", "content": ""},
    "categories": [],
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isAllDay": False,
    "isCancelled": False,
    "isDraft": False,
    "isOrganizer": True,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": None,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "hasAttachments": False,
    "attendees": [],
    "location": {"displayName": ""},
    "locations": [],
    "recurrence": None,
    "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
}


class OutlookCalendar:
    """`mails` is what was sent to guests. `windows`: zones are told by Windows's names, whatever they were given."""

    def __init__(self) -> None:
        self.calendars = {"AAkCal=": True, "AAkHolidays=": False}
        self.events: dict[str, Json] = {}
        self.within: dict[str, str] = {}
        self.cancelled: dict[str, set[str]] = {}
        self.changed: dict[str, dict[str, Json]] = {}
        """By series and day: the members that an occurrence has of its own."""
        self.mails: list[str] = []
        self.faults = Faults()
        self.windows: Mapping[str, str] = {}
        self.now = datetime.now(UTC)
        self._count = 0

    def add(self, subject: str, within: str = "AAkCal=", **members: Any) -> str:
        """As the person does in Outlook, who may be invited by somebody else."""
        return self._create(within, {"subject": subject, **members})["id"]

    def edit(self, name: str, **members: Any) -> None:
        """`name` may be that of an occurrence."""
        self._change(name, members)

    def occurrence(self, series: str, day: str) -> str:
        return f"{series}.{day}"

    def make_app(self) -> web.Application:
        events = "/me/calendars/{calendar}/events"
        routes: Mapping[tuple[str, str], Handler] = {
            ("GET", "/me"): self._me,
            ("GET", "/me/calendars"): self._calendars,
            ("GET", events): self._list,
            ("POST", events): self._post,
            ("GET", f"{events}/{{event}}"): self._get,
            ("PATCH", f"{events}/{{event}}"): self._patch,
            ("DELETE", f"{events}/{{event}}"): self._delete,
            ("GET", f"{events}/{{event}}/instances"): self._instances,
        }
        return app_of(self.faults, routes, told)

    async def _me(self, _: web.Request) -> Json:
        return {"id": "48d31887", "displayName": "Ada"}

    async def _calendars(self, _: web.Request) -> Json:
        return {"value": [{"id": name, "name": name, "canEdit": may} for name, may in self.calendars.items()]}

    async def _list(self, request: web.Request) -> Json:
        within, query = request.match_info["calendar"], request.query
        since = query.get("$filter", "").removeprefix("lastModifiedDateTime ge ").replace("Z", "")
        found = [self._event(name) for name in self.events if self.within[name] == within]
        found = [event for event in found if event["lastModifiedDateTime"] >= since]
        if "$orderby" in query:
            found.sort(key=lambda event: event[query["$orderby"]])
        begin, size = int(query.get("$skip", 0)), int(query.get("$top", 10))
        link = str(request.url.update_query({"$skip": str(begin + size)}))
        more = {"@odata.nextLink": link} if begin + size < len(found) else {}
        return {"value": found[begin : begin + size], **more}

    async def _get(self, request: web.Request) -> Json:
        name, query = self._known(request), request.query
        event = self._event(name)
        if event["type"] == "seriesMaster":
            event["cancelledOccurrences"] = [f"OID.{name}.{day}" for day in sorted(self.cancelled.get(name, ()))]
            if query.get("$expand") == "exceptionOccurrences":
                days = sorted(self.changed.get(name, {}))
                event["exceptionOccurrences"] = [self._event(f"{name}.{day}") for day in days]
        selected = query["$select"].split(",") if "$select" in query else [each for each in event if each not in OTHERS]
        return {each: event[each] for each in selected if each in event}

    async def _instances(self, request: web.Request) -> Json:
        name = self._known(request)
        begin, end = (_moment(request.query[each]) for each in ("startDateTime", "endDateTime"))
        shown = [self._event(f"{name}.{day}") for day in self._days(name, end + timedelta(days=7))]
        return {"value": [one for one in shown if _at(one["start"]) < end and _at(one["end"]) > begin]}

    async def _post(self, request: web.Request) -> tuple[int, Json]:
        within, sent = request.match_info["calendar"], msgspec.json.decode(await request.read())
        if not self.calendars.get(within):
            raise Refused("ErrorAccessDenied", status=403)
        if sent.keys() - WRITABLE - CREATED:
            raise Refused("ErrorInvalidRequest")
        key = sent.get("transactionId")
        before = next((name for name, one in self.events.items() if key and one.get("transactionId") == key), None)
        return 201, self._event(before) if before else self._mailed(self._create(within, sent)["id"])

    async def _patch(self, request: web.Request) -> Json:
        name, sent = self._matched(request), msgspec.json.decode(await request.read())
        if sent.keys() - WRITABLE:
            raise Refused("ErrorInvalidRequest")
        self._change(name, sent)
        return self._mailed(name)

    async def _delete(self, request: web.Request) -> tuple[int, None]:
        name = self._matched(request)
        self._mailed(name)
        self.remove(name)
        return 204, None

    def _mailed(self, name: str) -> Json:
        event = self._event(name)
        invited = [event, *self.changed.get(name, {}).values()] if event["isOrganizer"] else []
        self.mails += [guest["emailAddress"]["address"] for one in invited for guest in one.get("attendees", [])]
        return event

    def _create(self, within: str, sent: Json) -> Json:
        if not sent.get("start") or not sent.get("end"):
            raise Refused("ErrorPropertyRequired")
        self._count += 1
        name = f"AAkEvent{self._count}"
        self.now += timedelta(seconds=1)
        made = {"id": name, "iCalUId": f"0400{name}", "createdDateTime": stamp(self.now), **DEFAULTS}
        self.within[name] = within
        self.events[name] = self._merged(made, sent)
        return self.events[name]

    def _change(self, name: str, sent: Json) -> None:
        series, _, day = name.partition(".")
        if not day:
            self.events[name] = self._merged(self.events[name], sent)
            if TIMES & sent.keys():
                self.cancelled.pop(name, None)
                self.changed.pop(name, None)
            return
        usual = self._event(name)
        own = self._merged(usual, sent)
        self._check_place(series, day, own)
        kept = {each: own[each] for each in {*sent, "start", "end", "location", "locations", "body"}}
        self.changed.setdefault(series, {}).setdefault(day, {}).update(kept)
        self.events[series] = self._merged(self.events[series], {})

    def _check_place(self, series: str, day: str, own: Json) -> None:
        days = self._days(series, _at(own["start"]) + timedelta(days=400), every=True)
        place, moved = days.index(day), self._local(series, own["start"])[:10]
        earlier, later = days[place - 1] if place else "", days[place + 1] if place + 1 < len(days) else "9"
        if not earlier < moved < later:
            raise Refused("ErrorOccurrenceCrossingBoundary")

    def remove(self, name: str) -> None:
        series, _, day = name.partition(".")
        if not day:
            del self.events[name]
            return
        self.cancelled.setdefault(series, set()).add(day)
        self.changed.get(series, {}).pop(day, None)
        self.events[series] = self._merged(self.events[series], {})

    def _merged(self, held: Json, sent: Json) -> Json:
        event = {**held, **sent}
        for side in ("start", "end"):
            if sent.get(side):
                event[f"original{side.title()}TimeZone"] = self.windows.get(
                    sent[side]["timeZone"], sent[side]["timeZone"]
                )
                event[side] = in_utc(sent[side])
        if event["isAllDay"] and not all(event[side]["dateTime"][11:19] == "00:00:00" for side in ("start", "end")):
            raise Refused("ErrorInvalidRequest")
        if event["start"]["dateTime"] > event["end"]["dateTime"]:
            raise Refused("ErrorPropertyValidationFailure")
        if "locations" in sent:
            event["location"] = sent["locations"][0] if sent["locations"] else {"displayName": ""}
        elif "location" in sent:
            event["locations"] = [sent["location"]] if sent["location"].get("displayName") else []
        if "body" in sent:
            text = sent["body"]["content"]
            text = text if sent["body"]["contentType"] == "html" else escape(text).replace("\n", "<br>")
            event["body"] = {"contentType": "html", "content": f"<html><head></head><body>\r\n{text}</body></html>"}
        self.now += timedelta(seconds=1)
        self._count += 1
        key = f"ck{self._count}"
        return event | {"changeKey": key, "@odata.etag": f'W/"{key}"', "lastModifiedDateTime": stamp(self.now)}

    def _event(self, name: str) -> Json:
        series, _, day = name.partition(".")
        event = self.events[series]
        if not day:
            return {**event, "type": "seriesMaster" if event["recurrence"] else "singleInstance"}
        shift = datetime.fromisoformat(day) - datetime.fromisoformat(self._local(series, event["start"])[:10])
        start, end = (self._shifted(series, event[side], shift) for side in ("start", "end"))
        own = self.changed.get(series, {}).get(day)
        kind = {"type": "occurrence" if own is None else "exception", "seriesMasterId": series, "recurrence": None}
        kind |= {"id": name, "occurrenceId": f"OID.{series}.{day}", "originalStart": f"{start['dateTime'][:19]}Z"}
        return {**event, **kind, "start": start, "end": end, **(own or {})}

    def _days(self, series: str, until: datetime, *, every: bool = False) -> list[str]:
        event = self.events[series]
        found: Iterator[str] = days_of(event["recurrence"], self._local(series, event["start"]), until)
        return [day for day in found if every or day not in self.cancelled.get(series, ())]

    def _zone(self, series: str) -> ZoneInfo:
        event = self.events[series]
        return ZoneInfo(
            "UTC" if event["isAllDay"] else iana(event["recurrence"]["range"]["recurrenceTimeZone"]) or "UTC"
        )

    def _local(self, series: str, at: Json) -> str:
        return _at(at).astimezone(self._zone(series)).isoformat()[:19]

    def _shifted(self, series: str, at: Json, by: timedelta) -> Json:
        local = datetime.fromisoformat(self._local(series, at)) + by
        return in_utc({"dateTime": local.isoformat(), "timeZone": self._zone(series).key})

    def _known(self, request: web.Request) -> str:
        name, calendar = request.match_info["event"], request.match_info["calendar"]
        series, _, day = name.partition(".")
        if self.within.get(series) != calendar or series not in self.events or day in self.cancelled.get(series, ()):
            raise Refused("ErrorItemNotFound", status=404)
        return name

    def _matched(self, request: web.Request) -> str:
        name = self._known(request)
        if request.headers.get("If-Match", "*") not in {"*", self._event(name)["@odata.etag"]}:
            raise Refused("ErrorIrresolvableConflict", status=412)
        return name


def _at(at: Json) -> datetime:
    return _moment(at["dateTime"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
