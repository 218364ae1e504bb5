"""The options every command has: where the hub is, and JSON for programs."""

import dataclasses
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from entrepot import settings
from entrepot.cli.output import Output
from entrepot.core.errors import PersonMustFix


@Parameter(name="*")
@dataclasses.dataclass(frozen=True)
class Common:
    """Options of every command."""

    data: Annotated[Path | None, Parameter(name="--data", help="The hub's folder (or ENTREPOT_DATA).")] = None
    json: Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON value and nothing else.")] = False

    def settings(self) -> settings.Settings:
        return settings.read_own(data=self.data)

    def output(self) -> Output:
        return Output(json=self.json)


STANDARD = Common()


def pairs(words: list[str], option: str) -> dict[str, str]:
    """`KEY=VALUE` words as a mapping."""
    found: dict[str, str] = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key:
            raise PersonMustFix(f"{option} {word!r} is not KEY=VALUE.")
        if key in found:
            raise PersonMustFix(f"{option} {key} is given twice.")
        found[key] = value
    return found


def listed(text: str) -> list[str]:
    """`a,b` as a list."""
    return [each.strip() for each in text.split(",") if each.strip()]


def grouped(words: list[str], option: str) -> dict[str, list[str]]:
    """`KEY=VALUE` words, where a key may have several values."""
    found: dict[str, list[str]] = {}
    for word in words:
        [(key, value)] = pairs([word], option).items()
        found.setdefault(key, []).append(value)
    return found
