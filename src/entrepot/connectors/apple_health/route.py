"""Where a workout led: points inside the export (old ones), or a GPX file beside it."""

from collections.abc import Iterator
from typing import NamedTuple

from entrepot.core.change import Attachment, BadRow
from entrepot.core.errors import PersonMustFix
from entrepot.core.life import TrackPoint
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_files import attach
from entrepot.protocols.archive_xml import Element, elements
from entrepot.sdk.archive import Archive, Entry

from .fields import instant, number, required
from .mending import mended

MOST_POINTS = 1_000
_GPX = "application/gpx+xml"


class Route(NamedTuple):
    points: list[TrackPoint]
    files: list[Attachment]
    missing: list[str]
    """GPX files the export speaks of and does not hold."""


class Routes:
    """Finds GPX files by the paths the export writes: `/workout-routes/route_2019-06-11_3.00pm.gpx`.

    `damaged` tells of those that could not be read.
    """

    def __init__(self, archive: Archive, stream: str) -> None:
        self.damaged: list[BadRow] = []
        self._stream = stream
        self._by_name = {entry.name.rpartition("/")[2]: entry for entry in archive.entries("*.gpx")}

    def of(self, workout: Element) -> Route:
        route = Route([], [], [])
        for part in workout.iterchildren("WorkoutRoute"):
            route.points.extend(_point(location) for location in part.iterchildren("Location"))
            for reference in part.iterchildren("FileReference"):
                self._add(required(reference, "path"), route)
        return route

    def _add(self, path: str, route: Route) -> None:
        entry = self._by_name.get(path.rpartition("/")[2])
        if entry is None:
            route.missing.append(path)
            return
        try:
            route.files.append(attach(entry, media_type=_GPX))
        except Damaged as error:
            route.missing.append(path)
            self.damaged.append(BadRow(self._stream, entry.name, f"{error.message} Its workout came without it."))
        else:
            route.points.extend(thinned(entry))


def thinned(entry: Entry) -> list[TrackPoint]:
    """At most a thousand points, evenly chosen, with the first and the last; a broken file gives what it can.

    A watch writes one a second, so that a year of workouts would be gigabytes: the whole file is kept beside them.
    """
    kept: list[TrackPoint] = []
    step = 1
    last: TrackPoint | None = None
    for number_, point in enumerate(_gpx_points(entry)):
        last = point
        if number_ % step == 0:
            kept.append(point)
            if len(kept) >= 2 * MOST_POINTS:
                kept, step = kept[::2], step * 2
    if len(kept) > MOST_POINTS:
        kept = kept[::2]
    if last is not None and kept[-1] is not last:
        kept.append(last)
    return kept


def _gpx_points(entry: Entry) -> Iterator[TrackPoint]:
    try:
        for found in elements(entry, "{*}trkpt", through=mended):
            point = _gpx_point(found)
            if point is not None:
                yield point
    except PersonMustFix:
        return  # the file itself is kept, so nothing is lost with the points behind the fault


def _gpx_point(point: Element) -> TrackPoint | None:
    try:
        written, height = point.findtext("{*}time"), point.findtext("{*}ele")
        return TrackPoint(
            at=instant(written) if written else None,
            latitude=number(required(point, "lat")),
            longitude=number(required(point, "lon")),
            altitude=number(height) if height else None,
        )
    except ValueError:
        return None


def _point(location: Element) -> TrackPoint:
    height = location.get("altitude")
    return TrackPoint(
        at=instant(required(location, "date")),
        latitude=number(required(location, "latitude")),
        longitude=number(required(location, "longitude")),
        altitude=number(height) if height else None,
    )
