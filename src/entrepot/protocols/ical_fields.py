"""All fields of events and tasks but the time, people, alarms and recurrence: one entry for each, read and write."""

from entrepot.core.planner import Location, Planned, Task
from entrepot.protocols.content_line import Line, escaped, listed, unescaped
from entrepot.protocols.ical_field import (
    Attributes,
    Field,
    Found,
    first,
    held,
    number_field,
    text_field,
    word_field,
)
from entrepot.protocols.ical_people import PEOPLE
from entrepot.protocols.ical_time import compact_instant, instant_of
from entrepot.protocols.ical_when import EVENT_TIME, TASK_TIME
from entrepot.protocols.ical_zone import Zones

_PRIVACY = {"PUBLIC": "public", "PRIVATE": "private", "CONFIDENTIAL": "secret"}
_EVENT_STATUS = {"CONFIRMED": "confirmed", "TENTATIVE": "tentative", "CANCELLED": "cancelled"}
_FREE_BUSY = {"TRANSPARENT": "free", "OPAQUE": "busy"}
_PROGRESS = {
    "NEEDS-ACTION": "needs-action",
    "IN-PROCESS": "in-process",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
}


def _list_field(name: str, attribute: str, *, one_line: bool) -> Field:
    def read(found: Found, _: Zones, into: Attributes) -> None:
        lines = found.get(name, ())
        values = [text for line in lines for text in (listed(line.value) if one_line else [line.value.strip()]) if text]
        if values:
            into[attribute] = list(dict.fromkeys(values))

    def write(data: Planned, _: Zones) -> list[Line]:
        values = getattr(data, attribute)
        if one_line:
            return [Line(name, ",".join(escaped(value) for value in values))] if values else []
        return [Line(name, value) for value in values]

    return held((name,), attribute, read, write)


def _instant_field(name: str, attribute: str) -> Field:
    def read(found: Found, _: Zones, into: Attributes) -> None:
        line = first(found, name)
        at = instant_of(line.value) if line else None
        if at is not None:
            into[attribute] = at

    def write(data: Planned, _: Zones) -> list[Line]:
        at = getattr(data, attribute)
        return [Line(name, compact_instant(at))] if at else []

    return held((name,), attribute, read, write)


def _read_place(found: Found, _: Zones, into: Attributes) -> None:
    name, position = first(found, "LOCATION"), first(found, "GEO")
    text = unescaped(name.value) if name else ""
    latitude, separator, longitude = position.value.strip().partition(";") if position else ("", "", "")
    coordinates = _coordinates(latitude, longitude) if separator else None
    if text or coordinates:
        into["locations"] = [Location(name=text or None, coordinates=coordinates)]


def _coordinates(latitude: str, longitude: str) -> str | None:
    """As servers write them themselves, so that theirs are no change; None where they are no place on earth."""
    try:
        numbers = float(latitude), float(longitude)
    except ValueError:
        return None
    return f"geo:{numbers[0]},{numbers[1]}" if all(abs(number) <= 360 for number in numbers) else None


def _write_place(data: Planned, _: Zones) -> list[Line]:
    """ICalendar has room for one place; the first is it."""
    if not data.locations:
        return []
    place = data.locations[0]
    lines = [Line("LOCATION", escaped(place.name))] if place.name else []
    latitude, separator, longitude = (place.coordinates or "").removeprefix("geo:").partition(",")
    found = _coordinates(latitude, longitude.split(",")[0].split(";")[0]) if separator else None
    if found:
        lines.append(Line("GEO", found.removeprefix("geo:").replace(",", ";")))
    return lines


def _read_links(found: Found, _: Zones, into: Attributes) -> None:
    urls = [line.value.strip() for line in found.get("URL", ())[:1]]
    urls += [line.value.strip() for line in found.get("ATTACH", ()) if line.parameter("VALUE").upper() != "BINARY"]
    links = list(dict.fromkeys(url for url in urls if url))
    if links:
        into["links"] = links


def _write_links(data: Planned, _: Zones) -> list[Line]:
    return [Line("URL" if at == 0 else "ATTACH", url) for at, url in enumerate(data.links)]


def _read_relations(found: Found, _: Zones, into: Attributes) -> None:
    lines = found.get("RELATED-TO", ())
    related = {
        line.value.strip(): (line.parameter("RELTYPE") or "PARENT").lower() for line in lines if line.value.strip()
    }
    if related:
        into["related_to"] = related


def _write_relations(data: Planned, _: Zones) -> list[Line]:
    return [
        Line("RELATED-TO", uid, {"RELTYPE": [kind.upper()]} if kind not in {"", "parent"} else {})
        for uid, kind in data.related_to.items()
    ]


def _read_estimate(found: Found, _: Zones, into: Attributes) -> None:
    line = first(found, "ESTIMATED-DURATION")
    if line is not None and line.value.startswith("P"):
        into["estimated_duration"] = line.value.strip()


def _write_estimate(data: Task, _: Zones) -> list[Line]:
    return [Line("ESTIMATED-DURATION", data.estimated_duration)] if data.estimated_duration else []


_SHARED = (
    text_field("SUMMARY", "title"),
    text_field("DESCRIPTION", "description", "X-ALT-DESC"),
    _list_field("CATEGORIES", "keywords", one_line=True),
    _list_field("CONCEPT", "categories", one_line=False),
    text_field("COLOR", "color"),
    number_field("PRIORITY", "priority"),
    word_field("CLASS", "privacy", _PRIVACY),
    held(("LOCATION", "GEO", "X-APPLE-STRUCTURED-LOCATION"), "locations", _read_place, _write_place),
    held(("URL", "ATTACH"), "links", _read_links, _write_links),
    PEOPLE,
    held(("RELATED-TO",), "related_to", _read_relations, _write_relations),
    _instant_field("CREATED", "created"),
    _instant_field("LAST-MODIFIED", "updated"),
    number_field("SEQUENCE", "sequence"),
)
EVENT_FIELDS = (
    EVENT_TIME,
    *_SHARED,
    word_field("STATUS", "status", _EVENT_STATUS, silent="confirmed"),
    word_field("TRANSP", "free_busy_status", _FREE_BUSY, silent="busy"),
)
TASK_FIELDS = (
    TASK_TIME,
    *_SHARED,
    word_field("STATUS", "progress", _PROGRESS, silent="needs-action"),
    _instant_field("COMPLETED", "progress_updated"),
    number_field("PERCENT-COMPLETE", "percent_complete"),
    number_field("X-APPLE-SORT-ORDER", "position"),
    held(("ESTIMATED-DURATION",), "estimated_duration", _read_estimate, _write_estimate),
)
