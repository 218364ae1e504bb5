"""Addresses of files, which Notion signs anew for each answer."""

from typing import Any


def without_expiry(value: Any) -> Any:
    """A signed address dies after an hour: only what stays is kept."""
    if isinstance(value, list):
        return [without_expiry(element) for element in value]
    if not isinstance(value, dict):
        return value
    if "expiry_time" in value and isinstance(value.get("url"), str):
        return {"url": value["url"].partition("?")[0]}
    return {key: without_expiry(member) for key, member in value.items()}
