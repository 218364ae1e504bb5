"""Events written: the series with one request, and each occurrence that is not as its rule says with one of its own.

Nobody is told: `sendUpdates=none` goes with every request, and guests are not written.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from entrepot.core.change import Change, Ref
from entrepot.core.errors import EntrepotError, NeedsConsent, RecordRefused, Stale, TryLater
from entrepot.core.fields import Value
from entrepot.core.lens import LensError
from entrepot.core.lens_duration import duration_of, seconds_of
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.merge_choice import WHEN
from entrepot.core.planner import Event
from entrepot.core.projection import Projection
from entrepot.declarative.reader import DeclaredReader
from entrepot.protocols.ical_recurrence import EXCLUDED, is_override, occurrence_of, read_recurrence
from entrepot.protocols.ical_zone import Zones
from entrepot.sdk.context import Context
from entrepot.sdk.writer import Write, Writing
from entrepot.transport.message import Request, Response
from entrepot.transport.status import is_limited

from .connector import event_of, lines_of, start_moment
from .sent import (
    FIELDS,
    OF_AN_OCCURRENCE,
    TIMES,
    members_of,
    original_start,
    recurrence_of,
    told_alerts,
    told_overrides,
)
from .series import events_path

Json = dict[str, Any]

STREAM = "events"
_QUIET = {"sendUpdates": "none"}
_GONE = {404: "Stale", 410: "Stale"}
_NO_RIGHT = (b"insufficientPermissions", b"ACCESS_TOKEN_SCOPE_INSUFFICIENT")
_RULES = frozenset({"recurrence_rules", "excluded_recurrence_rules"})


class EventWriter:
    """A create names the id, `Write.op` (hexadecimal digits are among those Google allows), so it is made once."""

    def __init__(self, context: Context, lines: Mapping[str, Lines], reader: DeclaredReader) -> None:
        self._http = context.http
        self._lines = lines[STREAM]
        self._reader = reader
        projection = Projection(self._lines.fields, Event)
        self._writing = Writing(
            fields=FIELDS, repeatable=True, project=lambda name, value: _told(projection, name, value)
        )

    def writing(self, stream: str) -> Writing | None:
        return self._writing if stream == STREAM else None

    async def find(self, write: Write) -> Change | None:
        found = await self._again(_calendar(write), write.op)
        return None if found.data is None else found

    async def write(self, write: Write) -> Change:
        if write.verb == "create":
            return await self._create(write)
        assert write.ref is not None  # of what is there
        calendar = _calendar(write)
        own = write.ref.id.removeprefix(f"{calendar}/")
        if write.verb == "delete":
            return await self._delete(write, write.ref, calendar, own)
        return await self._update(write, write.ref, calendar, own)

    async def _create(self, write: Write) -> Change:
        calendar, data = _calendar(write), _event(write)
        body = members_of(data, {}, FIELDS, self._lines, None)
        recurrence = recurrence_of(data, data.recurrence_overrides.keys())
        if recurrence:
            body["recurrence"] = recurrence
        await self._send("POST", events_path(calendar), {**body, "id": write.op}, expected=(409,))
        made = await self._settled(calendar, write.op, data)
        if made.data is None:
            raise Stale("The event was deleted as soon as it was made.")
        return made

    async def _update(self, write: Write, ref: Ref, calendar: str, own: str) -> Change:
        native, before = await self._current(write, ref, calendar, own)
        fields = write.fields & FIELDS
        wanted = replace(before, **{name: getattr(write.data, name) for name in fields})
        body = members_of(wanted, native, fields, self._lines, before)
        if fields & _RULES or "recurrence_overrides" in fields or wanted.recurrence_rules:
            body |= _recurrence(wanted, before, native)
        if body:
            await self._send("PATCH", f"{events_path(calendar)}/{quote(own, safe='')}", body, native.get("etag"))
        if wanted.recurrence_overrides or before.recurrence_overrides:
            return await self._settled(calendar, own, wanted)
        return await self._again(calendar, own)

    async def _delete(self, write: Write, ref: Ref, calendar: str, own: str) -> Change:
        gone = Change(STREAM, ref, None, collection=calendar)
        try:
            native, _ = await self._current(write, ref, calendar, own)
            await self._send("DELETE", f"{events_path(calendar)}/{quote(own, safe='')}", None, native.get("etag"))
        except Stale:
            if (await self._again(calendar, own)).data is None:
                return gone
            raise
        return gone

    async def _current(self, write: Write, ref: Ref, calendar: str, own: str) -> tuple[Json, Event]:
        """What is written on: as it was read, but for a series, whose exceptions change without it."""
        native: Json = msgspec.json.decode(write.native) if write.native else {}
        if native and not native.get("recurrence"):
            return native, event_of(native)
        now = await self._again(calendar, own)
        if now.data is None or (ref.version and now.ref.version != ref.version):
            raise Stale("The event was changed or deleted since it was read.")
        native = msgspec.json.decode(now.native)
        assert isinstance(now.data, Event)
        return {name: value for name, value in native.items() if name != "exceptions"}, now.data

    async def _settled(self, calendar: str, own: str, data: Event) -> Change:
        """The series as it is, once each occurrence is as it is to be."""
        now = await self._again(calendar, own)
        wanted = told_overrides(data.recurrence_overrides)
        held: Json = now.data.recurrence_overrides if isinstance(now.data, Event) else wanted
        keys = [key for key in sorted({*wanted, *held}) if wanted.get(key) != held.get(key)]
        for key in keys:
            await self._occurrence(f"{events_path(calendar)}/{quote(own, safe='')}", data, key, wanted.get(key))
        return await self._again(calendar, own) if keys else now

    async def _occurrence(self, series: str, data: Event, key: str, patch: Json | None) -> None:
        query = {"originalStart": original_start(data, key), "showDeleted": "true"}
        page: Any = (await self._http.send(Request("GET", f"{series}/instances", params=query, errors=_GONE))).json()
        native: Json | None = next(iter(page.get("items") or []), None)
        if native is None:
            if patch and is_override(patch):
                raise RecordRefused(f"The series has no occurrence at {key}, so none can be changed there.")
            return
        path = f"{series.rpartition('/')[0]}/{quote(str(native['id']), safe='')}"
        is_cancelled = native.get("status") == "cancelled"
        if patch and patch.get(EXCLUDED):
            if not is_cancelled:
                await self._send("DELETE", path, None, native.get("etag"))
            return
        wanted = occurrence_of(data, key, patch or {})
        assert isinstance(wanted, Event)
        before = None if is_cancelled else event_of(native)
        body = members_of(wanted, {} if is_cancelled else native, OF_AN_OCCURRENCE, self._lines, before)
        body |= {"status": wanted.status} if is_cancelled else {}
        if body:
            await self._send("PATCH", path, body, native.get("etag"))

    async def _send(
        self, method: str, path: str, body: Json | None, etag: str | None = None, expected: tuple[int, ...] = ()
    ) -> None:
        headers = {"If-Match": etag} if etag else {}
        request = Request(
            method=method,
            url=path,
            params=_QUIET,
            headers={**headers, **({} if body is None else {"Content-Type": "application/json"})},
            body=None if body is None else msgspec.json.encode(body),
            repeatable=True,
            expected=(*expected, 403),
            errors=_GONE,
        )
        response = await self._http.send(request)
        if response.status == 403:
            raise _forbidden(response)

    async def _again(self, calendar: str, own: str) -> Change:
        found = await self._reader.confirm(STREAM, Ref(f"{calendar}/{own}"), calendar)
        if not isinstance(found, Change):
            raise RecordRefused(f"What Google made of it cannot be read: {found.reason if found else own}")
        return found


def _calendar(write: Write) -> str:
    assert write.collection is not None  # each calendar is read by itself
    return write.collection


def _event(write: Write) -> Event:
    assert isinstance(write.data, Event)  # the stream has no other kind
    return write.data


def _recurrence(wanted: Event, before: Event, native: Json) -> Json:
    """Dates stay left out in the way they were, by the rule or each by itself, unless the series moves under them."""
    told: list[str] = native.get("recurrence") or []
    into: Json = {}
    read_recurrence(lines_of(told), start_moment(native), Zones(), into)
    there = [key for key, patch in into.get("recurrence_overrides", {}).items() if patch.get(EXCLUDED)]
    moves = any(getattr(wanted, name) != getattr(before, name) for name in (TIMES - {"duration"}) | _RULES)
    lines = recurrence_of(wanted, wanted.recurrence_overrides.keys() if moves else there)
    as_told = recurrence_of(replace(before, recurrence_overrides=into.get("recurrence_overrides", {})), there)
    return {"recurrence": lines} if moves or lines != as_told else {}


def _told(projection: Projection, name: str, value: Value) -> Value:
    try:
        value = projection(name, value)
        match name:
            case "alerts":
                return told_alerts(value)
            case "duration":
                return duration_of(seconds_of(value))
            case "recurrence_overrides":
                return told_overrides(value)
            case _ if name == WHEN and "recurrence_overrides" in value:
                return {**value, "recurrence_overrides": told_overrides(value["recurrence_overrides"])}
            case _:
                return value
    except (EntrepotError, LensError, msgspec.ValidationError, ValueError, TypeError, AttributeError, KeyError):
        return value  # it will be refused when it is written, with its reason


def _forbidden(response: Response) -> EntrepotError:
    """Google says 403 to too many requests, where a right is missing, and where the event is another's."""
    if is_limited(response):
        return TryLater("Google Calendar asks for fewer requests.")
    if any(sign in response.body for sign in _NO_RIGHT):
        return NeedsConsent("Google Calendar was not allowed to be changed. Connect the account again, to write too.")
    return RecordRefused("Google does not let you change this event; it may be another person's.")
