"""What ClickUp has otherwise when it is written: a status by its name in the list, milliseconds, tags one by one."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_duration import seconds_of
from entrepot.core.lens_time import zone_named
from entrepot.sdk.writer import Write
from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .dates import DAY_BEGINS, zone_of

Json = dict[str, Any]

_JSON = {"Content-Type": "application/json"}  # asked for although there is no body

_NO_TAGS = frozenset({"", ".", ".."})
"""In an address they would be the task itself, and to take one away would be to delete it."""

_TYPES = {"open": ("open", "unstarted"), "custom": ("custom", "open", "unstarted"), "closed": ("closed", "done")}
"""A list has one status that is open and one that is closed; those in between are its own, and there may be none."""


async def prepare(record: Json, native: Json, _data: Json, http: Client, words: Mapping[str, Any]) -> Json:
    """Dates and the estimate as milliseconds, the status by name, priority as a number, tags of a new task by name."""
    made = record.pop("entrepot", {})
    for name in {"start", "due"} & made.keys():
        record |= _date(name, made[name], made.get("zone"), words)
    if "estimate" in made:
        record["time_estimate"] = None if made["estimate"] is None else int(seconds_of(made["estimate"]) * 1000)
    if "priority" in record:
        number = int((record["priority"] or {}).get("id") or 0)
        record["priority"] = number or None
    tags = record.pop("tags", None)
    if tags and not native:
        record["tags"] = [tag["name"] for tag in tags]
    if record.get("markdown_content") == "" and native:
        record["markdown_content"] = " "  # what is empty is no change
    if "status" in record:
        within = str((native.get("list") or {}).get("id") or words.get("list") or "")
        record["status"] = await _status(http, within, record["status"]["type"])
    return record


async def around(
    write: Write, http: Client, words: Mapping[str, Any], send: Callable[[], Awaitable[Change]]
) -> Change | None:
    """Tags of a task that is there are added and taken away by requests of their own."""
    if write.verb != "update" or "keywords" not in write.fields or write.data is None:
        return await send()
    wanted = dict.fromkeys(getattr(write.data, "keywords", ()))
    if odd := _NO_TAGS & wanted.keys():
        raise RecordRefused(f"ClickUp can have no tag {min(odd)!r}.")
    change = await send()
    held = [tag["name"] for tag in msgspec.json.decode(change.native).get("tags", ())]
    calls = [
        *(("POST", tag) for tag in wanted if tag not in held),
        *(("DELETE", tag) for tag in held if tag not in wanted and tag not in _NO_TAGS),
    ]
    for method, tag in calls:
        await http.send(Request(method, f"/task/{words['id']}/tag/{quote(tag, safe='')}", headers=_JSON))
    return None if calls else change


def _date(name: str, part: Json, zone: str | None, words: Mapping[str, Any]) -> Json:
    """`date`: a day, which is four in the morning; `time`: a moment, in the person's zone where it has none."""
    own = zone_of(words.get("time_zone")) or UTC
    day, moment = part.get("date"), part.get("time")
    if day is None and moment is None:
        return {f"{name}_date": None}
    try:
        if moment is None:
            at = datetime.combine(date.fromisoformat(str(day)), DAY_BEGINS, own)
        else:
            at = datetime.fromisoformat(moment)
            at = at if at.tzinfo else at.replace(tzinfo=zone_named(zone) if zone else own)
    except (ValueError, LensError) as why:
        raise RecordRefused(f"The {name} date cannot be written: {why}.") from why
    return {f"{name}_date": int(at.timestamp() * 1000), f"{name}_date_time": moment is not None}


async def _status(http: Client, within: str, kind: str) -> str:
    found = await http.json("GET", f"/list/{quote(within, safe='')}")
    by_type: dict[str, str] = {}
    for status in sorted(found.get("statuses") or (), key=lambda one: one.get("orderindex", 0)):
        by_type.setdefault(str(status.get("type")), str(status["status"]))
    for each in _TYPES[kind]:
        if each in by_type:
            return by_type[each]
    raise RecordRefused(f"The list has no status of the type {kind}.")
