"""Lenses for lengths of time: ISO 8601 (`PT1H30M`) and clock (`1:30:00`), both as the seconds kinds count in."""

import re
from decimal import Decimal

from entrepot.core.lens import Lens, LensError, flip, shown
from entrepot.core.lens_number import as_decimal, decimal_text, shortest

_ISO = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?",
    re.ASCII,
)
_CLOCK = re.compile(r"(?:(?P<hours>\d{1,6}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{2}(?:\.\d{1,9})?)", re.ASCII)
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def seconds_of(text: object) -> int | float:
    """Seconds of an ISO 8601 duration; months and years are refused, for they have no fixed length."""
    found = _ISO.fullmatch(text) if isinstance(text, str) and len(text) < 60 else None
    parts = {name: value for name, value in found.groupdict().items() if value} if found else {}
    if not parts or str(text).endswith("T"):
        raise LensError(f"{shown(text)} is not a duration like PT1H30M")
    return shortest(
        sum((as_decimal(value.replace(",", ".")) * _SECONDS[name] for name, value in parts.items()), Decimal(0))
    )


def duration_of(seconds: object) -> str:
    """The duration in RFC 8984's form: days, hours, minutes and seconds, and no others."""
    total = _whole_and_rest(seconds)
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    time = "".join(
        f"{decimal_text(part.normalize())}{unit}" for part, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if part
    )
    day = f"{days:f}D" if days else ""
    return f"P{day}T{time}" if time else f"P{day}" if day else "PT0S"


def seconds_from_clock(text: object) -> int | float:
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise LensError(f"{shown(text)} is not a time like 1:30:00")
    hours, minutes, seconds = (Decimal(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    if seconds >= 60 or (minutes >= 60 and found["hours"]):
        raise LensError(f"{shown(text)} is not a time like 1:30:00")
    return shortest(hours * 3_600 + minutes * 60 + seconds)


def _clock(seconds: object) -> str:
    minutes, rest = divmod(_whole_and_rest(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    whole, _, decimals = decimal_text(rest.normalize()).partition(".")
    return f"{int(hours):02}:{int(minutes):02}:{whole:0>2}" + (f".{decimals}" if decimals else "")


def _whole_and_rest(seconds: object) -> Decimal:
    found = as_decimal(seconds)
    if found < 0 or found > Decimal("1e9") or found.normalize().as_tuple().exponent < -9:  # pyright: ignore[reportOperatorIssue]  # as_decimal gives finite numbers only
        raise LensError(f"{shown(seconds)} seconds cannot be a length of time")
    return found


def _read_amount(native: object) -> str | None:
    unit, amount = (native.get("unit"), native.get("amount")) if isinstance(native, dict) else (None, None)
    if not isinstance(unit, str) or unit not in _AMOUNTS or type(amount) is not int or amount < 1:
        raise LensError(f"{shown(native)} is not an amount of minutes or days")
    return duration_of(amount * _AMOUNTS[unit])


def _write_amount(text: object) -> dict[str, object] | None:
    seconds = seconds_of(text)
    if not seconds:
        return None
    if seconds % 86_400 == 0:
        return {"amount": int(seconds // 86_400), "unit": "day"}
    return {"amount": max(int(seconds / 60 + 0.5), 1), "unit": "minute"}


_AMOUNTS = {"minute": 60, "day": 86_400}
AMOUNT = Lens("amount of minutes or days", _read_amount, _write_amount)
"""`{"amount": 15, "unit": "minute"}`; what is shorter than a minute is written as one."""
ISO_DURATION = Lens("ISO 8601 duration", lambda text: None if text == "" else seconds_of(text), duration_of)
DURATION = flip(ISO_DURATION)
"""Seconds at the service, `PT1H30M` to us."""
CLOCK = Lens("clock time", lambda text: None if text == "" else seconds_from_clock(text), _clock)
