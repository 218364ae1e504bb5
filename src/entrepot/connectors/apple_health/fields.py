"""Attributes of Health's elements: instants, numbers, devices and notes."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite

from entrepot.protocols.archive_xml import Element

_NAMED = re.compile(r"(?:^|, )(name|hardware):(.*?)(?=, \w+:|$)")
_QUANTITY = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s+(\S.*?)\s*")


def required(element: Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise ValueError(f"there is no {name}")
    return value


def instant(text: str) -> datetime:
    """Health writes the offset of the phone at the export, which says nothing of the event: so UTC."""
    written = datetime.fromisoformat(text[:19] + text[20:] if text[19:20] == " " else text)
    if written.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return written.astimezone(UTC)


def second(at: datetime) -> str:
    """The instant as it stands in keys; Health tells whole seconds."""
    return str(int(at.timestamp()))


def number(text: str) -> float:
    found = float(text)
    if not isfinite(found):
        raise ValueError(f"{text!r} is no number")
    return found


def quantity(text: str) -> tuple[float, str] | None:
    """Amount and unit of a note such as `1234 cm`."""
    found = _QUANTITY.fullmatch(text)
    return (number(found[1]), found[2]) if found else None


def device_name(description: str) -> str | None:
    """`Apple Watch (Watch6,2)`. The address before the name is another one in every export."""
    return _device_name(description.rpartition(">, ")[2])


@lru_cache(maxsize=4096)
def _device_name(plain: str) -> str | None:
    found = {key: value.strip() for key, value in _NAMED.findall(plain.removesuffix(">"))}
    name, hardware = found.get("name", ""), found.get("hardware", "")
    if name and hardware:
        return f"{name} ({hardware})"
    return name or hardware or None


def notes(element: Element) -> dict[str, str]:
    """The `MetadataEntry` children."""
    return {key: child.get("value", "") for child in element.iterchildren("MetadataEntry") if (key := child.get("key"))}
