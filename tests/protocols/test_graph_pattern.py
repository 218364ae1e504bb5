"""Rules as Microsoft Graph's recurrence: each pattern there and back, the ends, and what Outlook has no pattern for."""

import msgspec
import pytest

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import RecurrenceRule
from entrepot.protocols.graph_importance import importance_of, kept_priority, priority_of
from entrepot.protocols.graph_pattern import kept_rule, only_rule, recurrence_of
from entrepot.protocols.graph_recurrence import Recurrence, rule_of

START = "2026-10-19T09:00:00"  # a Monday


def there_and_back(rule: dict, start: str = START, *, days: bool = False) -> dict:
    msgspec.convert(rule, RecurrenceRule)
    return rule_of(msgspec.convert(recurrence_of(rule, start, zone="Europe/Berlin"), Recurrence), days=days)


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "daily", "interval": 3},
        {"frequency": "weekly", "interval": 2, "byDay": [{"day": "mo"}, {"day": "fr"}], "firstDayOfWeek": "su"},
        {"frequency": "monthly", "interval": 1, "byMonthDay": [15]},
        {"frequency": "monthly", "interval": 1, "byMonthDay": [31], "rscale": "gregorian", "skip": "backward"},
        {"frequency": "monthly", "interval": 1, "byDay": [{"day": "tu", "nthOfPeriod": 2}]},
        {"frequency": "monthly", "interval": 1, "byDay": [{"day": "sa"}, {"day": "su"}], "bySetPosition": [-1]},
        {"frequency": "yearly", "interval": 1, "byMonthDay": [24], "byMonth": ["12"]},
        {"frequency": "yearly", "interval": 1, "byDay": [{"day": "th", "nthOfPeriod": 4}], "byMonth": ["11"]},
        {"frequency": "daily", "interval": 1, "count": 5},
        {"frequency": "daily", "interval": 1, "until": "2026-12-31T23:59:59"},
    ],
)
def test_what_outlook_tells_goes_back_as_it_was(rule):
    assert there_and_back(rule) == rule
    assert kept_rule(rule, START, days=False) == rule


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"frequency": "weekly"}, {"frequency": "weekly", "byDay": [{"day": "mo"}], "firstDayOfWeek": "mo"}),
        ({"frequency": "daily", "byDay": [{"day": "mo"}]},
         {"frequency": "weekly", "byDay": [{"day": "mo"}], "firstDayOfWeek": "mo"}),
        ({"frequency": "monthly"}, {"frequency": "monthly", "byMonthDay": [19]}),
        ({"frequency": "monthly", "byMonthDay": [-1]},
         {"frequency": "monthly", "byMonthDay": [31], "rscale": "gregorian", "skip": "backward"}),
        ({"frequency": "monthly", "byDay": [{"day": "mo"}], "bySetPosition": [3]},
         {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 3}]}),
        ({"frequency": "yearly"}, {"frequency": "yearly", "byMonthDay": [19], "byMonth": ["10"]}),
        ({"frequency": "daily", "until": "2026-12-31T08:00:00"}, {"frequency": "daily", "until": "2026-12-30T23:59:59"}),
    ],
)  # fmt: skip
def test_what_is_left_open_is_told_again_in_full(rule, told):
    assert there_and_back(rule) == {"interval": 1, **told}
    assert kept_rule(told, START, days=False) == {"interval": 1, **told}


def test_the_last_of_some_days_is_a_day():
    rule = {"frequency": "daily", "interval": 1, "until": "2026-12-31T00:00:00"}
    assert there_and_back(rule, "2026-10-19T00:00:00", days=True) == rule


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "hourly"},
        {"frequency": "daily", "byHour": [9, 17]},
        {"frequency": "yearly", "byWeekNo": [20]},
        {"frequency": "yearly", "byDay": [{"day": "mo", "nthOfPeriod": 20}]},
        {"frequency": "yearly", "byMonth": ["1", "7"]},
        {"frequency": "yearly", "byMonth": ["5L"]},
        {"frequency": "weekly", "byMonth": ["1"]},
        {"frequency": "weekly", "byDay": [{"day": "mo", "nthOfPeriod": 2}]},
        {"frequency": "daily", "interval": 2, "byDay": [{"day": "mo"}]},
        {"frequency": "monthly", "byMonth": ["1"]},
        {"frequency": "monthly", "byMonthDay": [1, 15]},
        {"frequency": "monthly", "byMonthDay": [-2]},
        {"frequency": "monthly", "byMonthDay": [31]},  # that is in seven months of the year only
        {"frequency": "yearly", "byMonthDay": [29], "byMonth": ["2"]},
        {"frequency": "monthly", "byDay": [{"day": "mo"}]},
        {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 5}]},
        {"frequency": "monthly", "byDay": [{"day": "mo", "nthOfPeriod": 1}, {"day": "tu", "nthOfPeriod": 1}]},
        {"frequency": "monthly", "byDay": [{"day": "mo"}], "bySetPosition": [1, 3]},
        {"frequency": "monthly", "byMonthDay": [3], "bySetPosition": [1]},
        {"frequency": "monthly", "byDay": [{"day": "fr"}], "byMonthDay": [13]},
        {"frequency": "yearly", "rscale": "hebrew"},
    ],
)
def test_what_outlook_has_no_pattern_for_is_refused(rule):
    msgspec.convert(rule, RecurrenceRule)
    with pytest.raises(RecordRefused, match="no such pattern"):
        recurrence_of(rule, START, zone="Europe/Berlin")


def test_a_series_has_one_rule():
    assert only_rule([]) is None
    with pytest.raises(RecordRefused):
        only_rule([{"frequency": "daily"}, {"frequency": "weekly"}])


def test_every_priority_is_one_of_three_and_stays_it():
    assert [importance_of(n) for n in (None, 0, 1, 4, 5, 6, 9)] == [
        *("normal", "normal", "high", "high", "normal", "low", "low"),
    ]
    for importance in ("high", "normal", "low"):
        assert importance_of(priority_of(importance)) == importance
    for priority in (None, *range(10)):
        assert kept_priority(priority) == priority_of(importance_of(priority))
    with pytest.raises(RecordRefused):
        priority_of("urgent")
