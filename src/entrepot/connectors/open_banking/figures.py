"""Amounts, days and currencies as banks write them, read exactly or refused with a reason."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

_PLAIN = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,15})?|\.\d{1,15})").fullmatch
_IGNORED = str.maketrans("", "", " \u00a0\u202f'’")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})").match
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})").match
_CURRENCY = re.compile(r"[A-Z]{3}").fullmatch
PIVOT = 70
"""Two-digit years from here on are of the 20th century."""


def amount_of(text: str, mark: str | None = None) -> Decimal:
    """`mark` is the decimal mark where the file proves it; without it, a single comma is one, as OFX and SWIFT say.

    ValueError where the text is no amount.
    """
    if mark != "," and _PLAIN(text):
        return Decimal(text)
    cleaned = text.translate(_IGNORED)
    if cleaned.endswith(("-", "+")):
        cleaned = cleaned[-1] + cleaned[:-1]
    decimal_mark = mark or _mark_in(cleaned)
    plain = cleaned.replace("." if decimal_mark == "," else ",", "").replace(decimal_mark, ".")
    if not _PLAIN(plain):
        raise ValueError(f"{text[:40]!r} is not an amount" if text.strip() else "the amount is missing")
    return Decimal(plain)


def _mark_in(text: str) -> str:
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    if comma >= 0:
        return "," if text.count(",") == 1 else "."
    return "." if text.count(".") <= 1 else ","


def digits_of(amount: Decimal) -> str:
    """The same text for equal amounts, however many zeros the bank wrote; for keys."""
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@lru_cache(4096)
def day_of(year: int, month: int, day: int) -> str:
    """ISO 8601; ValueError where there is no such day."""
    try:
        return date(year, month, day).isoformat()
    except ValueError as why:
        raise ValueError(f"{year:04}-{month:02}-{day:02} is not a day ({why})") from None


@lru_cache(4096)
def compact_day(text: str) -> str:
    """The day in `20240131…`, as it is written: a time and a zone after it do not move it."""
    return _day(_COMPACT(text), text)


@lru_cache(4096)
def iso_day(text: str) -> str:
    """The day in `2024-01-31…`, as it is written."""
    return _day(_ISO(text), text)


def _day(found: re.Match[str] | None, text: str) -> str:
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a date" if text.strip() else "the date is missing")
    return day_of(int(found[1]), int(found[2]), int(found[3]))


def short_year(year: int) -> int:
    return year + (1900 if year >= PIVOT else 2000)


def currency_of(text: str | None) -> str | None:
    """ISO 4217, or None where the text is no such code."""
    code = (text or "").strip().upper()
    return code if _CURRENCY(code) else None
