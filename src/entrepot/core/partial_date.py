"""Dates of which parts may be unknown: `1984-03`, `--03-01`; from AniList's FuzzyDate, its number, and MyAnimeList."""

import re
from datetime import date
from typing import Any

from entrepot.core.lens import Lens, LensError, shown
from entrepot.core.lens_time import date_of_instant

_FORM = re.compile(r"(?P<year>\d{4}|-)(?:-?(?P<month>\d{2}|-))?(?:-?(?P<day>\d{2}))?", re.ASCII)
_LEAP_YEAR = 2000

Parts = tuple[int | None, int | None, int | None]


def text_of(parts: Parts) -> str | None:
    """The shortest text: nothing after the last known part; LensError for a day that cannot be."""
    year, month, day = parts
    if year is None and month is None and day is None:
        return None
    _check(parts)
    if year is not None and month is None and day is None:
        return f"{year:04}"
    if year is not None and month is not None:
        return f"{year:04}-{month:02}" + (f"-{day:02}" if day is not None else "")
    head = "-" if year is None else f"{year:04}"
    middle = "-" if month is None else f"-{month:02}"
    return head + middle + ("" if day is None else f"-{day:02}")


def parts_of(text: object) -> Parts:
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise LensError(f"{shown(text)} is not a date")
    year, month, day = (None if part in {None, "-"} else int(part) for part in found.group("year", "month", "day"))
    parts = (year, month, day)
    _check(parts)
    return parts


def _check(parts: Parts) -> None:
    year, month, day = parts
    try:
        date(_LEAP_YEAR if year is None else year, 1 if month is None else month, 1 if day is None else day)
    except (ValueError, TypeError, OverflowError) as why:
        raise LensError(f"year {year}, month {month}, day {day} is not a date") from why


def _read_fuzzy(native: Any) -> str | None:
    if not isinstance(native, dict):
        raise LensError(f"expected year, month and day, found {shown(native)}")
    year, month, day = (_part(native.get(name)) for name in ("year", "month", "day"))
    return text_of((year, month, day))


def _write_fuzzy(value: object) -> dict[str, int | None]:
    return dict(zip(("year", "month", "day"), parts_of(value), strict=True))


def _part(native: object) -> int | None:
    if native is None or (isinstance(native, int) and not isinstance(native, bool)):
        return native
    raise LensError(f"expected a number, found {shown(native)}")


def _read_number(native: object) -> str | None:
    number = _part(native)
    if number is None or not 0 <= number <= 99_999_999:
        raise LensError(f"{shown(native)} is not a date like 20240500")
    return text_of((number // 10_000 or None, number // 100 % 100 or None, number % 100 or None))


def _write_number(value: object) -> int:
    year, month, day = parts_of(value)
    return (year or 0) * 10_000 + (month or 0) * 100 + (day or 0)


def _read_zeros(native: object) -> str | None:
    if native == "":
        return None
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", native, re.ASCII) if isinstance(native, str) else None
    if found is None:
        raise LensError(f"{shown(native)} is not a date like 2024-05-00")
    year, month, day = (int(part) or None for part in found.groups())
    return text_of((year, month, day))


def _write_zeros(value: object) -> str:
    year, month, day = parts_of(value)
    return f"{year or 0:04}-{month or 0:02}-{day or 0:02}"


def _write_prefix(value: object) -> str | None:
    year, month, day = parts_of(value)
    if year is None:
        return None
    return text_of((year, month, day if month else None))


def _write_midnight(value: object) -> str | None:
    return None if None in parts_of(value) else f"{value}T00:00:00.000Z"


FUZZY = Lens("year, month and day", _read_fuzzy, _write_fuzzy)
FUZZY_NUMBER = Lens("a date like 20240500", _read_number, _write_number)
FUZZY_ZEROS = Lens("a date like 2024-05-00", _read_zeros, _write_zeros)
FUZZY_PREFIX = Lens(
    "a date like 2024-05", lambda native: text_of(parts_of(native)) if native != "" else None, _write_prefix
)
"""What is known up to the first part that is not: of a date without a year nothing is kept."""
MIDNIGHT = Lens("a day as its midnight", date_of_instant, _write_midnight)
"""Whole days only: of a date that is known in part nothing is kept."""
