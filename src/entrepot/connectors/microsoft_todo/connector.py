"""Completes a task of Microsoft To Do: asks for what a change left out, then reads times, recurrence and text."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graph_recurrence import Recurrence, rule_of
from entrepot.protocols.graph_time import GraphTime, day_of, instant_of, is_midnight, local_in, zone_of
from entrepot.protocols.ical_zone import UNIVERSAL
from entrepot.sdk.manifest_fields import to_markdown
from entrepot.transport.client import Client
from entrepot.transport.message import Request

Json = dict[str, Any]

_EXPANDED = "checklistItems,linkedResources"
_WHOLE = frozenset({"title", "status", "importance", "createdDateTime", "checklistItems", "linkedResources"})
"""Every whole task has these. A change may come with what changed alone."""
_MISSING = 404


class _Body(msgspec.Struct, rename="camel"):
    content: str | None = None
    content_type: str | None = None


class _Linked(msgspec.Struct, rename="camel"):
    web_url: str | None = None


class _Task(msgspec.Struct, rename="camel"):
    body: _Body | None = None
    completed_date_time: GraphTime | None = None
    start_date_time: GraphTime | None = None
    due_date_time: GraphTime | None = None
    is_reminder_on: bool = False
    reminder_date_time: GraphTime | None = None
    recurrence: Recurrence | None = None
    linked_resources: list[_Linked] = []


async def complete(record: Json, http: Client, words: Mapping[str, object]) -> Json:
    """Adds what was made under `entrepot`. RecordRefused where a time or the recurrence is none."""
    if "@removed" in record:
        return record
    if not record.keys() >= _WHOLE:
        record = await _whole(record, http, str(words["collection"]))
        if "@removed" in record:
            return record
    try:
        task = msgspec.convert(record, _Task)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"It is not of the form Microsoft documents: {why}") from why
    made: Json = {
        **_times(task),
        "description": _text(task.body),
        "completed": instant_of(task.completed_date_time).isoformat() if task.completed_date_time else None,
        "alerts": _alerts(task),
        "links": [one.web_url for one in task.linked_resources if one.web_url],
    }
    return {**record, "entrepot": {name: value for name, value in made.items() if value}}


async def _whole(record: Json, http: Client, within: str) -> Json:
    """The task as it is now; where it went away in the meantime, a tombstone like those of the feed."""
    path = f"/me/todo/lists/{quote(within, safe='')}/tasks/{quote(str(record.get('id')), safe='')}"
    response = await http.send(Request("GET", path, params={"$expand": _EXPANDED}, expected=(_MISSING,)))
    if response.status == _MISSING:
        return {"id": record.get("id"), "@removed": {"reason": "deleted"}}
    found: Json = response.json(dict[str, Any])
    return {**found, "id": record.get("id")}


def _times(task: _Task) -> Json:
    """A due date has no time of day where it is midnight, which is how To Do writes days."""
    start, due = task.start_date_time, task.due_date_time
    told = [at for at in (start, due) if at]
    days = bool(told) and all(map(is_midnight, told))
    zone = None if days or not told else zone_of(told[-1].time_zone) or UNIVERSAL
    return {
        "start": _local(start, zone),
        "due": _local(due, zone),
        "timeZone": zone,
        "showWithoutTime": days,
        "recurrenceRules": [rule_of(task.recurrence, days=days)] if task.recurrence else [],
    }


def _local(at: GraphTime | None, zone: str | None) -> str | None:
    if at is None:
        return None
    return day_of(at) if zone is None else local_in(instant_of(at), zone)


def _alerts(task: _Task) -> list[Json]:
    if not task.is_reminder_on or task.reminder_date_time is None:
        return []
    return [{"at": instant_of(task.reminder_date_time).isoformat(), "action": "display"}]


def _text(body: _Body | None) -> str | None:
    if body is None or not body.content:
        return None
    return to_markdown(body.content).strip() if body.content_type == "html" else body.content
