"""Microsoft Graph's recurrence as rules: each type, the ends, months that are too short, weeks."""

from datetime import UTC, datetime

import msgspec
import pytest

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import RecurrenceRule
from entrepot.protocols.graph_recurrence import Recurrence, rule_of
from entrepot.protocols.graph_time import GraphTime, day_of, instant_of, is_midnight, local_in, zone_of

PADDING = {"interval": 1, "month": 0, "dayOfMonth": 0, "daysOfWeek": [], "firstDayOfWeek": "sunday", "index": "first"}


def rule(pattern: dict, limits: dict | None = None, *, days: bool = False) -> dict:
    written = {"pattern": {**PADDING, **pattern}, "range": limits or {"type": "noEnd", "endDate": "0001-01-01"}}
    made = rule_of(msgspec.convert(written, Recurrence), days=days)
    msgspec.convert(made, RecurrenceRule)
    return made


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "daily", "interval": 3}, {"frequency": "daily", "interval": 3}),
        ({"type": "weekly", "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"},
         {"frequency": "weekly", "byDay": [{"day": "mo"}, {"day": "fr"}], "firstDayOfWeek": "mo"}),
        ({"type": "absoluteMonthly", "dayOfMonth": 15}, {"frequency": "monthly", "byMonthDay": [15]}),
        ({"type": "absoluteMonthly", "dayOfMonth": 31},
         {"frequency": "monthly", "byMonthDay": [31], "rscale": "gregorian", "skip": "backward"}),
        ({"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "second"},
         {"frequency": "monthly", "byDay": [{"day": "tu", "nthOfPeriod": 2}]}),
        ({"type": "relativeMonthly", "daysOfWeek": ["saturday", "sunday"], "index": "last"},
         {"frequency": "monthly", "byDay": [{"day": "sa"}, {"day": "su"}], "bySetPosition": [-1]}),
        ({"type": "absoluteYearly", "month": 12, "dayOfMonth": 24},
         {"frequency": "yearly", "byMonthDay": [24], "byMonth": ["12"]}),
        ({"type": "relativeYearly", "month": 11, "daysOfWeek": ["thursday"], "index": "fourth"},
         {"frequency": "yearly", "byDay": [{"day": "th", "nthOfPeriod": 4}], "byMonth": ["11"]}),
    ],
)  # fmt: skip
def test_each_type_becomes_a_rule(pattern, expected):
    assert rule(pattern) == {"interval": 1, **expected}


def test_a_recurrence_ends_with_a_day_after_a_number_or_never():
    ends = {"type": "endDate", "endDate": "2026-12-31", "numberOfOccurrences": 0}
    assert rule({"type": "daily"}, ends)["until"] == "2026-12-31T23:59:59"
    assert rule({"type": "daily"}, ends, days=True)["until"] == "2026-12-31T00:00:00"
    assert rule({"type": "daily"}, {"type": "numbered", "numberOfOccurrences": 5})["count"] == 5
    assert rule({"type": "daily"}).keys() == {"frequency", "interval"}


@pytest.mark.parametrize(
    "pattern",
    [
        {"type": "absoluteMonthly", "dayOfMonth": 0},
        {"type": "absoluteYearly", "dayOfMonth": 1, "month": 13},
        {"type": "relativeYearly", "month": 1, "daysOfWeek": []},
    ],
)
def test_a_pattern_that_says_nothing_is_refused(pattern):
    with pytest.raises(RecordRefused):
        rule(pattern)


@pytest.mark.parametrize(
    ("name", "zone"),
    [("W. Europe Standard Time", "Europe/Berlin"), ("America/New_York", "America/New_York"), ("UTC", "Etc/UTC"),
     ("tzone://Microsoft/Custom", None), ("", None), (None, None)],
)  # fmt: skip
def test_zones_have_windows_names_or_the_worlds(name, zone):
    assert zone_of(name) == zone


def test_times_are_read_with_their_zone():
    at = GraphTime("2026-07-01T09:00:00.0000000", "Pacific Standard Time")
    assert instant_of(at) == datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert local_in(instant_of(at), "Europe/Berlin") == "2026-07-01T18:00:00"
    assert (day_of(at), is_midnight(at)) == ("2026-07-01T00:00:00", False)
    assert is_midnight(GraphTime("2026-07-01T00:00:00.0000000"))
    for wrong in ("", "tomorrow", "2026-02-30T00:00:00"):
        with pytest.raises(RecordRefused):
            instant_of(GraphTime(wrong))
        with pytest.raises(RecordRefused):
            day_of(GraphTime(wrong))
    with pytest.raises(RecordRefused):
        instant_of(GraphTime("0001-01-01T00:00:00", "Tokyo Standard Time"))
