"""A task of Microsoft To Do under the names of JSCalendar."""

from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graph_importance import priority_of
from entrepot.protocols.graph_recurrence import Recurrence, rule_of
from entrepot.protocols.graph_time import GraphTime, day_of, instant_of, is_midnight, local_in, zone_of
from entrepot.protocols.ical_zone import UNIVERSAL
from entrepot.sdk.manifest_fields import to_markdown

Json = dict[str, Any]


class Body(msgspec.Struct, rename="camel"):
    content: str | None = None
    content_type: str | None = None


class Linked(msgspec.Struct, rename="camel"):
    web_url: str | None = None


class Task(msgspec.Struct, rename="camel"):
    """What of a task is looked at in Python."""

    body: Body | None = None
    importance: str | None = None
    completed_date_time: GraphTime | None = None
    start_date_time: GraphTime | None = None
    due_date_time: GraphTime | None = None
    is_reminder_on: bool = False
    reminder_date_time: GraphTime | None = None
    recurrence: Recurrence | None = None
    linked_resources: list[Linked] = []


def facts_of(record: Json) -> Json:
    """What is not said is left out. RecordRefused where a time or the recurrence is none."""
    try:
        task = msgspec.convert(record, Task)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"It is not of the form Microsoft documents: {why}") from why
    found: Json = {
        **_times(task),
        "description": _text(task.body),
        "priority": priority_of(task.importance),
        "completed": instant_of(task.completed_date_time).isoformat() if task.completed_date_time else None,
        "alerts": _alerts(task),
        "links": [one.web_url for one in task.linked_resources if one.web_url],
    }
    return {name: value for name, value in found.items() if value}


def _times(task: Task) -> Json:
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


def _alerts(task: Task) -> list[Json]:
    if not task.is_reminder_on or task.reminder_date_time is None:
        return []
    return [{"at": instant_of(task.reminder_date_time).isoformat(), "action": "display"}]


def _text(body: Body | None) -> str | None:
    """Exchange ends the lines of a text in its own way."""
    if body is None or not body.content:
        return None
    return to_markdown(body.content).strip() if body.content_type == "html" else body.content.replace("\r\n", "\n")
