"""Completes an event of Outlook: a series gets its exceptions, and everything the names and clocks of JSCalendar.

The way back: what is sent of an event, and what is done for the occurrences of a series. Nothing that is sent makes
Outlook write to guests.
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Planned
from entrepot.sdk.writer import Write
from entrepot.transport.client import Client

from .facts import Json
from .occurrences import Series, base_of, check_silent
from .sending import members
from .series import NONE, Exceptions, ask_exceptions, made_of, told_exceptions
from .shapes import Event
from .when import REPEATS, recurrence

MADE = "entrepot"
Words = Mapping[str, object]


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
    """Nothing is sent that makes Outlook write to guests.

    After a series its occurrences are written: what Outlook lost of them with the old rule, and what differs.
    """
    before: Json = msgspec.json.decode(write.native) if write.native else {}
    check_silent(before, "deleted" if write.verb == "delete" else "changed")
    change = await send()
    data = change.data
    if not isinstance(write.data, Planned) or not isinstance(data, Planned) or not data.recurrence_rules:
        return change
    moved = write.verb == "create" or write.fields & _MOVING
    if not moved and "recurrence_overrides" not in write.fields:
        return change
    series = Series(http, str(words["collection"]), msgspec.json.decode(change.native))
    try:
        sent = await series.bring_to(write.data.recurrence_overrides, None if moved else base_of(before))
    except RecordRefused:
        if write.verb == "create":
            await series.remove()  # or it would be found as somebody else's new event
        raise
    return None if sent else change


_MOVING = frozenset({"recurrence_rules", "start", "duration", "time_zone", "end_time_zone", "show_without_time"})
"""With any of them, Outlook forgets the occurrences that were not as the others."""
