"""What a calendar would tell again had it been sent a value: the same, but for what iCalendar has no room for."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.fields import Value
from entrepot.core.merge_choice import WHEN
from entrepot.core.merge_recurrence import OVERRIDES
from entrepot.core.planner import Event, Task
from entrepot.protocols.content_line import by_name, taken_apart
from entrepot.protocols.ical import ZONES, read, write
from entrepot.protocols.ical_field import Attributes, Field
from entrepot.protocols.ical_fields import EVENT_FIELDS, TASK_FIELDS
from entrepot.protocols.ical_recurrence import EXCLUDED, RANGE
from entrepot.protocols.ical_zone import Zones

_DATE = "2026-01-01T00:00:00"
_STAMPED = frozenset({"updated", "sequence"})
_ELSEWHERE = frozenset({"project", "section", "parent", "assignees"})


def holdable(kind: type[Event | Task]) -> frozenset[str]:
    """The fields iCalendar has room for. What a service stamps by itself is not among them."""
    return frozenset(kind.__struct_fields__) - _STAMPED - _ELSEWHERE


def projector(kind: type[Event | Task]) -> Callable[[str, Value], Value]:
    """`project` of `sdk.writer.Writing`; it knows the unit `when` of `core.merge_choice` as well."""
    fields = {field.attribute: field for field in (TASK_FIELDS if kind is Task else EVENT_FIELDS) if field.attribute}
    blank = kind(start=_DATE)
    defaults = {name: getattr(kind(), name) for name in kind.__struct_fields__}

    def project(name: str, value: Value) -> Value:
        try:
            if name in fields:
                return _alone(fields[name], blank, value, defaults[name])
            if name == OVERRIDES:
                return {key: _patch(kind, patch, project) for key, patch in value.items()}
            if name == WHEN:
                told = _together(kind, {**value, OVERRIDES: {}})
                told[OVERRIDES] = project(OVERRIDES, value.get(OVERRIDES, {}))
                return {each: told[each] for each in value}
            return _others[name](kind, value) if name in _others else value
        except (RecordRefused, ValueError, TypeError, AttributeError, KeyError):
            return value  # it will be refused when it is written, with its reason

    return project


def _alone(field: Field, blank: Event | Task, value: Value, default: Value) -> Value:
    lines = field.write(msgspec.structs.replace(blank, **{field.attribute: value}), _NO_ZONES)
    into: Attributes = {}
    field.read(by_name(taken_apart(line.written()) for line in lines), _NO_ZONES, into)
    return into.get(field.attribute, default)


def _patch(kind: type[Event | Task], patch: Mapping[str, Value], project: Callable[[str, Value], Value]) -> Value:
    """Field by field: whether it differs from the series is not known here."""
    if patch.get(EXCLUDED):
        return {EXCLUDED: True}
    infos = {info.encode_name: info for info in msgspec.structs.fields(kind) if info.name not in _ELSEWHERE}
    told: dict[str, Value] = {}
    for name, value in patch.items():
        if name == RANGE:
            told[name] = value
        elif value is None and name in infos:
            told[name] = msgspec.to_builtins(getattr(kind(), infos[name].name))
        elif name in infos:
            told[name] = msgspec.to_builtins(project(infos[name].name, msgspec.convert(value, infos[name].type)))
    return told


def _together(kind: type[Event | Task], when: dict[str, Any]) -> dict[str, Value]:
    found = read(write(kind(**when)))
    return {name: getattr(found, name) for name in when}


def _told(kind: type[Event | Task], **values: Any) -> Event | Task:
    given: dict[str, Any] = {"start": _DATE, "time_zone": "Etc/UTC", **values}
    return read(write(kind(**given)))


_NO_ZONES = Zones()
_others: dict[str, Callable[[type[Event | Task], Value], Value]] = {
    "alerts": lambda kind, value: _told(kind, alerts=value).alerts,
    "time_zone": lambda _, value: _NO_ZONES.name(value) if value else None,
    "end_time_zone": lambda _, value: _NO_ZONES.name(value) if value else None,
    "duration": lambda kind, value: getattr(_told(kind, duration=value), "duration", value),
    "uid": lambda _, value: value.strip() or None if value else None,
    "extra": lambda _, value: {name: own for name, own in value.items() if name == ZONES},
}
