"""Lenses for numbers and units: JSON numbers, numbers as text, decimal comma, percent, E7 degrees, minutes."""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from entrepot.core.lens import Lens, LensError, exact, shown

_LARGEST = 10**40
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?", re.ASCII)
_NO_NUMBER = Decimal("NaN")
_COMMA = re.compile(r"[+-]?\d{1,3}(?:[.\s'\u00a0\u202f\u2019]\d{3})*(?:,\d+)?|[+-]?\d+(?:,\d+)?", re.ASCII)


def as_decimal(value: object) -> Decimal:
    """Exact: a float is taken at its shortest text, which is what the service sent."""
    found = _decimal(value)
    if not found.is_finite() or abs(found.adjusted()) > 60:
        raise LensError(f"{shown(value)} is not a number")
    return found


def as_integer(value: object) -> int:
    """At most forty digits; a float only where every whole number of its size can be one."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(text := value.strip()):
        return int(text)
    raise LensError(f"{shown(value)} is not a whole number")


def as_number(value: object) -> float:
    if value.__class__ is float or value.__class__ is int:
        found = value
    elif isinstance(value, (str, Decimal)):
        found = float(_decimal(value))
    else:
        found = math.nan
    try:
        if math.isfinite(found):  # pyright: ignore[reportArgumentType]  # a number by now
            return float(found)  # pyright: ignore[reportArgumentType]  # the same
    except OverflowError:
        pass
    raise LensError(f"{shown(value)} is not a number")


def decimal_text(value: object) -> str:
    """Without an exponent, trailing zeros kept: they say how exact an amount is."""
    return f"{as_decimal(value):f}"


def shortest(value: Decimal) -> int | float:
    """The JSON number for it: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def factor(name: str, size: int) -> Lens:
    """The service counts in units of `size` ours: minutes for seconds is 60. Numbers to 15 digits."""

    def read(native: object) -> int | float:
        return shortest(as_decimal(native) * size)

    def write(value: object) -> int | float:
        return shortest(as_decimal(value) / size)

    return Lens(name, _blank_or(read), write)


def capped(most: int) -> Lens:
    """Whole numbers of which the service holds no more than this; a greater one becomes it."""
    return Lens(f"at most {most}", as_integer, lambda value: min(as_integer(value), most))


def fraction(name: str, parts: int) -> Lens:
    """The service counts `parts` to our one: milliseconds for seconds is 1000. Numbers to 15 digits."""

    def read(native: object) -> float:
        return float(as_decimal(native) / parts)

    def write(value: object) -> int | float:
        return shortest(as_decimal(value) * parts)

    return Lens(name, _blank_or(read), write)


def _decimal(value: object) -> Decimal:
    """Not a number where it is none."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, float, str)):
        return _NO_NUMBER
    if isinstance(value, str):
        return Decimal(text) if _DECIMAL.fullmatch(text := value.strip()) else _NO_NUMBER
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


def _blank_or(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read_unless_blank(native: object) -> Any:
        return None if native == "" else read(native)

    return read_unless_blank


def _read_comma(native: object) -> Decimal:
    text = native.strip() if isinstance(native, str) else ""
    if not _COMMA.fullmatch(text):
        raise LensError(f"{shown(native)} is not a number with a decimal comma")
    return Decimal(re.sub(r"[.\s'\u00a0\u202f\u2019]", "", text).replace(",", "."))


def _read_boolean(native: object) -> bool:
    if isinstance(native, bool):
        return native
    found = {"true": True, "false": False}.get(native.strip().lower()) if isinstance(native, str) else None
    if found is None:
        raise LensError(f"{shown(native)} is neither true nor false")
    return found


def _write_boolean(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    raise LensError(f"{shown(value)} is neither true nor false")


def _write_e7(value: object) -> int:
    return round(as_decimal(value) * 10_000_000)


def _decimal_number(value: object) -> int | float:
    return shortest(as_decimal(value))


INTEGER = Lens("whole number", _blank_or(as_integer), as_integer)
INTEGER_TEXT = Lens("whole number as text", _blank_or(as_integer), lambda value: str(as_integer(value)))
NUMBER = Lens("number", _blank_or(as_number), as_number)
NUMBER_TEXT = Lens("number as text", _blank_or(as_number), lambda value: repr(as_number(value)))
DECIMAL = exact(Lens("decimal", _blank_or(as_decimal), _decimal_number))
DECIMAL_TEXT = Lens("decimal as text", _blank_or(as_decimal), decimal_text)
DECIMAL_COMMA = Lens(
    "number with a decimal comma", _blank_or(_read_comma), lambda value: decimal_text(value).replace(".", ",")
)
DIGITS = Lens("whole number for text", lambda native: str(as_integer(native)), as_integer)
"""A number at the service that is a name to us: an id."""
BOOLEAN_TEXT = Lens("true or false as text", _blank_or(_read_boolean), _write_boolean)
PERCENT = fraction("percent", 100)
MINUTES = factor("minutes", 60)
HOURS = factor("hours", 3600)
MILLISECONDS = fraction("milliseconds", 1000)
E7 = Lens("degrees times ten million", lambda native: float(as_decimal(native).scaleb(-7)), _write_e7)
"""To seven decimals, a centimetre."""
