"""What is sent so that a task says what it is to say: the way back of `facts`, member by member.

A member is sent only where the task does not say already as much as To Do can keep: days, and one reminder.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_duration import seconds_of
from entrepot.core.planner import Alert, RecurrenceRule
from entrepot.protocols.graph_importance import importance_of, kept_priority
from entrepot.protocols.graph_pattern import kept_rule, only_rule, recurrence_of
from entrepot.protocols.graph_time import instant_in, written_time
from entrepot.protocols.ical_zone import UNIVERSAL

from .facts import Json, facts_of

MADE = "entrepot"
WHEN = frozenset({"start", "due", "timeZone", "showWithoutTime", "recurrenceRules"})
_APPLICATION = "Entrepôt"


def members(wanted: Json, native: Json, *, title: str) -> Json:
    """The members of To Do's task that make it say what is wanted. RecordRefused where none do."""
    held = facts_of(native) if native else {}
    found: Json = {}
    for names, keep, write in _WRITES:
        there = _of(names, held)
        if there not in (_of(names, wanted), keep(wanted)):
            found |= write(wanted, native)
    if not native and wanted.get("links"):
        found["linkedResources"] = [_linked(link, title) for link in wanted["links"]]
    return found


def _of(names: Collection[str], facts: Json) -> Json:
    return {name: facts[name] for name in names if facts.get(name)}


def projected(field: str, value: Any) -> Any:
    """What To Do tells again; the value itself where it refuses it."""
    try:
        match field:
            case "priority":
                return kept_priority(value)
            case "alerts":
                return _projected_alerts(value)
            case "start" | "due":
                return value and _day(value)
            case "when":
                return _projected_when(value)
            case _:
                return value
    except RecordRefused:
        return value


def _projected_alerts(alerts: list[Alert]) -> list[Alert]:
    """What is meant by an offset only the task as a whole tells."""
    if any(each.at is None for each in alerts):
        return alerts
    return [Alert(at=each.at.replace(microsecond=0)) for each in alerts[:1] if each.at]


def _projected_when(value: Json) -> Json:
    said: Json = {
        "start": value.get("start"),
        "due": value.get("due"),
        "recurrenceRules": msgspec.to_builtins(value.get("recurrence_rules") or []),
    }
    kept = _keep_when({name: each for name, each in said.items() if each})
    told = {
        "start": kept.get("start"),
        "due": kept.get("due"),
        "time_zone": None,
        "show_without_time": bool(kept.get("showWithoutTime")),
        "recurrence_rules": msgspec.convert(kept.get("recurrenceRules", []), list[RecurrenceRule]),
    }
    nothing = {
        "recurrence_overrides": {},
        "excluded_recurrence_rules": [],
        "end_time_zone": None,
        "recurrence_id": None,
    }
    return {name: {**told, **nothing}.get(name, each) for name, each in value.items()}


def _keep_when(said: Json) -> Json:
    """Days, on no clock. What recurs must be due; where it only starts, it is due on that day."""
    found: Json = {name: _day(said[name]) for name in ("start", "due") if said.get(name)}
    rule = only_rule(said.get("recurrenceRules") or [])
    if rule is not None:
        found["due"] = _first(found)
        found["recurrenceRules"] = [kept_rule(rule, found["due"], days=True)]
    return {**found, "showWithoutTime": True} if found else {}


def _day(local: str) -> str:
    return f"{local[:10]}T00:00:00"


def _first(said: Json) -> str:
    if not (said.get("due") or said.get("start")):
        raise RecordRefused("It recurs, and says neither when it starts nor when it is due; To Do must know.")
    return said.get("due") or said["start"]


def _when(said: Json, native: Json) -> Json:
    kept, held = _keep_when(said), facts_of(native) if native else {}
    found: Json = {
        f"{name}DateTime": written_time(kept[name]) if kept.get(name) else None
        for name in ("start", "due")
        if kept.get(name) != held.get(name)
    }
    rule = only_rule(said.get("recurrenceRules") or [])
    if rule is not None and ("dueDateTime" in found or kept["recurrenceRules"] != held.get("recurrenceRules")):
        found["recurrence"] = recurrence_of(rule, kept["due"], zone=None)
    elif rule is None and held.get("recurrenceRules"):
        found["recurrence"] = None
    return found


def _reminder(said: Json, native: Json) -> Json:
    """A task without one is told so by its time, for To Do takes no heed of `isReminderOn` alone."""
    alerts = _keep_alerts(said).get("alerts")
    if not alerts:
        return {"isReminderOn": False, "reminderDateTime": None} if native.get("reminderDateTime") else {}
    at = datetime.fromisoformat(alerts[0]["at"]).astimezone(UTC).replace(tzinfo=None)
    return {"isReminderOn": True, "reminderDateTime": written_time(at.isoformat(timespec="seconds"))}


def _keep_alerts(said: Json) -> Json:
    at = next((at for each in said.get("alerts") or [] if (at := _moment(each, said))), None)
    return {"alerts": [{"at": at.isoformat(timespec="seconds"), "action": "display"}]} if at else {}


def _moment(alert: Json, said: Json) -> datetime | None:
    """An alert before the start or the due time becomes the moment it stands for."""
    if alert.get("at"):
        return datetime.fromisoformat(alert["at"]).astimezone(UTC)
    from_end = alert.get("relativeTo") == "end"
    local = said.get("due" if from_end else "start") or said.get("start" if from_end else "due")
    offset: str = alert.get("offset") or ""
    if not offset or not local or said.get("showWithoutTime"):
        return None
    try:
        seconds = float(seconds_of(offset.lstrip("+-")))
    except LensError:
        return None
    apart = timedelta(seconds=-seconds if offset.startswith("-") else seconds)
    return instant_in(local, said.get("timeZone") or UNIVERSAL) + apart


def _body(said: Json, native: Json) -> Json:
    """A text stays a text; what was HTML stays that, with the words as they are."""
    text: str = said.get("description") or ""
    if (native.get("body") or {}).get("contentType") == "html":
        return {"body": {"contentType": "html", "content": escape(text, quote=False).replace("\n", "<br>")}}
    return {"body": {"contentType": "text", "content": text}}


def _linked(link: str, title: str) -> Json:
    return {"webUrl": link, "applicationName": _APPLICATION, "displayName": title or link}


_Keep = Callable[[Json], Json]
_WRITES: tuple[tuple[frozenset[str], _Keep, Callable[[Json, Json], Json]], ...] = (
    (WHEN, _keep_when, _when),
    (frozenset({"alerts"}), _keep_alerts, _reminder),
    (frozenset({"description"}), lambda said: _of({"description"}, said), _body),
    (
        frozenset({"priority"}),
        lambda said: {"priority": kept} if (kept := kept_priority(said.get("priority"))) else {},
        lambda said, _: {"importance": importance_of(said.get("priority"))},
    ),
)
