"""The recurrence of Microsoft Graph (`patternedRecurrence`) as a rule of JSCalendar (RFC 8984 section 4.3.3).

https://learn.microsoft.com/graph/api/resources/recurrencepattern
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from entrepot.core.errors import RecordRefused

Json = dict[str, Any]
Day = Literal["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

_FREQUENCIES: Mapping[str, str] = MappingProxyType(
    {
        "daily": "daily",
        "weekly": "weekly",
        "absoluteMonthly": "monthly",
        "relativeMonthly": "monthly",
        "absoluteYearly": "yearly",
        "relativeYearly": "yearly",
    }
)
_WHICH = MappingProxyType({"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1})
_SHORTEST_MONTH = 28


class Pattern(msgspec.Struct, rename="camel"):
    """What does not apply to a type is there too, as 0."""

    type: Literal["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]
    interval: int = 1
    month: int = 0
    day_of_month: int = 0
    days_of_week: list[Day] = []
    first_day_of_week: Day | None = None
    index: Literal["first", "second", "third", "fourth", "last"] | None = None


class Range(msgspec.Struct, rename="camel"):
    type: Literal["endDate", "noEnd", "numbered"] = "noEnd"
    end_date: str | None = None
    number_of_occurrences: int = 0
    recurrence_time_zone: str | None = None


class Recurrence(msgspec.Struct):
    pattern: Pattern
    range: Range = msgspec.field(default_factory=Range)


def rule_of(recurrence: Recurrence, *, days: bool) -> Json:
    """The rule with the JSON names of JSCalendar. `days`: what recurs has no time of day."""
    pattern = recurrence.pattern
    rule: Json = {"frequency": _FREQUENCIES[pattern.type], "interval": max(pattern.interval, 1)}
    if pattern.type == "weekly":
        rule |= {"byDay": [{"day": day[:2]} for day in pattern.days_of_week], **_week(pattern)}
    elif pattern.type.startswith("absolute"):
        rule |= _on_the_day(pattern)
    elif pattern.type.startswith("relative"):
        rule |= _on_weekdays(pattern)
    if pattern.type.endswith("Yearly"):
        rule["byMonth"] = [str(_within(pattern.month, 12, "month"))]
    return {name: value for name, value in {**rule, **_end(recurrence.range, days=days)}.items() if value}


def _week(pattern: Pattern) -> Json:
    """Of every second week it matters on which day a week begins."""
    return {"firstDayOfWeek": pattern.first_day_of_week[:2]} if pattern.first_day_of_week else {}


def _on_the_day(pattern: Pattern) -> Json:
    """Where a month is too short, Outlook takes its last day; RFC 7529 has a word for that."""
    day = _within(pattern.day_of_month, 31, "day of the month")
    short = {"rscale": "gregorian", "skip": "backward"} if day > _SHORTEST_MONTH else {}
    return {"byMonthDay": [day], **short}


def _on_weekdays(pattern: Pattern) -> Json:
    """Of several days the one that comes first in the month (or last) is meant: the first weekday, the last day."""
    which = _WHICH[pattern.index or "first"]
    if not pattern.days_of_week:
        raise RecordRefused("It recurs on a day of the week, and does not say which.")
    if len(pattern.days_of_week) == 1:
        return {"byDay": [{"day": pattern.days_of_week[0][:2], "nthOfPeriod": which}]}
    return {"byDay": [{"day": day[:2]} for day in pattern.days_of_week], "bySetPosition": [which]}


def _end(limits: Range, *, days: bool) -> Json:
    """The last day belongs to it."""
    if limits.type == "numbered":
        return {"count": _within(limits.number_of_occurrences, 1 << 31, "number of occurrences")}
    if limits.type == "endDate":
        return {"until": f"{limits.end_date}T{'00:00:00' if days else '23:59:59'}"}
    return {}


def _within(number: int, most: int, what: str) -> int:
    if not 1 <= number <= most:
        raise RecordRefused(f"It recurs, and {number} is no {what}.")
    return number
