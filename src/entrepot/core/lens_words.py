"""The words that name a form in a manifest's `as`, and the small checks every line goes through."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from entrepot.core import lens_duration, lens_list, lens_number, lens_text, lens_time, partial_date
from entrepot.core.lens import AS_IS, Lens
from entrepot.core.lens_choice import PRESENT, UNLESS_ZERO
from entrepot.core.money import Form
from entrepot.core.path import steps

Line = dict[str, Any]

FORMS: Mapping[str, Lens] = MappingProxyType(
    {
        "text": lens_text.TEXT,
        "any_text": lens_text.ANY_TEXT,
        "strip": lens_text.STRIP,
        "unescape": lens_text.UNESCAPE,
        "list": lens_list.each(AS_IS),
        "date": lens_time.DATE,
        "day": lens_time.DAY,
        "instant": lens_time.INSTANT,
        "compact": lens_time.COMPACT,
        "epoch": lens_time.EPOCH_S,
        "epoch_ms": lens_time.EPOCH_MS,
        "epoch_us": lens_time.EPOCH_US,
        "epoch_text": lens_time.EPOCH_S_TEXT,
        "epoch_ms_text": lens_time.EPOCH_MS_TEXT,
        "epoch_us_text": lens_time.EPOCH_US_TEXT,
        "date_of_instant": lens_time.DATE_OF_INSTANT,
        "fuzzy": partial_date.FUZZY,
        "fuzzy_number": partial_date.FUZZY_NUMBER,
        "fuzzy_prefix": partial_date.FUZZY_PREFIX,
        "fuzzy_zeros": partial_date.FUZZY_ZEROS,
        "integer": lens_number.INTEGER,
        "integer_text": lens_number.INTEGER_TEXT,
        "digits": lens_number.DIGITS,
        "number": lens_number.NUMBER,
        "number_text": lens_number.NUMBER_TEXT,
        "decimal": lens_number.DECIMAL,
        "decimal_text": lens_number.DECIMAL_TEXT,
        "decimal_comma": lens_number.DECIMAL_COMMA,
        "boolean_text": lens_number.BOOLEAN_TEXT,
        "percent": lens_number.PERCENT,
        "midnight": partial_date.MIDNIGHT,
        "minutes": lens_number.MINUTES,
        "hours": lens_number.HOURS,
        "milliseconds": lens_number.MILLISECONDS,
        "e7": lens_number.E7,
        "iso_duration": lens_duration.ISO_DURATION,
        "duration": lens_duration.DURATION,
        "clock": lens_duration.CLOCK,
        "amount": lens_duration.AMOUNT,
        "present": PRESENT,
        "unless_zero": UNLESS_ZERO,
    }
)


MONEY: Mapping[str, Form] = MappingProxyType({"money": "number", "money_text": "text", "money_minor": "minor"})


class SpecError(ValueError):
    """A line that is no lens; the message says which word is wrong and what may stand there."""


def only(spec: Line, words: AbstractSet[str]) -> None:
    unknown = sorted(spec.keys() - words)
    if unknown:
        raise SpecError(f"`{unknown[0]}` is not known here; there are {', '.join(sorted(words))}")


def path_of(path: object) -> str:
    if not isinstance(path, str):
        raise SpecError(f"{path!r} is not a path")
    steps(path)
    return path


def paths_of(paths: object, word: str) -> tuple[str, ...]:
    if not isinstance(paths, list) or len(paths) < 2:
        raise SpecError(f"`{word}` takes two places or more")
    return tuple(path_of(path) for path in paths)


def text_of(spec: Line, word: str) -> str:
    value = spec.get(word)
    if not isinstance(value, str):
        raise SpecError(f"`{word}` takes text, not {value!r}")
    return value
