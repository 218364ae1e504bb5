"""Coordinates and times as Google writes them: E7 integers, `48.85°, 2.29°`, `geo:`; ISO, seconds, milliseconds."""

import re
from datetime import UTC, datetime
from math import isfinite

_PAIR = re.compile(r"(?:geo:)?\s*([-+]?[\d.]+)\s*°?\s*,\s*([-+]?[\d.]+)\s*°?.*", re.DOTALL)
_WRAP = 1 << 32
_E7 = 10_000_000
_SCALES = ((16, 1_000_000), (12, 1_000), (0, 1))
"""Digits from which a number counts microseconds, milliseconds, seconds since 1970."""


def from_e7(latitude: object, longitude: object) -> list[float] | None:
    """Longitude and latitude in degrees. Values that overflowed 32 bits are put right. None where one is missing."""
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    lat = latitude - _WRAP if latitude > 90 * _E7 else latitude
    lng = longitude - _WRAP if longitude > 180 * _E7 else longitude
    return _checked(lng / _E7, lat / _E7)


def from_text(text: object) -> list[float] | None:
    """`48.833657°, 2.256223°` or `geo:48.833657,2.256223`, as longitude and latitude."""
    if isinstance(text, dict):
        text = text.get("latLng")
    found = _PAIR.fullmatch(text) if isinstance(text, str) else None
    return _checked(float(found[2]), float(found[1])) if found else None


def instant(text: object) -> datetime:
    """ValueError where it is no time, or names no offset."""
    written = str(text or "").strip()
    digits = written.removeprefix("-")
    if digits.isdecimal():
        scale = next(scale for length, scale in _SCALES if len(digits) >= length)
        return datetime.fromtimestamp(int(written) / scale, UTC)
    at = datetime.fromisoformat(written.replace(" +", "+").replace(" -", "-"))
    if at.tzinfo is None:
        raise ValueError(f"{written!r} has no UTC offset")
    return at


def optional_instant(text: object) -> datetime | None:
    return instant(text) if text not in (None, "") else None


def figure(value: object) -> float | None:
    """A number that the phone writes as one or as text."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    found = float(value) if isinstance(value, int | float | str) else None
    return found if found is not None and isfinite(found) else None


def word(value: object) -> str | None:
    """ValueError where it is anything but text."""
    if value is None or isinstance(value, str):
        return value or None
    raise ValueError(f"{value!r} stands where a word belongs")


def _checked(longitude: float, latitude: float) -> list[float]:
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise ValueError(f"{latitude}, {longitude} is no place on earth")
    return [longitude, latitude]
