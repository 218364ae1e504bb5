"""Tasks and events: JSCalendar (RFC 8984) property names and meanings."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from entrepot.core.kind import Kind, Part

LocalDateTime = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")]
"""A time on a wall clock (RFC 8984 section 1.4.5): it means an instant only together with `time_zone`."""

Duration = Annotated[str, msgspec.Meta(pattern=r"^P(\d+W|(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?)$")]
"""RFC 8984 section 1.4.6, never negative: `PT1H30M`, `P1D`."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class NDay(Part, frozen=True, kw_only=True):
    """A weekday, or with `nth` the nth (or nth last) of the period."""

    day: Literal["mo", "tu", "we", "th", "fr", "sa", "su"]
    nth_of_period: int | None = None


class RecurrenceRule(Part, frozen=True, kw_only=True):
    """RFC 8984 section 4.3.3; `until` is local time in the zone of the event."""

    frequency: Literal["yearly", "monthly", "weekly", "daily", "hourly", "minutely", "secondly"]
    interval: int = 1
    by_day: list[NDay] = []
    by_month_day: list[int] = []
    by_month: list[str] = []
    by_year_day: list[int] = []
    by_week_no: list[int] = []
    by_hour: list[int] = []
    by_minute: list[int] = []
    by_second: list[int] = []
    by_set_position: list[int] = []
    count: int | None = None
    until: LocalDateTime | None = None
    first_day_of_week: str | None = None
    rscale: str | None = None
    skip: str | None = None


class Alert(Part, frozen=True, kw_only=True):
    """`offset` is signed ISO 8601 relative to the start (or due), `at` an instant; one of the two."""

    offset: str | None = None
    relative_to: Literal["start", "end"] = "start"
    at: Instant | None = None
    action: str = "display"


class Participant(Part, frozen=True, kw_only=True):
    name: str | None = None
    email: str | None = None
    roles: list[str] = []
    participation_status: str | None = None
    expect_reply: bool = False


class Location(Part, frozen=True, kw_only=True):
    name: str | None = None
    coordinates: str | None = None
    """A geo: URI (RFC 5870)."""


class Planned(Kind, frozen=True, kw_only=True):
    """What tasks and events share. `start` is wall-clock time in `time_zone` (None: floating)."""

    uid: str | None = None
    title: str = ""
    description: str = ""
    start: LocalDateTime | None = None
    time_zone: str | None = None
    show_without_time: bool = False
    """True for all-day: the time part of `start` (and `due`) is midnight and means nothing."""
    keywords: list[str] = []
    categories: list[str] = []
    color: str | None = None
    priority: int | None = None
    """RFC 5545: 0 or None undefined, 1 highest, 9 lowest."""
    privacy: Literal["public", "private", "secret"] | None = None
    locations: list[Location] = []
    links: list[str] = []
    alerts: list[Alert] = []
    participants: list[Participant] = []
    related_to: dict[str, str] = {}
    """Other uid → relation (`parent`, `child`, `next`, …)."""
    recurrence_rules: list[RecurrenceRule] = []
    excluded_recurrence_rules: list[RecurrenceRule] = []
    recurrence_overrides: dict[str, dict[str, Any]] = {}
    """Start of the occurrence (local) → the properties that differ there; `{"excluded": true}` for EXDATE."""
    recurrence_id: LocalDateTime | None = None
    """Set on an occurrence that arrived without its master."""
    created: Instant | None = None
    updated: Instant | None = None
    sequence: int | None = None


class Event(Planned, frozen=True, kw_only=True):
    kind: ClassVar[str] = "event"
    standard: ClassVar[str] = "RFC 8984 Event"

    duration: Duration = "PT0S"
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    free_busy_status: Literal["free", "busy"] = "busy"
    end_time_zone: str | None = None


class Task(Planned, frozen=True, kw_only=True):
    kind: ClassVar[str] = "task"
    standard: ClassVar[str] = "RFC 8984 Task"

    due: LocalDateTime | None = None
    progress: Literal["needs-action", "in-process", "completed", "failed", "cancelled"] = "needs-action"
    progress_updated: Instant | None = None
    percent_complete: int | None = None
    estimated_duration: Duration | None = None
    project: str | None = None
    section: str | None = None
    parent: str | None = None
    """The id of the parent task at its service."""
    assignees: list[str] = []
    position: int | None = None


class Issue(Kind, frozen=True, kw_only=True):
    """A tracked issue or pull request (GitHub, Linear)."""

    kind: ClassVar[str] = "issue"
    standard: ClassVar[str] = "schema.org Action, GitHub names"

    number: int | None = None
    identifier: str | None = None
    title: str = ""
    body: str = ""
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    workflow_state: str | None = None
    labels: list[str] = []
    assignees: list[str] = []
    author: str | None = None
    milestone: str | None = None
    project: str | None = None
    repository: str | None = None
    is_pull_request: bool = False
    is_draft: bool = False
    priority: int | None = None
    estimate: float | None = None
    due: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    url: str | None = None
    comments: int | None = None
    created: Instant | None = None
    updated: Instant | None = None
    closed: Instant | None = None
