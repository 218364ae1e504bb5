"""Completes an event of Outlook: a series gets its exceptions, and everything the names and clocks of JSCalendar."""

from collections.abc import Mapping

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graph_recurrence import rule_of
from entrepot.transport.client import Client

from .facts import Json, facts_of, zone_in
from .series import Exceptions, ask_exceptions, original_start, overrides_of
from .shapes import Event

_NONE = Exceptions([], [])
_PARTS_OF_A_SERIES = frozenset({"occurrence", "exception"})


async def complete(record: Json, http: Client, words: Mapping[str, object]) -> Json:
    """Adds what was made under `entrepot`, and to a series the exceptions as the service tells them."""
    try:
        event = msgspec.convert(record, Event)
        exceptions = await _exceptions(record, event, http, str(words["collection"]))
        made = _made(event, exceptions)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"It is not of the form Microsoft documents: {why}") from why
    told: Json = {
        "cancelledOccurrences": list(exceptions.cancelled),
        "exceptionOccurrences": list(exceptions.changed),
    }
    return {**record, **{name: value for name, value in told.items() if value}, "entrepot": made}


async def _exceptions(record: Json, event: Event, http: Client, calendar: str) -> Exceptions:
    if event.type != "seriesMaster":
        return _NONE
    return await ask_exceptions(http, calendar, str(record.get("id")))


def _made(event: Event, exceptions: Exceptions) -> Json:
    zone, days = zone_in(event), bool(event.is_all_day)
    made = facts_of(event, zone)
    if event.recurrence:
        made["recurrenceRules"] = [rule_of(event.recurrence, days=days)]
        made["recurrenceOverrides"] = overrides_of(event, exceptions)
    elif event.type in _PARTS_OF_A_SERIES and event.original_start:
        # Whoever was invited to one occurrence alone has it without its series.
        made["recurrenceId"] = original_start(event, zone, made["start"], days=days)
    return made
