"""A rule of JSCalendar (RFC 8984 section 4.3.3) as the recurrence of Microsoft Graph: `graph_recurrence` back.

Outlook has six patterns, and takes the last day of a month that lacks a day; what is none of them is refused.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graph_recurrence import Json, Recurrence, rule_of
from entrepot.protocols.graph_time import UTC_NAME

_DAYS: Mapping[str, str] = MappingProxyType(
    {
        "mo": "monday",
        "tu": "tuesday",
        "we": "wednesday",
        "th": "thursday",
        "fr": "friday",
        "sa": "saturday",
        "su": "sunday",
    }
)
_WHICH: Mapping[int, str] = MappingProxyType({1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"})
_NEVER = ("byHour", "byMinute", "bySecond", "byWeekNo", "byYearDay")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORTEST = 28
_LAST = 31


def recurrence_of(rule: Json, start: str, *, zone: str | None) -> Json:
    """`rule` has the JSON names of JSCalendar, `start` is local in `zone`. RecordRefused: Outlook has no such rule."""
    said = next((name for name in _NEVER if rule.get(name)), None)
    if said is not None or rule.get("rscale", "gregorian").lower() != "gregorian":
        raise _refused(f"by {said.removeprefix('by').lower()}" if said else f"by the {rule['rscale']} calendar")
    first = _day(start)
    match rule.get("frequency"):
        case "daily" if not _given(rule):
            pattern: Json = {"type": "daily"}
        case "daily" if _given(rule) == {"byDay"} and rule.get("interval", 1) == 1:
            pattern = {"type": "weekly", **_week(rule, first)}
        case "weekly" if _given(rule) <= {"byDay"}:
            pattern = {"type": "weekly", **_week(rule, first)}
        case "monthly" if "byMonth" not in _given(rule):
            pattern = _in_month(rule, first, "Monthly", None)
        case "yearly":
            month = _month(rule, first)
            pattern = {**_in_month(rule, first, "Yearly", month), "month": month}
        case frequency:
            raise _refused(f"{frequency}, in a way of its own")
    return {"pattern": {**pattern, "interval": rule.get("interval", 1)}, "range": _range(rule, start, zone)}


def kept_rule(rule: Json, start: str, *, days: bool) -> Json:
    """What Outlook tells again of the rule; RecordRefused where it cannot hold it."""
    return rule_of(msgspec.convert(recurrence_of(rule, start, zone=None), Recurrence), days=days)


def _given(rule: Json) -> set[str]:
    return {name for name in ("byDay", "byMonthDay", "byMonth", "bySetPosition") if rule.get(name)}


def _week(rule: Json, first: date) -> Json:
    """A week begins on Monday where the rule does not say otherwise (RFC 8984); Outlook would take Sunday."""
    if any(day.get("nthOfPeriod") for day in rule.get("byDay", [])):
        raise _refused("on one weekday of several weeks")
    days = [day["day"] for day in rule.get("byDay", [])] or [_weekday(first)]
    return {"daysOfWeek": [_DAYS[day] for day in days], "firstDayOfWeek": _DAYS[rule.get("firstDayOfWeek") or "mo"]}


def _in_month(rule: Json, first: date, period: str, month: int | None) -> Json:
    if rule.get("byDay"):
        return {"type": f"relative{period}", **_on_weekdays(rule)}
    if rule.get("bySetPosition"):
        raise _refused("on one of several days that are no weekdays")
    days = rule.get("byMonthDay") or [first.day]
    if len(days) > 1:
        raise _refused("on several days of the month")
    return {"type": f"absolute{period}", "dayOfMonth": _on_the_day(days[0], rule, month)}


def _on_the_day(day: int, rule: Json, month: int | None) -> int:
    """The last day is the 31st, for Outlook takes the last one of a shorter month."""
    if day == -1:
        return _LAST
    always = _SHORTEST if month is None else _LENGTHS[month - 1]
    if day < 1 or (day > always and rule.get("skip") != "backward"):
        raise _refused(f"on day {day} of the month, and not in months that have none")
    return day


def _on_weekdays(rule: Json) -> Json:
    days = rule["byDay"]
    which = {day.get("nthOfPeriod") for day in days} - {None}
    positions = rule.get("bySetPosition", [])
    found = [*which, *positions]
    if rule.get("byMonthDay") or len(found) != 1 or (which and len(days) > 1) or found[0] not in _WHICH:
        raise _refused("on weekdays counted in another way than first, second, third, fourth or last")
    return {"daysOfWeek": [_DAYS[day["day"]] for day in days], "index": _WHICH[found[0]]}


def _month(rule: Json, first: date) -> int:
    months = rule.get("byMonth") or [str(first.month)]
    if len(months) > 1 or not months[0].isdigit() or not 1 <= int(months[0]) <= 12:
        raise _refused("in several months of the year")
    if rule.get("byDay") and not rule.get("byMonth"):
        raise _refused("on weekdays counted over the year")
    return int(months[0])


def _range(rule: Json, start: str, zone: str | None) -> Json:
    limits: Json = {"startDate": start[:10], "recurrenceTimeZone": zone or UTC_NAME}
    if rule.get("count"):
        return {"type": "numbered", "numberOfOccurrences": rule["count"], **limits}
    until: str | None = rule.get("until")
    if not until:
        return {"type": "noEnd", **limits}
    # The last day belongs to it; a rule that ends before the time of day does not reach that day.
    last = _day(until) - timedelta(days=1 if until[10:] < start[10:] else 0)
    return {"type": "endDate", "endDate": last.isoformat(), **limits}


def _weekday(at: date) -> str:
    return tuple(_DAYS)[at.weekday()]


def _day(at: str) -> date:
    try:
        return date.fromisoformat(at[:10])
    except ValueError as why:
        raise RecordRefused(f"{at!r} is no day") from why


def _refused(how: str) -> RecordRefused:
    return RecordRefused(f"It recurs {how}; Outlook has no such pattern.")


def only_rule(rules: list[Any]) -> Json | None:
    """Outlook has one rule for a series, or none."""
    if len(rules) > 1:
        raise RecordRefused(f"It recurs by {len(rules)} rules; Outlook has one for each series.")
    return rules[0] if rules else None
