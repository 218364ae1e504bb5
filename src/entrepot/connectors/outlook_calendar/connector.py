"""Completes an event of Outlook: a series gets its exceptions, and everything the names and clocks of JSCalendar.

The way back: what is sent of an event, and what is done for the occurrences of a series. Nothing that is sent makes
Outlook write to guests.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused
from entrepot.sdk.writer import Write
from entrepot.transport.client import Client

from .facts import Json
from .occurrences import Series
from .projecting import projected
from .sending import members
from .series import NONE, Exceptions, ask_exceptions, made_of, told_exceptions
from .shapes import Event
from .when import REPEATS, recurrence

MADE = "entrepot"
Words = Mapping[str, object]

project = projected


async def complete(record: Json, http: Client, words: Words) -> Json:
    """Adds what was made under `entrepot`, and to a series the exceptions as the service tells them."""
    try:
        event = msgspec.convert(record, Event)
        exceptions = await _exceptions(record, event, http, str(words["collection"]))
        made = made_of(event, exceptions)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"It is not of the form Microsoft documents: {why}") from why
    told: Json = {
        "cancelledOccurrences": list(exceptions.cancelled),
        "exceptionOccurrences": list(exceptions.changed),
    }
    made["etag"] = record.get("@odata.etag")
    return {**record, **{name: value for name, value in told.items() if value}, MADE: made}


async def _exceptions(record: Json, event: Event, http: Client, calendar: str) -> Exceptions:
    if event.type != "seriesMaster":
        return NONE
    return await ask_exceptions(http, calendar, str(record.get("id")))


def prepare(record: Json, native: Json, data: Json) -> Json:
    """`record` with what lenses wrote under `entrepot` put where Outlook has it.

    What stands there is what differs; of the fields that mean something only together, `data` has the rest.
    """
    written: Json = record.get(MADE) or {}
    held = made_of(msgspec.convert(native, Event), told_exceptions(native)) if native else {}
    wanted = {**held, **written}
    if REPEATS & written.keys():
        wanted |= {name: data.get(name) for name in REPEATS}
    rest = {name: value for name, value in record.items() if name != MADE}
    default = {} if native else {"isReminderOn": False}
    return {**default, **rest, **members(wanted, held, native), **recurrence(wanted, held, native)}


async def around(write: Write, http: Client, words: Words, send: Callable[[], Awaitable[Change]]) -> Change | None:
    """No event with guests is touched by its organiser: Outlook would send them mail, and cannot be told not to.

    After a series was written, its occurrences are: what Outlook lost of them with the old rule, and what is new.
    """
    _check_silent(write)
    change = await send()
    overrides: dict[str, Json] = getattr(write.data, "recurrence_overrides", {})
    if change.data is None or not write.fields & _OF_SERIES or not getattr(change.data, "recurrence_rules", []):
        return change
    native: Json = msgspec.json.decode(change.native)
    sent = await Series(http, str(words["collection"]), native).bring_to(overrides)
    return None if sent else change


_OF_SERIES = frozenset(
    {"recurrence_overrides", "recurrence_rules", "start", "duration", "time_zone", "end_time_zone", "show_without_time"}
)


def _check_silent(write: Write) -> None:
    native: dict[str, Any] = msgspec.json.decode(write.native) if write.native else {}
    if native.get("attendees") and native.get("isOrganizer") is not False:
        done = "deleted" if write.verb == "delete" else "changed"
        raise RecordRefused(f"It has guests, to whom Outlook would send mail if it were {done}; do it in Outlook.")
