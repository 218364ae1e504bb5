"""What the samples of a column say about a line: how many it reads, and whether they are what the field is for."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from entrepot.core.fields import decode_fields
from entrepot.core.lens import LensError
from entrepot.core.lens_spec import build
from entrepot.core.mapping import Mapping
from entrepot.core.path import put
from entrepot.core.suggestion_lines import Target
from entrepot.core.suggestion_shapes import Shape

_MOST = 100
_ENOUGH = 10
_LOOKS = (
    (re.compile(r"emails"), re.compile(r"[^@\s]+@[^@\s]+")),
    (re.compile(r"phones?\b"), re.compile(r"[+(]?\d[\d\s().+/x-]{4,}")),
    (re.compile(r"url|links|sourceUrl"), re.compile(r"https?://\S+|(www\.)?[\w-]+(\.[\w-]+)+(/\S*)?")),
    (re.compile(r"domain"), re.compile(r"[\w-]+(\.[\w-]+)+")),
)
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Of a number that is to be a time: a thousand times less or more is not what it counts."""
_SWAPPED = {"%d/%m": "%m/%d", "%m/%d": "%d/%m"}


class Samples:
    """Values of one column, as they stand at its place in a record."""

    def __init__(self, kind: str, path: str, values: Iterable[object]) -> None:
        self._kind = kind
        self._records: list[dict[str, Any]] = []
        for value in [value for value in values if value not in (None, "", [], {})][:_MOST]:
            record: dict[str, Any] = {}
            put(record, path, value)
            self._records.append(record)

    def __len__(self) -> int:
        return len(self._records)

    def readable(self, field: str, line: Any) -> int:
        """How many the line reads as something that the field can be; -1 for no line at all."""
        try:
            mapping = Mapping([build(field, line)])
        except ValueError:
            return -1
        looks = next((form for of, form in _LOOKS if of.match(field)), None)
        is_plausible = _is_recent if isinstance(line, dict) and "epoch" in str(line.get("as")) else _is_like(looks)
        return sum(self._reads(mapping, record, is_plausible) for record in self._records)

    def _reads(self, mapping: Mapping, record: dict[str, Any], is_plausible: Callable[[object], bool]) -> bool:
        try:
            found = mapping.read(record)
            decode_fields(self._kind, msgspec.json.encode(found))
        except (LensError, msgspec.ValidationError):
            return False
        return all(is_plausible(value) for value in found.values())


def doubts(target: Target, shape: Shape, samples: Samples, field: str, line: Any) -> list[str]:
    """What speaks against it although it can be read."""
    numbers = "but they are numbers" if isinstance(line, dict) and line.get("as") == "digits" else ""
    return [doubt for doubt in (numbers, _spread(target, shape), _day_or_month(samples, field, line)) if doubt]


def _spread(target: Target, shape: Shape) -> str:
    """A title repeats itself seldom, a tag often."""
    values = [str(value) for value in shape.values]
    share = len(set(values)) / len(values) if len(values) >= _ENOUGH else 0.5
    if target.field in {"title", "name", "name.full"} and share < 0.2:
        return "but the same few values come again and again"
    if target.sort in {"texts", "choice"} and not shape.is_many and share > 0.8:
        return "but nearly every value is another"
    return ""


def _day_or_month(samples: Samples, field: str, line: Any) -> str:
    pattern: str = line.get("pattern", "") if isinstance(line, dict) else ""
    swapped = _SWAPPED.get(pattern[:5])
    if swapped is None:
        return ""
    other = samples.readable(field, {**line, "pattern": swapped + pattern[5:]})
    is_unclear = other == samples.readable(field, line)
    return "but day and month could be meant the other way" if is_unclear else ""


def _is_recent(value: object) -> bool:
    return isinstance(value, datetime) and _EARLIEST < value < _LATEST


def _is_like(looks: re.Pattern[str] | None) -> Callable[[object], bool]:
    """Every text in it looks so."""

    def is_like(value: object) -> bool:
        match value:
            case str():
                return looks is None or bool(looks.fullmatch(value.strip()))
            case list():
                return all(map(is_like, value))
            case dict():
                return all(map(is_like, value.values()))
            case _:
                return True

    return is_like
