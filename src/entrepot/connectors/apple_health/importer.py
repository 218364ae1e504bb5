"""Apple Health: the export of the Health app, as the zip, its folder or the XML file alone."""

from collections.abc import Iterator

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_xml import Element, elements, root_of
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

from . import sample, summary, workout
from .correlation import Pressures, read_correlation
from .keys import NearKeys
from .mending import mended
from .route import Routes
from .sample import read_sample
from .summary import read_summary
from .workout import read_workout

ROOT = "HealthData"
_STREAMS = {"Workout": workout.STREAM, "ActivitySummary": summary.STREAM}


class AppleHealth:
    """Streams `samples`, `workouts`, `activity_summaries`. The file's name is translated: its root tells it."""

    def recognise(self, archive: Archive) -> Match | None:
        if not any(True for _ in _exports(archive)):
            return None
        routes = sum(1 for _ in archive.entries("workout-routes/*.gpx"))
        return Match(1.0, found=["health records", *([f"{routes} routes"] if routes else [])])

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:  # noqa: ARG002 - there are none
        routes = Routes(archive, workout.STREAM)
        for entry in _exports(archive):
            yield from unless_damaged(archive, entry.name, sample.STREAM, _Export(entry, routes).read())
        yield from routes.damaged
        yield from unreadable(archive.entries(), sample.STREAM)


class _Export:
    def __init__(self, entry: Entry, routes: Routes) -> None:
        self._entry = entry
        self._routes = routes
        self._keys = NearKeys()
        self._pressures = Pressures()

    def read(self) -> Iterator[Change | BadRow]:
        """What was held back is given also where the file turns out to be damaged."""
        try:
            yield from self._elements()
        except Damaged:
            yield from self._pressures.left_over()
            raise
        yield from self._pressures.left_over()

    def _elements(self) -> Iterator[Change | BadRow]:
        tags = ("Record", "Correlation", "Workout", "ActivitySummary")
        for place, element in enumerate(elements(self._entry, *tags, through=mended), start=1):
            try:
                change = self._change(element)
            except (ValueError, OverflowError) as error:
                yield self._bad(element, place, str(error))
            else:
                if change is not None:
                    yield change

    def _change(self, element: Element) -> Change | None:
        """None for what is part of something else, or comes later."""
        tag = element.tag
        if tag == "Record":
            parent = element.getparent()
            is_inside = parent is not None and parent.tag == "Correlation"
            return None if is_inside or self._pressures.hold(element, self._keys) else read_sample(element, self._keys)
        if tag == "Correlation":
            return read_correlation(element, self._pressures)
        return read_workout(element, self._routes) if tag == "Workout" else read_summary(element)

    def _bad(self, element: Element, place: int, reason: str) -> BadRow:
        name = element.get("type") or element.get("workoutActivityType") or element.get("dateComponents") or ""
        where = f"{self._entry.name}, element {place} ({' '.join([str(element.tag), name]).strip()})"
        return BadRow(_STREAMS.get(str(element.tag), sample.STREAM), where, reason)


def _exports(archive: Archive) -> Iterator[Entry]:
    return (entry for entry in archive.entries("*.xml") if root_of(entry) == ROOT)
