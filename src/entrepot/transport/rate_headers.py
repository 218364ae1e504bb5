"""What services say about their limits, in the spellings they use."""

import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec
from multidict import istr

FAR = 10 * 365 * 86400.0
_EPOCH = 1e9
"""A reset above this is a date since 1970, above a thousand times this one in milliseconds; below it, a wait."""
_MILLISECONDS = 1e12

# Remaining calls, when they are renewed, and what one unit of that is in seconds. istr: looked up in any case, cheaply.
_PAIRS = tuple(
    (istr(left), istr(reset), unit)
    for left, reset, unit in (
        ("X-RateLimit-Remaining", "X-RateLimit-Reset", 1.0),
        ("X-RateLimit-Remaining", "X-RateLimit-Reset-After", 1.0),  # Discord
        ("RateLimit-Remaining", "RateLimit-Reset", 1.0),  # draft-ietf-httpapi-ratelimit-headers, to 07
        ("X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", 1.0),  # X
        ("X-RateLimit-Requests-Remaining", "X-RateLimit-Requests-Reset", 1.0),  # Linear
        ("X-RateLimit-Complexity-Remaining", "X-RateLimit-Complexity-Reset", 1.0),  # Linear
        ("X-HubSpot-RateLimit-Remaining", "X-HubSpot-RateLimit-Interval-Milliseconds", 0.001),
        ("X-Rate-Limit-Requests-Left", "X-Rate-Limit-Time-Reset-Ms", 0.001),  # BigCommerce
    )
)
_STRUCTURED = istr("RateLimit")
_RETRY_AFTER = istr("Retry-After")
_DATE = istr("Date")
_PART = re.compile(r"(?:^|[;,\s])(r|t|remaining|reset)\s*=\s*(\d+(?:\.\d+)?)")


class Seen(msgspec.Struct, frozen=True):
    """So many calls are left for so many seconds; either may be unknown."""

    remaining: float | None
    seconds: float | None


def read_limits(headers: Mapping[str, str], now: float) -> Seen | None:
    """The tightest limit the headers tell of. Dates count from the service's own clock where it shows one."""
    structured = headers.get(_STRUCTURED)
    if structured is not None:
        return _read_structured(structured)
    found: Seen | None = None
    for left, reset, unit in _PAIRS:
        text = headers.get(left)
        remaining = None if text is None else _number(text)
        if remaining is None or (found is not None and (found.remaining or 0) <= remaining):
            continue
        seconds = _seconds(headers.get(reset), unit, headers, now)
        if seconds is not None or remaining > 0:
            found = Seen(remaining, seconds)
    return found


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait; the header holds seconds or a date (RFC 9110, 10.2.3)."""
    return _seconds(headers.get(_RETRY_AFTER), 1.0, headers, now)


def read_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the service will listen again: what it asks for, else when its used-up limit is renewed."""
    after = read_retry_after(headers, now)
    if after is not None:
        return after
    seen = read_limits(headers, now)
    return seen.seconds if seen is not None and not seen.remaining else None


def _read_structured(text: str) -> Seen | None:
    """`"default";r=50;t=30` as of draft 08, or `limit=100, remaining=50, reset=5` as of draft 03."""
    found: list[Seen] = []
    for policy in text.split(",") if '"' in text else [text]:
        parts = {name[0] if len(name) == 1 else name: float(value) for name, value in _PART.findall(policy)}
        remaining = parts.get("r", parts.get("remaining"))
        if remaining is not None:
            found.append(Seen(remaining, parts.get("t", parts.get("reset"))))
    return min(found, key=lambda seen: seen.remaining or 0, default=None)


def _seconds(text: str | None, unit: float, headers: Mapping[str, str], now: float) -> float | None:
    if text is None:
        return None
    value = _number(text)
    if value is None:
        return _until(text, headers, now)
    if value >= _MILLISECONDS:
        value /= 1000
    if value >= _EPOCH:
        return min(FAR, max(0.0, value - _service_time(headers, now)))
    return min(FAR, value * unit)


def _until(text: str, headers: Mapping[str, str], now: float) -> float | None:
    moment = _moment(text)
    return None if moment is None else min(FAR, max(0.0, moment - _service_time(headers, now)))


def _service_time(headers: Mapping[str, str], now: float) -> float:
    """Our clock may be wrong; the difference of two times of the service is not."""
    moment = _moment(headers.get(_DATE, ""))
    return now if moment is None else moment


def _moment(text: str) -> float | None:
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
