"""Records.json: every position a phone ever sent, millions of them; the raw record is not kept beside the visit."""

from collections.abc import Iterator

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Visit
from entrepot.protocols.archive_json import records
from entrepot.protocols.archive_keys import key_of
from entrepot.sdk.archive import Entry

from .measures import from_e7, from_text, instant

STREAM = "places"
BROKEN = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, OSError, RecursionError)


class _Guess(msgspec.Struct):
    type: str = ""
    confidence: float = 0


class _Activity(msgspec.Struct):
    activity: list[_Guess] = []


class _Location(msgspec.Struct, rename="camel"):
    timestamp: str | int | None = None
    timestamp_ms: str | int | None = None
    latitude_e7: int | None = msgspec.field(default=None, name="latitudeE7")
    longitude_e7: int | None = msgspec.field(default=None, name="longitudeE7")
    accuracy: float | None = None
    altitude: float | None = None
    vertical_accuracy: float | None = None
    velocity: float | None = None
    heading: float | None = None
    source: str | None = None
    device_tag: int | None = None
    activity: list[_Activity] = []


_DECODER = msgspec.json.Decoder(_Location)
_KEPT = {
    "vertical_accuracy": "verticalAccuracy",
    "velocity": "velocity",
    "heading": "heading",
    "device_tag": "deviceTag",
}


def read_positions(entry: Entry) -> Iterator[Change | BadRow]:
    for number, raw in enumerate(records(entry, "locations"), start=1):
        try:
            yield _position(_DECODER.decode(raw))
        except BROKEN as error:
            yield BadRow(STREAM, f"{entry.name}, location {number}", str(error))


def _position(location: _Location) -> Change:
    at = instant(location.timestamp or location.timestamp_ms)
    where = from_e7(location.latitude_e7, location.longitude_e7)
    if where is None:
        raise ValueError("there are no coordinates")
    guesses = location.activity[0].activity if location.activity else []
    visit = Visit(
        type="point",
        start=at,
        coordinates=[*where],
        accuracy=location.accuracy,
        altitude=location.altitude,
        source=location.source,
        activity=max(guesses, key=lambda guess: guess.confidence).type if guesses else None,
        extra={name: value for field, name in _KEPT.items() if (value := getattr(location, field)) is not None},
    )
    return point_change(visit, where, str(location.device_tag or ""))


def read_signals(entry: Entry, path: str) -> Iterator[Change | BadRow]:
    """`rawSignals` of a phone's Timeline, or the edits it sent; of the signals only positions are places."""
    for number, raw in enumerate(records(entry, path), start=1):
        try:
            signal = msgspec.json.decode(raw, type=dict[str, object])
            position = signal.get("position") or _edited_position(signal)
            if isinstance(position, dict):
                yield _signal(position)
        except BROKEN as error:
            yield BadRow(STREAM, f"{entry.name}, {path} {number}", str(error))


def _edited_position(edit: dict[str, object]) -> object:
    found: object = edit
    for name in ("rawSignal", "signal", "position"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _signal(position: dict[str, object]) -> Change:
    point = position.get("point")
    if isinstance(point, dict):
        where = from_e7(point.get("latE7"), point.get("lngE7"))
    else:
        where = from_text(position.get("LatLng") or position.get("latLng"))
    if where is None:
        raise ValueError("there are no coordinates")
    accuracy, millimetres = position.get("accuracyMeters"), position.get("accuracyMm")
    metres = millimetres / 1000 if isinstance(millimetres, int | float) else None
    source, altitude, speed = (
        position.get("source"),
        position.get("altitudeMeters"),
        position.get("speedMetersPerSecond"),
    )
    visit = Visit(
        type="point",
        start=instant(position.get("timestamp")),
        coordinates=[*where],
        accuracy=float(accuracy) if isinstance(accuracy, int | float) else metres,
        altitude=float(altitude) if isinstance(altitude, int | float) else None,
        source=source if isinstance(source, str) else None,
        extra={"velocity": speed} if speed is not None else {},
    )
    return point_change(visit, where)


def point_change(visit: Visit, where: list[float], *more: str) -> Change:
    """Two devices may be at one place in one instant, so what tells them apart is in the key."""
    at = visit.start.timestamp() if visit.start else 0
    key = key_of(
        "point", f"{at:.3f}", f"{where[0]:.7f}", f"{where[1]:.7f}", str(visit.accuracy), visit.source or "", *more
    )
    return Change(STREAM, Ref(key), visit)
