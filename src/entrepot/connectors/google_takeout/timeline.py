"""Timeline.json of a phone, where Timeline lives since 2024: Android's `semanticSegments`, the array of an iPhone."""

from collections.abc import Iterator
from typing import Any

import msgspec

from entrepot.core.change import BadRow, Change
from entrepot.core.life import Visit
from entrepot.protocols.archive_json import records
from entrepot.sdk.archive import Entry

from .measures import figure, from_text, instant, optional_instant, word
from .positions import BROKEN, STREAM, read_signals
from .semantic import line_or_point, timeline_change

_SOURCE = "Timeline"


def read_timeline(entry: Entry, path: str) -> Iterator[Change | BadRow]:
    """`path` is `semanticSegments` (Android) or empty (iPhone)."""
    for number, raw in enumerate(records(entry, path), start=1):
        try:
            change = _read(msgspec.json.decode(raw, type=dict[str, Any]), raw)
        except (*BROKEN, AttributeError) as error:
            yield BadRow(STREAM, f"{entry.name}, segment {number}", str(error))
        else:
            if change is not None:
                yield change
    if path:
        yield from read_signals(entry, "rawSignals")


def _read(segment: dict[str, Any], raw: bytes) -> Change | None:
    """None for memories of journeys, which repeat visits."""
    native, level = msgspec.json.format(raw, indent=-1), "0"
    if place := segment.get("visit"):
        visit, level = _place(segment, place), str(place.get("hierarchyLevel") or 0)
    elif move := segment.get("activity"):
        visit = _move(segment, move)
    elif path := segment.get("timelinePath"):
        visit, level = _path(segment, path), "path"
    else:
        return None
    return timeline_change(visit, native, level)


def _place(segment: dict[str, Any], place: dict[str, Any]) -> Visit:
    best = place.get("topCandidate") or {}
    where = from_text(best.get("placeLocation"))
    semantic = best.get("semanticType")
    return Visit(
        type="place",
        start=instant(segment.get("startTime")),
        end=optional_instant(segment.get("endTime")),
        coordinates=[*where] if where else [],
        place_id=word(best.get("placeId") or best.get("placeID")),
        probability=figure(place.get("probability")),
        source=_SOURCE,
        extra={"semanticType": semantic} if semantic else {},
    )


def _move(segment: dict[str, Any], move: dict[str, Any]) -> Visit:
    best = move.get("topCandidate") or {}
    points = [point for end in ("start", "end") if (point := from_text(move.get(end)))]
    geometry, coordinates = line_or_point(points)
    return Visit(
        type="move",
        start=instant(segment.get("startTime")),
        end=optional_instant(segment.get("endTime")),
        geometry_type=geometry,
        coordinates=coordinates,
        activity=word(best.get("type")),
        distance=figure(move.get("distanceMeters")),
        probability=figure(best.get("probability")),
        source=_SOURCE,
    )


def _path(segment: dict[str, Any], path: list[dict[str, Any]]) -> Visit:
    """The way of some hours; each point's time stays in the raw record."""
    points = [where for point in path if (where := from_text(point.get("point")))]
    if not points:
        raise ValueError("there are no coordinates")
    geometry, coordinates = line_or_point(points)
    return Visit(
        type="move",
        start=instant(segment.get("startTime")),
        end=optional_instant(segment.get("endTime")),
        geometry_type=geometry,
        coordinates=coordinates,
        source=_SOURCE,
    )
