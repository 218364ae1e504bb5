"""Recurrence as one aggregate: rules, added and excluded dates, and what differs on single occurrences (overrides).

An override is a patch against the record, as in RFC 8984 section 4.3.5, of whole properties only.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Planned, Task
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical_field import Attributes, Found
from entrepot.protocols.ical_rule import rule_of, rule_text
from entrepot.protocols.ical_time import MIDNIGHT, Moment, duration_from, duration_of, moment_of, seen_from, time_line
from entrepot.protocols.ical_when import start_of
from entrepot.protocols.ical_zone import Zones, between

EXCLUDED = "excluded"
RANGE = "recurrenceRange"
"""In a patch: `thisAndFuture` where the file says so (RFC 5545, RANGE); JSCalendar has no word for it."""

MOST_DATES = 50_000
"""Of one record: each day for more than a hundred years."""

_NEVER_IN_A_PATCH = frozenset(
    {
        "uid",
        "recurrence_rules",
        "excluded_recurrence_rules",
        "recurrence_overrides",
        "recurrence_id",
        "extra",
    }
)
_JSON_NAMES: dict[type[Planned], dict[str, str]] = {
    kind: dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)) for kind in (Event, Task)
}

Overrides = dict[str, dict[str, object]]


def read_recurrence(found: Found, start: Moment, zones: Zones, into: Attributes) -> None:
    rules = [rule_of(line, start, zones) for line in found.get("RRULE", ())]
    if rules:
        into["recurrence_rules"] = rules
    excluded_rules = [rule_of(line, start, zones) for line in found.get("EXRULE", ())]
    if excluded_rules:
        into["excluded_recurrence_rules"] = excluded_rules
    overrides: Overrides = {}
    if sum(line.value.count(",") + 1 for name in ("RDATE", "EXDATE") for line in found.get(name, ())) > MOST_DATES:
        raise RecordRefused(f"it names more than {MOST_DATES:,} single dates")
    for line in found.get("RDATE", ()):
        overrides.update(_added(line, start, into.get("duration"), zones))
    for line in found.get("EXDATE", ()):
        overrides.update({occurrence(text, line, start, zones): {EXCLUDED: True} for text in _dates(line)})
    if overrides:
        into["recurrence_overrides"] = overrides


def occurrence(text: str, line: Line, start: Moment, zones: Zones) -> str:
    """A date of the series on the clock of its start; files mix dates and times, so either stands for the other."""
    there = moment_of(text, line, zones)
    if start.is_date:
        return there.local[:10] + MIDNIGHT
    if there.is_date:
        return there.local[:10] + start.local[10:]
    return seen_from(there, start.zone, zones) if there.zone else there.local


def _dates(line: Line) -> Iterator[str]:
    return (text for text in line.value.split(",") if text.strip())


def _added(line: Line, start: Moment, usual: str | None, zones: Zones) -> Iterator[tuple[str, dict[str, object]]]:
    for text in _dates(line):
        at, _, length = text.partition("/")
        key = occurrence(at, line, start, zones)
        duration = _period(at, length, line, zones) if length else None
        yield key, {"duration": duration} if duration and duration != usual else {}


def _period(start: str, end: str, line: Line, zones: Zones) -> str | None:
    """A period's second part is its length or its end (RFC 5545, 3.3.9)."""
    if end.strip()[:1] in {"P", "p", "+"}:
        return duration_of(end)
    first, last = moment_of(start, line, zones), moment_of(end, line, zones)
    length = between(first.local, zones.info(first.zone), last.local, zones.info(last.zone))
    return duration_from(length, in_days=False)


def patch_of(master: Planned, occurrence_start: str, override: Planned) -> dict[str, object]:
    """What the override says otherwise than the record; None stands for a property that it has not."""
    patch: dict[str, object] = {}
    for name, json_name in _JSON_NAMES[type(master)].items():
        if name in _NEVER_IN_A_PATCH:
            continue
        here = getattr(override, name)
        if name == "due":
            usual = None if here is None else ""  # a due time is told for each occurrence
        else:
            usual = occurrence_start if name == "start" else getattr(master, name)
        if here != usual and not (name == "due" and here is None and getattr(master, name) is None):
            patch[json_name] = msgspec.to_builtins(here)
    return patch


def occurrence_of(master: Planned, occurrence_start: str, patch: Mapping[str, object]) -> Planned:
    """The record as it is on that occurrence."""
    values: dict[str, Any] = msgspec.to_builtins(master)
    for name in ("recurrenceRules", "excludedRecurrenceRules", "recurrenceOverrides", "recurrenceId"):
        values.pop(name, None)
    if master.start is not None or not isinstance(master, Task):
        values["start"] = occurrence_start
    for name, value in patch.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    try:
        return msgspec.convert(values, type(master))
    except msgspec.ValidationError as error:
        raise RecordRefused(f"its occurrence of {occurrence_start} cannot be written: {error}") from None


def rule_lines(data: Planned, zones: Zones) -> list[Line]:
    start = start_of(data)
    return [Line("RRULE", rule_text(rule, start, zones)) for rule in data.recurrence_rules] + [
        Line("EXRULE", rule_text(rule, start, zones)) for rule in data.excluded_recurrence_rules
    ]


def excluded_lines(data: Planned) -> list[Line]:
    start = start_of(data)
    keys = [key for key, patch in data.recurrence_overrides.items() if patch.get(EXCLUDED)]
    return [time_line("EXDATE", key, start.zone, is_date=start.is_date) for key in keys]


def added_lines(data: Planned, besides: Collection[str] = ()) -> list[Line]:
    """Dates that no rule makes; `besides` are those that an override tells of already."""
    start = start_of(data)
    keys = [key for key, patch in data.recurrence_overrides.items() if not patch and key not in besides]
    return [time_line("RDATE", key, start.zone, is_date=start.is_date) for key in keys]


def is_override(patch: Mapping[str, object]) -> bool:
    return bool(patch) and not patch.get(EXCLUDED)
