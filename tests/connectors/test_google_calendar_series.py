"""Series made up at random happen at Google Calendar when they happen here, wherever the machine stands."""

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.connectors.google_hand import opened_google, said
from tests.protocols.calendars import CLOCKS, clock_in, occurrences
from tests.services.google_calendar import GoogleCalendar

from entrepot.core.planner import Event, NDay, RecurrenceRule
from entrepot.protocols import ical

ZONES = ("Etc/UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati")
PATCHES: list[dict[str, Any]] = [
    {"excluded": True},
    {"title": "Other"},
    {"duration": "PT3H"},
    {"start": "2026-03-30T07:00:00", "status": "confirmed"},
]
SERIES = st.builds(
    Event,
    title=st.just("Generated"),
    start=st.sampled_from(["2026-03-07T12:00:00", "2026-03-27T12:30:00", "2026-10-23T23:15:00"]),
    time_zone=st.sampled_from(ZONES),
    duration=st.just("PT45M"),
    status=st.just("tentative"),
    recurrence_rules=st.builds(
        RecurrenceRule,
        frequency=st.sampled_from(["daily", "weekly", "monthly"]),
        interval=st.integers(1, 3),
        count=st.integers(2, 9),
        by_day=st.sampled_from([[], [NDay(day="fr")], [NDay(day="sa"), NDay(day="su")]]),
    ).map(lambda rule: [rule]),
)
DIFFERENCES = st.lists(st.tuples(st.integers(0, 8), st.sampled_from(PATCHES)), max_size=3)
SPAN = (datetime(2026, 1, 1), datetime(2032, 1, 1))  # noqa: DTZ001 -- the oracle takes floating times


def with_differences(series: Event, differences: list[tuple[int, dict[str, Any]]]) -> Event:
    """At times at which the series has an occurrence."""
    starts = [at for at, _, _ in occurrences(ical.write(series), *SPAN)]
    zone = ZoneInfo(series.time_zone or "")
    local = [datetime.fromisoformat(at).astimezone(zone).replace(tzinfo=None).isoformat() for at in starts]
    overrides = {local[at % len(local)]: patch for at, patch in differences} if local else {}
    return replace(series, recurrence_overrides=dict(sorted(overrides.items())))


@settings(deadline=None, max_examples=12)
@given(SERIES, DIFFERENCES, DIFFERENCES, st.sampled_from(CLOCKS))
def test_any_series_happens_there_when_it_happens_here(
    series: Event, first: list[tuple[int, dict[str, Any]]], then: list[tuple[int, dict[str, Any]]], clock: str
):
    async def travels() -> None:
        async with opened_google(GoogleCalendar()) as hand:
            before, after = with_differences(series, first), with_differences(series, then)
            made = await hand.create(before)
            assert made.data == said(made, before)
            newer = await hand.update(made, recurrence_overrides=after.recurrence_overrides)
            assert newer.data == said(newer, after)
            assert occurrences(ical.write(newer.data), *SPAN) == occurrences(ical.write(after), *SPAN)

    with clock_in(clock):
        asyncio.run(travels())
