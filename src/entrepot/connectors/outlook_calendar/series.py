"""The occurrences of a series that are not as its rule says: moved, changed or cancelled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_time import as_instant
from entrepot.protocols.graph_recurrence import rule_of
from entrepot.protocols.graph_time import local_in
from entrepot.protocols.ical_recurrence import EXCLUDED
from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .facts import Json, facts_of, zone_in
from .shapes import Event

_ASKED = {"$select": "id,cancelledOccurrences,exceptionOccurrences", "$expand": "exceptionOccurrences"}
_MISSING = {404: "RecordRefused"}
_NEXT = "exceptionOccurrences@odata.nextLink"
_MOST_PAGES = 100


class Exceptions(msgspec.Struct, frozen=True):
    """As the service tells them: the ids of cancelled occurrences, and whole events for those that were changed."""

    cancelled: Sequence[str]
    changed: Sequence[Json]


NONE = Exceptions([], [])
_PARTS_OF_A_SERIES = frozenset({"occurrence", "exception"})


def told_exceptions(native: Json) -> Exceptions:
    """Those that a series was completed with."""
    return Exceptions(native.get("cancelledOccurrences") or [], native.get("exceptionOccurrences") or [])


def made_of(event: Event, exceptions: Exceptions) -> Json:
    """An event under the names of JSCalendar, with how it repeats."""
    zone, days = zone_in(event), bool(event.is_all_day)
    made = facts_of(event, zone)
    if event.recurrence:
        made["recurrenceRules"] = [rule_of(event.recurrence, days=days)]
        made["recurrenceOverrides"] = overrides_of(event, exceptions)
    elif event.type in _PARTS_OF_A_SERIES and event.original_start:
        # Whoever was invited to one occurrence alone has it without its series.
        made["recurrenceId"] = original_start(event, zone, made["start"], days=days)
    return made


async def ask_exceptions(http: Client, calendar: str, event: str) -> Exceptions:
    """A list of events shows series without them; only who asks for one by its id is told."""
    path = f"/me/calendars/{quote(calendar, safe='')}/events/{quote(event, safe='')}"
    found = await _json(http, Request("GET", path, params=_ASKED, errors=_MISSING))
    changed: list[Json] = list(found.get("exceptionOccurrences") or [])
    following, asked = found.get(_NEXT), 0
    while following:
        if asked == _MOST_PAGES:
            raise RecordRefused("It recurs, and has more changed occurrences than can be read.")
        page = await _json(http, Request("GET", following, errors=_MISSING))
        changed += page.get("value") or []
        following, asked = page.get("@odata.nextLink"), asked + 1
    return Exceptions(found.get("cancelledOccurrences") or [], changed)


def overrides_of(master: Event, exceptions: Exceptions) -> Json:
    """By the time at which the occurrence would have been: what differs from the series there (RFC 8984, 4.3.5)."""
    zone, days = zone_in(master), bool(master.is_all_day)
    usual = facts_of(master, zone)
    found: Json = {f"{_day_in(one)}{usual['start'][10:]}": {EXCLUDED: True} for one in exceptions.cancelled}
    for native in exceptions.changed:
        occurrence = msgspec.convert(native, Event)
        at = original_start(occurrence, zone, usual["start"], days=days)
        found[at] = _differences(facts_of(occurrence, zone), {**usual, "start": at})
    # An occurrence that was changed and changed back differs in nothing.
    return {at: own for at, own in sorted(found.items()) if own}


def original_start(event: Event, zone: str, usual: str, *, days: bool) -> str:
    """When it would have been, on the clock of its series. `usual` is when the series begins."""
    if not event.original_start:
        return f"{_day_in(event.occurrence_id or '')}{usual[10:]}"
    try:
        at: datetime = as_instant(event.original_start)
    except LensError as why:
        raise RecordRefused(f"originalStart: {why}") from why
    if days and at.hour == at.minute == 0:
        return f"{at.date().isoformat()}T00:00:00"
    local = local_in(at, zone)
    return f"{local[:10]}T00:00:00" if days else local


def _differences(own: Json, usual: Json) -> Json:
    """A patch: what is null is as if the series had never said it."""
    names = sorted({*own, *usual})
    return {name: own.get(name) for name in names if own.get(name) != usual.get(name)}


def _day_in(occurrence: str) -> str:
    day = occurrence.rpartition(".")[2]
    try:
        return datetime.strptime(day, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 -- a day, which has no zone
    except ValueError as why:
        raise RecordRefused(f"{occurrence[-40:]!r} does not say which occurrence it is.") from why


async def _json(http: Client, request: Request) -> Json:
    response = await http.send(request)
    found: dict[str, Any] = response.json(dict[str, Any])
    return found
