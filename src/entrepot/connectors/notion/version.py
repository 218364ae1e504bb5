"""What tells one state of a page from another: its time is cut to the minute, so the content is part of it."""

from hashlib import blake2b
from typing import Any

import msgspec

Json = dict[str, Any]

_STAMPED = ("last_edited_time", "last_edited_by", "created_time", "created_by")
_COMPUTED = frozenset((*_STAMPED, "formula", "rollup", "unique_id", "button", "verification"))
"""Types of columns that nobody edits."""
_STAMPS = frozenset(("last_edited_time", "last_edited_by", "request_id"))


def version_of(page: Json) -> str:
    return f"{page.get('last_edited_time')} {_digest(page)}"


def is_edited(held: Json, now: Json) -> bool:
    """Whether what people edit differs, in the page's columns and, where both have them, in its blocks."""
    if _edited_columns(held) != _edited_columns(now):
        return True
    return "blocks" in held and "blocks" in now and _digest(held["blocks"]) != _digest(now["blocks"])


def _edited_columns(page: Json) -> Json:
    return {
        name: column for name, column in (page.get("properties") or {}).items() if column.get("type") not in _COMPUTED
    }


def _digest(value: Any) -> str:
    return blake2b(msgspec.json.encode(_unstamped(value), order="deterministic"), digest_size=8).hexdigest()


def _unstamped(value: Any) -> Any:
    if isinstance(value, list):
        return [_unstamped(element) for element in value]
    if isinstance(value, dict):
        return {key: _unstamped(member) for key, member in value.items() if key not in _STAMPS}
    return value
