"""A `Workout`: its totals in metres, seconds and kilocalories, its statistics, events and route."""

from entrepot.core.change import Change, Ref
from entrepot.core.life import Workout
from entrepot.protocols.archive_keys import key_of
from entrepot.protocols.archive_xml import Element

from .fields import device_name, instant, notes, number, quantity, required, second
from .names import kilocalories, metres, seconds, sport_of
from .route import Routes

STREAM = "workouts"
_DISTANCE = "HKQuantityTypeIdentifierDistance"
_ENERGY = "HKQuantityTypeIdentifierActiveEnergyBurned"
_HEART = "HKQuantityTypeIdentifierHeartRate"
_KEPT = {"WorkoutStatistics": "statistics", "WorkoutEvent": "events", "WorkoutActivity": "activities"}


def read_workout(element: Element, routes: Routes) -> Change:
    activity, source = required(element, "workoutActivityType"), element.get("sourceName", "")
    start, end = instant(required(element, "startDate")), instant(required(element, "endDate"))
    statistics, metadata, route = _statistics(element), notes(element), routes.of(element)
    heart, device = statistics.get(_HEART), element.get("device")
    workout = Workout(
        sport=sport_of(activity),
        start=start,
        end=end,
        total_elapsed_time=(end - start).total_seconds(),
        total_timer_time=_duration(element),
        total_distance=_distance(element, statistics),
        total_calories=_energy(element, statistics),
        avg_heart_rate=_figure(heart, "average"),
        max_heart_rate=_figure(heart, "maximum"),
        total_ascent=_ascent(metadata),
        source=source or None,
        device=device_name(device) if device else None,
        route=route.points,
        metadata=metadata,
        extra=_extra(element, route.missing),
    )
    key = key_of(activity, source, second(start), second(end), element.get("duration", ""))
    return Change(STREAM, Ref(key), workout, files=route.files)


def _statistics(element: Element) -> dict[str, Element]:
    return {kind: child for child in element.iterchildren("WorkoutStatistics") if (kind := child.get("type"))}


def _duration(element: Element) -> float | None:
    amount = element.get("duration")
    return seconds(number(amount), element.get("durationUnit", "min")) if amount else None


def _distance(element: Element, statistics: dict[str, Element]) -> float | None:
    """Until iOS 15 an attribute, since then the statistic of whichever distance the sport has."""
    if amount := element.get("totalDistance"):
        return metres(number(amount), element.get("totalDistanceUnit", "km")) or None
    parts = [
        metres(number(amount), statistic.get("unit", "km"))
        for kind, statistic in statistics.items()
        if kind.startswith(_DISTANCE) and (amount := statistic.get("sum"))
    ]
    return sum(parts) if parts else None


def _energy(element: Element, statistics: dict[str, Element]) -> float | None:
    if amount := element.get("totalEnergyBurned"):
        return kilocalories(number(amount), element.get("totalEnergyBurnedUnit", "kcal")) or None
    burned = statistics.get(_ENERGY)
    amount = burned.get("sum") if burned is not None else None
    return kilocalories(number(amount), burned.get("unit", "kcal")) if burned is not None and amount else None


def _figure(statistic: Element | None, name: str) -> float | None:
    written = statistic.get(name) if statistic is not None else None
    return number(written) if written else None


def _ascent(metadata: dict[str, str]) -> float | None:
    found = quantity(metadata.get("HKElevationAscended", ""))
    return metres(*found) if found else None


def _extra(element: Element, missing: list[str]) -> dict[str, object]:
    """What has no field of its own, under Health's names."""
    extra: dict[str, object] = {"workoutActivityType": element.get("workoutActivityType")}
    if version := element.get("sourceVersion"):
        extra["sourceVersion"] = version
    for tag, name in _KEPT.items():
        if found := [_plain(child) for child in element.iterchildren(tag)]:
            extra[name] = found
    if missing:
        extra["missingRoutes"] = missing
    return extra


def _plain(element: Element) -> dict[str, object]:
    """Dates in UTC: the offset is that of the export, and would make every export differ from the one before."""
    plain: dict[str, object] = {}
    for name, value in element.attrib.items():
        is_date = str(name).lower().endswith("date") and value
        plain[str(name)] = instant(str(value)).isoformat() if is_date else str(value)
    if noted := notes(element):
        plain["metadata"] = noted
    if inner := [_plain(child) for child in element if child.tag != "MetadataEntry"]:
        plain["parts"] = inner
    return plain
