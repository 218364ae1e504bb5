"""What people did and how they were: plays, lists of titles, health, workouts, visits."""

from typing import Annotated, ClassVar, Literal

import msgspec

from entrepot.core.kind import Kind, Part
from entrepot.core.people import PartialDate
from entrepot.core.planner import Instant

Score = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Play(Kind, frozen=True, kw_only=True):
    """Something listened to, watched, read or visited; verbs of ActivityStreams 2.0.

    `date` stands alone where the source tells no time of day.
    """

    kind: ClassVar[str] = "play"
    standard: ClassVar[str] = "ActivityStreams 2.0 Listen, View, Read"

    verb: Literal["Listen", "View", "Read", "Search"] = "View"
    title: str = ""
    started: Instant | None = None
    ended: Instant | None = None
    date: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    seconds: float | None = None
    object_type: str | None = None
    """`track`, `episode`, `audiobook`, `film`, `video`, `page`, …"""
    artist: str | None = None
    album: str | None = None
    series: str | None = None
    url: str | None = None
    uri: str | None = None
    device: str | None = None
    country: str | None = None
    profile: str | None = None
    skipped: bool | None = None
    offline: bool | None = None


class LibraryEntry(Kind, frozen=True, kw_only=True):
    """A title on somebody's list. `score` is 1 to 100, None for none; progress counts what the medium counts."""

    kind: ClassVar[str] = "library_entry"
    standard: ClassVar[str] = "AniList names, score 1–100"

    medium: Literal["anime", "manga", "book", "film", "series", "game", "podcast"] = "anime"
    title: str = ""
    titles: dict[str, str] = {}
    """Language or script (`romaji`, `english`, `native`, `ja`) → title."""
    status: Literal["current", "planned", "completed", "paused", "dropped", "repeating"] = "planned"
    score: Score | None = None
    progress: int = 0
    progress_volumes: int | None = None
    total: int | None = None
    total_volumes: int | None = None
    repeats: int = 0
    started: PartialDate | None = None
    finished: PartialDate | None = None
    notes: str = ""
    tags: list[str] = []
    is_private: bool = False
    priority: int | None = None
    identifiers: dict[str, str] = {}
    """The same work elsewhere: `{"mal": "30", "anilist": "30"}`."""
    format: str | None = None
    url: str | None = None
    created: Instant | None = None
    updated: Instant | None = None


class HealthSample(Kind, frozen=True, kw_only=True):
    """One measurement; type names of Open mHealth where it has one, the source's own elsewhere."""

    kind: ClassVar[str] = "health_sample"
    standard: ClassVar[str] = "Open mHealth"

    type: str
    start: Instant
    end: Instant | None = None
    value: float | None = None
    text: str | None = None
    """The value where it is a word (a sleep stage, a symptom's severity)."""
    unit: str | None = None
    source: str | None = None
    device: str | None = None
    metadata: dict[str, str] = {}
    components: dict[str, float] = {}
    """Parts of one reading (systolic, diastolic)."""


class TrackPoint(Part, frozen=True, kw_only=True):
    at: Instant | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    heart_rate: int | None = None


class Workout(Kind, frozen=True, kw_only=True):
    """One session; names of the FIT session message. Metres, seconds, kilocalories."""

    kind: ClassVar[str] = "workout"
    standard: ClassVar[str] = "FIT session"

    sport: str
    start: Instant
    end: Instant | None = None
    total_elapsed_time: float | None = None
    total_timer_time: float | None = None
    total_distance: float | None = None
    total_calories: float | None = None
    avg_heart_rate: float | None = None
    max_heart_rate: float | None = None
    total_ascent: float | None = None
    name: str | None = None
    source: str | None = None
    device: str | None = None
    route: list[TrackPoint] = []
    metadata: dict[str, str] = {}


class Visit(Kind, frozen=True, kw_only=True):
    """Being at a place or moving between places: a GeoJSON geometry (RFC 7946) with times.

    Coordinates are longitude, latitude, and metres of altitude where known.
    """

    kind: ClassVar[str] = "visit"
    standard: ClassVar[str] = "RFC 7946 Feature"

    type: Literal["place", "move", "point"] = "place"
    start: Instant | None = None
    end: Instant | None = None
    geometry_type: Literal["Point", "LineString"] = "Point"
    coordinates: list[float | list[float]] = []
    name: str | None = None
    address: str | None = None
    place_id: str | None = None
    activity: str | None = None
    distance: float | None = None
    accuracy: float | None = None
    probability: float | None = None
    altitude: float | None = None
    source: str | None = None
