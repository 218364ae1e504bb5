"""Puts values in the place of `:words`: quoted in paths, whole in parameters, left out where there is none."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from entrepot.core.errors import PersonMustFix

Words = Mapping[str, str | int]
"""All are text but `:account`, which goes into a body as the service gave it: a number, where it is one."""

_WORD = re.compile(r":([a-z_][a-z0-9_]*)")
_ABSENT = object()


def fill_path(template: str, words: Words) -> str:
    """A path with its words in place; none of them can leave its segment."""

    def put(found: re.Match[str]) -> str:
        value = words.get(found[1], "")
        if not value or value in {".", ".."}:
            raise PersonMustFix(f"The address {template} needs a value for {found[1]!r}, and {value!r} is none.")
        return quote(str(value), safe="")

    scheme, separator, rest = template.rpartition("://")
    return f"{scheme}{separator}{_WORD.sub(put, rest)}"


def fill(value: Any, words: Words) -> Any:
    """A copy of JSON with `:words` in place; members and elements whose word has no value are left out."""
    found = _filled(value, words)
    return None if found is _ABSENT else found


def _filled(value: Any, words: Words) -> Any:
    if isinstance(value, str) and value.startswith(":") and _WORD.fullmatch(value):
        return words.get(value[1:]) or _ABSENT
    if isinstance(value, dict):
        filled = {key: _filled(member, words) for key, member in value.items()}
        return {key: member for key, member in filled.items() if member is not _ABSENT}
    if isinstance(value, list):
        return [member for member in (_filled(element, words) for element in value) if member is not _ABSENT]
    return value
