"""Events that say all that an event can: nobody who cannot hold it takes it away, and no rounded copy comes back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.together.test_calendars import Calendars, calendars, running

from entrepot.core.planner import Alert, Location, NDay, Participant, RecurrenceRule

__all__ = ["calendars", "running"]

HOUR = {"start": "2026-10-05T09:00:00", "time_zone": "Europe/Berlin", "duration": "PT1H"}
DAY = {"start": "2026-10-05T00:00:00", "time_zone": None, "show_without_time": True, "duration": "P1D"}


def rule(**said: Any) -> dict[str, Any]:
    return {"recurrence_rules": [RecurrenceRule(**{"frequency": "weekly", **said})]}


TEXTS = (
    "plain",
    "two\n\nlines",
    "**bold** [x](https://example.org)",
    "- a\n- b",
    "<b>html</b> & more",
    " lead",
    "end \n",
)
ALERTS = (
    [Alert(offset="-PT15M"), Alert(offset="-PT1H", action="email")],
    [Alert(offset="PT5M")],
    [Alert(offset="-P1D", relative_to="end")],
    [Alert(at=datetime(2026, 10, 4, 9, tzinfo=UTC))],
)
OTHERWISE = {
    "2026-10-12T09:00:00": {"title": "x", "privacy": "private", "links": ["https://example.org"]},
    "2026-10-19T09:00:00": {"excluded": True},
    "2026-10-26T09:00:00": {"start": "2026-10-26T11:00:00", "duration": "PT2H", "locations": [{"name": "C"}]},
    "2026-11-02T09:00:00": {"alerts": [{"offset": "-PT5M", "action": "display"}], "status": "tentative"},
}
DAYS_OTHERWISE = {
    "2026-10-12T00:00:00": {"excluded": True},
    "2026-10-19T00:00:00": {"start": "2026-10-20T00:00:00"},
}
PLAIN: list[dict[str, Any]] = [
    *({"description": text} for text in TEXTS),
    *({"alerts": alerts} for alerts in ALERTS),
    *({"privacy": privacy} for privacy in ("public", "private", "secret")),
    *({"priority": priority} for priority in range(10)),
    *({"duration": duration} for duration in ("PT0S", "PT25H", "P1D", "P1DT2H", "P1W")),
    *({"time_zone": zone} for zone in ("Etc/UTC", "America/New_York", "Australia/Lord_Howe")),
    *({**DAY, "duration": duration} for duration in ("P1D", "P3D", "P1W")),
    {"status": "tentative", "free_busy_status": "free", "keywords": ["a", "B c"], "categories": ["x"], "color": "red"},
    {"locations": [Location(name="A"), Location(name="B", coordinates="geo:52.5,13.4")]},
    {"participants": [Participant(name="Bo", email="bo@example.org", roles=["attendee"])]},
    {"end_time_zone": "America/New_York", "links": ["https://example.org/1"]},
]
REPEATING: list[dict[str, Any]] = [
    rule(),
    rule(interval=2, by_day=[NDay(day="su"), NDay(day="mo")], first_day_of_week="su"),
    rule(frequency="daily", until="2026-11-05T09:00:00"),
    rule(frequency="monthly", by_month_day=[-1]),
    rule(frequency="monthly", by_day=[NDay(day="fr", nth_of_period=-1)], count=4),
    rule(frequency="monthly", by_day=[NDay(day="mo"), NDay(day="tu")], by_set_position=[-1]),
    rule(frequency="yearly", by_month=["10"], by_month_day=[5]),
    {**rule(), "recurrence_overrides": OTHERWISE},
    {**DAY, **rule(), "recurrence_overrides": DAYS_OTHERWISE},
]
NOT_EVERYWHERE: list[dict[str, Any]] = [
    {"status": "cancelled"},
    {"time_zone": None},
    rule(frequency="monthly", by_month_day=[31]),
    rule(frequency="daily", by_hour=[9, 15]),
    rule(frequency="hourly", count=3),
]


@pytest.mark.parametrize("variations", [PLAIN, REPEATING], ids=["plain", "repeating"])
def test_whatever_an_event_says_is_kept_and_comes_to_rest(calendars: Calendars, variations: list[dict[str, Any]]):
    made = [calendars.add(title=f"E{number}", **{**HOUR, **each}) for number, each in enumerate(variations)]
    calendars.add(title="Nobody edits this", **HOUR)
    calendars.settle()
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)
    assert_kept(calendars, made, variations)
    for number, diary in enumerate(calendars.diaries.values()):
        for place in range(number, len(made), 4):
            if "recurrence_overrides" not in variations[place]:  # Google's exceptions keep the name they had
                diary.rename(f"E{place}", f"F{place}")
    calendars.settle()
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)
    assert_kept(calendars, made, variations)


def test_what_a_calendar_has_no_room_for_is_set_aside_in_plain_words(calendars: Calendars):
    made = [calendars.add(title=f"E{number}", **{**HOUR, **each}) for number, each in enumerate(NOT_EVERYWHERE)]
    calendars.settle()
    assert len(calendars.aside()) == 2 + len(NOT_EVERYWHERE)
    assert_kept(calendars, made, NOT_EVERYWHERE)
    assert (calendars.conflicts(), calendars.rest()) == ([], 0)


def assert_kept(calendars: Calendars, made: list[str], variations: list[dict[str, Any]]) -> None:
    now = calendars.items()
    for item, wanted in zip(made, variations, strict=True):
        told = {name: now[item][name] for name in (*HOUR, *wanted)}
        assert told == {**HOUR, **wanted}
