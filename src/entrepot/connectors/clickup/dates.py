"""ClickUp's dates: milliseconds since 1970, where a day without a time is four in the morning of whoever set it.

https://developer.clickup.com/docs/general-time
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from entrepot.core.errors import PersonMustFix, RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_duration import duration_of
from entrepot.core.lens_number import as_integer
from entrepot.core.lens_time import EPOCH, zone_named
from entrepot.transport.client import Client

Json = dict[str, Any]

DAY_BEGINS = time(hour=4)


async def complete(record: Json, _http: Client, words: Mapping[str, Any]) -> Json:
    """Adds, under `entrepot`, start and due as a `date` or a `time`, the estimate as a duration, and the text."""
    zone = zone_of(words.get("time_zone"))
    try:
        ends = {name: _moment(record.get(f"{name}_date")) for name in ("start", "due")}
        estimate = record.get("time_estimate")
        made: Json = {"estimate": None if estimate is None else duration_of(as_integer(estimate) / 1000)}
        made["text"] = record.get("markdown_description") or record.get("description")
    except (LensError, OverflowError) as why:
        raise RecordRefused(f"A date or an estimate cannot be read: {why}.") from why
    given = {name: at for name, at in ends.items() if at is not None}
    # A task has one word for both: where one has a time, the other is four in the morning.
    if given and all(_is_day(record.get(f"{name}_date_time"), at, zone) for name, at in given.items()):
        return {**record, "entrepot": {**made, **{name: {"date": _day(at, zone)} for name, at in given.items()}}}
    times = {name: {"time": at.isoformat()} for name, at in given.items()}
    return {**record, "entrepot": {**made, **times, "zone": zone.key if zone else None}}


def zone_of(name: object) -> ZoneInfo | None:
    try:
        return zone_named(name) if name else None
    except LensError as why:
        raise PersonMustFix(f"The setting time_zone: {why}. Write it as Europe/Berlin.") from why


def _moment(milliseconds: object) -> datetime | None:
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=as_integer(milliseconds))


def _is_day(has_time: object, at: datetime, zone: ZoneInfo | None) -> bool:
    """By what the service says, or, where it says nothing, by the time of day."""
    if isinstance(has_time, bool):
        return not has_time
    return zone is not None and at.astimezone(zone).time() == DAY_BEGINS


def _day(at: datetime, zone: ZoneInfo | None) -> str:
    """Whose four in the morning it is; where it is nobody's we know, the one nearest to four in the morning UTC."""
    local = at.astimezone(zone) if zone else at
    if local.time() != DAY_BEGINS:
        local = at + timedelta(hours=12 - DAY_BEGINS.hour)
    return local.date().isoformat()
