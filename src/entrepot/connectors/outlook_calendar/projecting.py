"""What Outlook tells again of a value it is sent, as far as the value alone says so."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.planner import Alert, Location, RecurrenceRule
from entrepot.protocols.graph_importance import kept_priority
from entrepot.protocols.graph_pattern import kept_rule, only_rule

from .facts import Json
from .occurrences import kept_override
from .sending import KEEPS, keep_text, kept


def projected(field: str, value: Any) -> Any:
    """The value itself where Outlook refuses it."""
    project = _PROJECTIONS.get(field)
    try:
        return project(value) if project else value
    except (RecordRefused, LensError):
        return value


def _when(value: Json) -> Json:
    if not value.get("start"):
        return value
    days = bool(value.get("show_without_time"))
    said = {
        "start": value["start"],
        "timeZone": value.get("time_zone"),
        "endTimeZone": value.get("end_time_zone"),
        "showWithoutTime": days,
    }
    told = kept(said)
    rule = only_rule(msgspec.to_builtins(value.get("recurrence_rules") or []))
    rules = [] if rule is None else [kept_rule(rule, told["start"], days=days)]
    overrides: dict[str, Json] = (value.get("recurrence_overrides") or {}) if rule else {}
    found: Json = {
        "start": told["start"],
        "time_zone": told.get("timeZone"),
        "end_time_zone": told.get("endTimeZone"),
        "due": None,
        "recurrence_rules": msgspec.convert(rules, list[RecurrenceRule]),
        "recurrence_overrides": {at: kept_override(override) for at, override in sorted(overrides.items())},
    }
    return {name: found.get(name, each) for name, each in value.items()}


def _members(name: str, form: Any) -> Callable[[Any], Any]:
    return lambda value: msgspec.convert(KEEPS[name](msgspec.to_builtins(value)), form)


_PROJECTIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "priority": kept_priority,
        "privacy": lambda value: None if value == "public" else value,
        "description": keep_text,
        "duration": KEEPS["duration"],
        "alerts": _members("alerts", list[Alert]),
        "locations": _members("locations", list[Location]),
        "when": _when,
    }
)
