"""Semantic Location History: visits and moves by month, as Google kept them on its servers until 2024."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Visit
from entrepot.protocols.archive_json import records
from entrepot.protocols.archive_keys import key_of
from entrepot.sdk.archive import Entry

from .measures import figure, from_e7, instant, optional_instant, word
from .positions import BROKEN, STREAM

Coordinates = list[float | list[float]]


def read_semantic(entry: Entry) -> Iterator[Change | BadRow]:
    for number, raw in enumerate(records(entry, "timelineObjects"), start=1):
        try:
            found = msgspec.json.decode(raw, type=dict[str, Any])
            visit = _visit(found)
            if visit is not None:
                yield timeline_change(visit, msgspec.json.format(raw, indent=-1))
        except (*BROKEN, AttributeError) as error:
            yield BadRow(STREAM, f"{entry.name}, object {number}", str(error))


def timeline_change(visit: Visit, native: bytes, level: str = "0") -> Change:
    """Known by its times, so that a place that is corrected later stays the same visit."""
    tells = (visit.coordinates, visit.place_id, visit.name, visit.address, visit.activity, visit.distance)
    if not any(tells):
        raise ValueError("it says neither where nor what it was")
    times = (second(visit.start), second(visit.end))
    return Change(STREAM, Ref(key_of(visit.type, *times, level)), visit, native)


def second(at: datetime | None) -> str:
    return str(int(at.timestamp())) if at else ""


def line_or_point(points: list[list[float]]) -> tuple[Literal["Point", "LineString"], Coordinates]:
    """A line of one point is a point."""
    if len(points) == 1:
        return "Point", [*points[0]]
    return "LineString", [*points]


def _visit(found: dict[str, Any]) -> Visit | None:
    if place := found.get("placeVisit"):
        return _place(place)
    if move := found.get("activitySegment"):
        return _move(move)
    return None


def _place(place: dict[str, Any]) -> Visit:
    location = place.get("location") or {}
    where = from_e7(location.get("latitudeE7"), location.get("longitudeE7"))
    where = where or from_e7(place.get("centerLatE7"), place.get("centerLngE7"))
    start, end = _times(place)
    semantic = location.get("semanticType")
    confidence = figure(location.get("locationConfidence"))
    return Visit(
        type="place",
        start=start,
        end=end,
        coordinates=[*where] if where else [],
        name=word(location.get("name")),
        address=word(location.get("address")),
        place_id=word(location.get("placeId")),
        probability=confidence / 100 if confidence is not None else None,
        source="Semantic Location History",
        extra={"semanticType": semantic} if semantic else {},
    )


def _move(move: dict[str, Any]) -> Visit:
    start, end = _times(move)
    way = move.get("waypointPath") or {}
    points = _points(move, way)
    geometry, coordinates = line_or_point(points)
    kind = move.get("activityType")
    guesses = {guess.get("activityType"): figure(guess.get("probability")) for guess in move.get("activities") or ()}
    probability = guesses.get(kind)
    distance = figure(move.get("distance"))
    return Visit(
        type="move",
        start=start,
        end=end,
        geometry_type=geometry,
        coordinates=coordinates,
        activity=word(kind or way.get("travelMode")),
        distance=distance if distance is not None else figure(way.get("distanceMeters")),
        probability=probability / 100 if probability is not None else None,
        source="Semantic Location History",
    )


def _points(move: dict[str, Any], way: dict[str, Any]) -> list[list[float]]:
    """Start, the way between as exactly as it is known, end."""
    raw = (move.get("simplifiedRawPath") or {}).get("points") or way.get("waypoints") or ()
    between = (from_e7(point.get("latE7"), point.get("lngE7")) for point in raw)
    start, end = (
        from_e7(place.get("latitudeE7"), place.get("longitudeE7"))
        for place in (move.get("startLocation") or {}, move.get("endLocation") or {})
    )
    return [point for point in (start, *between, end) if point]


def _times(found: dict[str, Any]) -> tuple[datetime, datetime | None]:
    """Older files name milliseconds: `startTimestampMs`."""
    duration = found.get("duration") or {}
    start = duration.get("startTimestamp") or duration.get("startTimestampMs")
    end = duration.get("endTimestamp") or duration.get("endTimestampMs")
    return instant(start), optional_instant(end)
