"""Time zones of calendars: whatever a file calls them becomes an IANA name, or keeps its own with its definition."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from entrepot.protocols.component import Component
from entrepot.protocols.content_line import without_folds

UNIVERSAL = "Etc/UTC"
_UNIVERSAL_NAMES = frozenset({"utc", "etc/utc", "gmt", "etc/gmt", "z", "zulu", "coordinated universal time"})
_COUNTED = re.compile(r"^(.*\D) \d+$")
_LAST_YEAR = 2037
_LONGEST_NAME = 255
_LARGEST = 64 << 10
"""Bytes of a VTIMEZONE that is used: one with all that ever happened to a zone has a quarter of that."""
_MOST_RULES = 32
_EARLY = re.compile(r"(?im)^DTSTART[^:\n]*:(?:0|1[0-5])")  # Windows begins its zones in 1601
_RULE = re.compile(r"(?im)^(?:RRULE|EXRULE)[;:](.*)$")
_HARMLESS = re.compile(
    r"(?:(?:BYMONTH|BYMONTHDAY|BYDAY|WKST|UNTIL|COUNT)=[\w,+-]*|INTERVAL=0*[1-9]\d{0,3}|FREQ=YEARLY|;)*"
)


class Zones:
    """The zones of one calendar: the world's, and those its VTIMEZONE components define."""

    def __init__(self, definitions: Iterable[Component] = ()) -> None:
        self._definitions = {_bare(one.value("TZID")): one for one in definitions}
        self._infos: dict[str, tzinfo | None] = {}

    def name(self, tzid: str) -> str:
        """The IANA name, or the file's own where there is none."""
        bare = _bare(tzid)
        known = iana(bare)
        if known is not None:
            return known
        definition = self._definitions.get(bare)
        place = definition.value("X-LIC-LOCATION") if definition else ""
        return (iana(place) if place else None) or bare

    def definition(self, name: str) -> str | None:
        """The VTIMEZONE of a zone that only this calendar knows."""
        found = self._definitions.get(name)
        return found.written() if found and iana(name) is None else None

    def info(self, name: str | None) -> tzinfo | None:
        """None for floating time, and for a zone that nobody defines."""
        if name is None:
            return None
        if name not in self._infos:
            definition = self.definition(name)
            self._infos[name] = defined(definition) if definition else world(name)
        return self._infos[name]


def iana(tzid: str) -> str | None:
    """`W. Europe Standard Time`, `/example.org/2026/Europe/Berlin` and `europe/berlin` are all Europe/Berlin."""
    return _known(tzid) if len(tzid) <= _LONGEST_NAME else None


@lru_cache(maxsize=4096)
def _known(tzid: str) -> str | None:
    lowered = tzid.lower()
    if lowered in _UNIVERSAL_NAMES:
        return UNIVERSAL
    names = _world()
    if lowered in names:
        return names[lowered]
    windows = WINDOWS_TO_OLSON.get(tzid) or WINDOWS_TO_OLSON.get(_COUNTED.sub(r"\1", tzid))
    if windows:
        return windows
    parts = lowered.strip("/").split("/")
    return next((names[end] for end in ("/".join(parts[at:]) for at in range(1, len(parts))) if end in names), None)


@lru_cache(maxsize=1024)
def world(name: str) -> tzinfo | None:
    if name == UNIVERSAL:
        return UTC
    return ZoneInfo(name) if iana(name) == name else None


def defined(definition: str) -> tzinfo | None:
    """The rules of a VTIMEZONE; None where it is too broken to be used, or would take too long."""
    plain = without_folds(definition.encode()).decode() if len(definition) <= _LARGEST else ""
    return _made(plain) if plain and _is_harmless(plain) else None


@lru_cache(maxsize=256)
def _made(definition: str) -> tzinfo | None:
    try:
        zone = Timezone.from_ical(definition)
        return zone.to_tz(lookup_tzid=False) if isinstance(zone, Timezone) else None
    except (ValueError, KeyError, AttributeError, TypeError, IndexError, OverflowError):
        return None


def _is_harmless(definition: str) -> bool:
    """Its rules are walked from their start to the day asked for: so few of them, yearly ones, and none from year 1."""
    rules = [rule.strip().upper() for rule in _RULE.findall(definition)]
    if len(rules) > _MOST_RULES or (rules and _EARLY.search(definition)):
        return False
    return all(_HARMLESS.fullmatch(rule) and "FREQ=YEARLY" in rule for rule in rules)


@lru_cache(maxsize=256)
def definition_of(name: str, year: int) -> str:
    """A VTIMEZONE for an IANA zone, from that year on; empty where there is no such zone."""
    if world(name) is None:
        return ""
    first = date(max(1970, year), 1, 1)
    last = date(min(max(_LAST_YEAR, year + 10), date.max.year), 1, 1)
    return Timezone.from_tzid(name, first_date=first, last_date=last).to_ical().decode()


def moved(local: str, come_from: tzinfo | None, go_to: tzinfo | None) -> str:
    """The same instant on the other zone's clock; the same clock where either zone is unknown or floating."""
    if come_from is None or go_to is None or come_from is go_to:
        return local
    try:
        there = datetime.fromisoformat(local).replace(tzinfo=come_from).astimezone(go_to)
    except OverflowError:
        return local
    return there.replace(tzinfo=None).isoformat(timespec="seconds")


def between(start: str, start_zone: tzinfo | None, end: str, end_zone: tzinfo | None) -> timedelta:
    """Time that really passes; by the clock where a zone is unknown or floating."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if start_zone is None or end_zone is None:
        return last - first
    shift = (last.replace(tzinfo=end_zone).utcoffset() or timedelta()) - (
        first.replace(tzinfo=start_zone).utcoffset() or timedelta()
    )
    return last - first - shift


@cache
def _world() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _bare(tzid: str) -> str:
    return tzid.strip().strip('"')
