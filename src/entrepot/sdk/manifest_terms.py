"""The small words every part of the manifest language shares: a strict section, a call, a duration, a word."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
)

from entrepot.core.path import steps

_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_WORD = re.compile(r":([a-z_][a-z0-9_]*)")


class Section(BaseModel):
    """Unknown keys are refused, and what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, defer_build=True)


def read_duration(value: object) -> object:
    """`90s`, `15m`, `1h`, `89d`; anything else is told what a duration looks like."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value))
    if found is None:
        raise ValueError(f"{value!r} is not a duration: write a number and s, m, h or d, as in 15m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def read_path(value: str) -> str:
    steps(value)
    return value


def words_in(text: str) -> list[str]:
    """The `:words` of a path or value, in order."""
    return _WORD.findall(text)


Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]

Call = Annotated[str, StringConstraints(pattern=r"^(GET|POST|PUT|REPORT|PROPFIND) (/\S*|https://\S+)$")]
"""A method and a path below the base URL, or a whole https address; `:words` in it are filled in."""

Path = Annotated[str, AfterValidator(read_path)]
"""Where a value stands in a record: names joined by dots (`names.0.family`), as `core.path` reads them."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+\S*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$")]
"""A name in a Python file beside the manifest: `connector.complete`, `importer.Netflix`."""
Value = str | int | float | bool | None
Json = JsonValue


def call_parts(call: str) -> tuple[str, str]:
    """Method and path of a call."""
    method, _, path = call.partition(" ")
    return method, path


def shape_of(value: object) -> str:
    """Tells pydantic which of several ways of writing was used, so that only its mistakes are shown."""
    match value:
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "mapping"
