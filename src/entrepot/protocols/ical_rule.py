"""RRULE and EXRULE as RecurrenceRule (RFC 8984 section 4.3.3) and back."""

import re
from collections.abc import Callable
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import NDay, RecurrenceRule
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical_time import MIDNIGHT, Moment, compact, compact_date, moment_of, seen_from
from entrepot.protocols.ical_zone import UNIVERSAL, Zones, moved

_DAY = re.compile(r"([+-]?\d{1,4})?(MO|TU|WE|TH|FR|SA|SU)")
_FREQUENCIES = frozenset({"yearly", "monthly", "weekly", "daily", "hourly", "minutely", "secondly"})
_DIGITS = 12
_END_OF_DAY = "T23:59:59"
_NUMBERS = {
    "BYMONTHDAY": "by_month_day",
    "BYYEARDAY": "by_year_day",
    "BYWEEKNO": "by_week_no",
    "BYHOUR": "by_hour",
    "BYMINUTE": "by_minute",
    "BYSECOND": "by_second",
    "BYSETPOS": "by_set_position",
}


def rule_of(line: Line, start: Moment, zones: Zones) -> RecurrenceRule:
    """The end of the rule is told on the clock of the start."""
    found: dict[str, Any] = {}
    try:
        for part in line.value.strip().strip(";").split(";"):
            name, _, value = part.partition("=")
            _read_part(
                found,
                name.strip().upper(),
                value.strip(),
                lambda text: _until(moment_of(text, line, zones), start, zones),
            )
    except ValueError:
        raise RecordRefused(f"its {line.name} «{line.value[:80]}» cannot be read") from None
    if found.get("interval", 1) < 1:
        raise RecordRefused(f"its {line.name} «{line.value[:80]}» would stand still")
    if found.get("frequency") not in _FREQUENCIES:
        raise RecordRefused(f"its {line.name} «{line.value[:80]}» does not say how often")
    return RecurrenceRule(**found)


def rule_text(rule: RecurrenceRule, start: Moment, zones: Zones) -> str:
    """UNTIL is a date for all-day events, floating for floating ones, and UTC for all others (RFC 5545, 3.3.10)."""
    parts = [f"FREQ={rule.frequency.upper()}"]
    if rule.rscale:
        parts.insert(0, f"RSCALE={rule.rscale.upper()}")
    if rule.until is not None:
        parts.append(f"UNTIL={_until_text(rule.until, start, zones)}")
    if rule.count is not None:
        parts.append(f"COUNT={rule.count}")
    if rule.interval != 1:
        parts.append(f"INTERVAL={rule.interval}")
    parts += [
        f"{name}={_joined(getattr(rule, attribute))}"
        for name, attribute in _NUMBERS.items()
        if getattr(rule, attribute)
    ]
    if rule.by_month:
        parts.append(f"BYMONTH={_joined(rule.by_month)}")
    if rule.by_day:
        parts.append(f"BYDAY={_joined([_day_text(day) for day in rule.by_day])}")
    if rule.first_day_of_week:
        parts.append(f"WKST={rule.first_day_of_week.upper()}")
    if rule.skip:
        parts.append(f"SKIP={rule.skip.upper()}")
    return ";".join(parts)


def _read_part(found: dict[str, Any], name: str, value: str, until: Callable[[str], str]) -> None:
    """Parts that nobody defined are left to the native text."""
    match name:
        case "FREQ":
            found["frequency"] = value.lower()
        case "INTERVAL" | "COUNT":
            found[name.lower()] = _whole(value)
        case "UNTIL":
            found["until"] = until(value)
        case "BYDAY":
            found["by_day"] = [_day(text) for text in value.split(",")]
        case "BYMONTH":
            found["by_month"] = [str(text).strip().lstrip("0") for text in value.split(",")]
        case "WKST":
            found["first_day_of_week"] = value.lower()
        case "RSCALE" | "SKIP":
            found[name.lower()] = value.lower()
        case _ if name in _NUMBERS:
            found[_NUMBERS[name]] = [_whole(text) for text in value.split(",")]
        case _:
            pass


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(text)
    return int(text)


def _day(text: str) -> NDay:
    found = _DAY.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError(text)
    day: Any = found[2].lower()
    return NDay(day=day, nth_of_period=int(found[1]) if found[1] else None)


def _day_text(day: NDay) -> str:
    return f"{day.nth_of_period or ''}{day.day.upper()}"


def _until(until: Moment, start: Moment, zones: Zones) -> str:
    """A day as the end of a rule with times takes the whole day in."""
    if start.is_date:
        return until.local[:10] + MIDNIGHT
    if until.is_date:
        return until.local[:10] + _END_OF_DAY
    return seen_from(until, start.zone, zones) if until.zone else until.local


def _until_text(until: str, start: Moment, zones: Zones) -> str:
    if start.is_date:
        return compact_date(until)
    if start.zone is None or zones.info(start.zone) is None:
        return compact(until)
    return compact(moved(until, zones.info(start.zone), zones.info(UNIVERSAL))) + "Z"


def _joined(values: list[Any]) -> str:
    return ",".join(str(value) for value in values)
