"""What a service would tell again: the same lines, there and back, for one field or for those merged as one."""

from datetime import UTC, datetime

import pytest

from entrepot.core.lens_spec import build
from entrepot.core.planner import RecurrenceRule, Task
from entrepot.core.projection import Projection

LINES = {
    "title": "name",
    "description": {"read": "notes.text", "write": "notes"},
    "priority": {"at": "level", "table": {4: 1, 1: 9}, "ignored": [0], "empty": 0, "lossy": {3: 4}},
    "progress": {"at": "done", "table": {False: "needs-action", True: "completed"},
                 "verbs": {"needs-action": "reopen", "in-process": "reopen", "completed": "close"}},
    "percentComplete": {"at": "percent", "as": "integer"},
    "links.0": "url",
    "due": {"as": "local", "date": "due.date", "time": "due.time", "zone": "due.zone"},
    "recurrenceId": {"first": ["a", "b"]},
    "project": {"constant": "p"},
    "updated": {"at": "changed", "as": "instant"},
}  # fmt: skip


@pytest.fixture
def project() -> Projection:
    return Projection([build(target, line) for target, line in LINES.items()], Task)


def test_fields_are_those_that_can_be_written(project):
    assert project.fields == {
        "title", "description", "priority", "progress", "percent_complete", "links", "due", "time_zone",
        "show_without_time", "updated",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", "x", "x"),
        ("title", "", ""),
        ("description", "text", "text"),
        ("priority", 1, 1),
        ("priority", 3, 1),
        ("priority", None, None),
        ("priority", 7, 7),
        ("progress", "in-process", "needs-action"),
        ("progress", "completed", "completed"),
        ("progress", "failed", "failed"),
        ("links", ["https://example.org"], ["https://example.org"]),
        ("links", ["https://example.org", "https://example.net"], ["https://example.org"]),
        ("updated", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("recurrence_id", "2026-01-01T00:00:00", "2026-01-01T00:00:00"),
        ("project", "q", "p"),
        ("keywords", ["a"], ["a"]),
        ("nothing", object, object),
    ],
)
def test_one_field(project, field, value, told):
    assert project(field, value) == told


@pytest.mark.parametrize(
    "when",
    [
        {"due": "2026-12-24T00:00:00", "show_without_time": True, "time_zone": None},
        {"due": "2026-12-24T09:30:00", "show_without_time": False, "time_zone": "Europe/Berlin"},
        {"due": "2026-12-24T09:30:00", "show_without_time": False, "time_zone": None},
        {"due": None, "show_without_time": False, "time_zone": None},
    ],
)
def test_what_is_merged_as_one_comes_back_as_one(project, when):
    assert project("when", when) == when


def test_of_what_no_line_has_nothing_comes_back(project):
    rules = {"recurrence_rules": [RecurrenceRule(frequency="daily")], "start": "2026-01-01T00:00:00"}
    when = {"due": "2026-12-24T00:00:00", "show_without_time": True, "time_zone": None}
    told = project("when", {**when, **rules, "recurrence_id": "2026-01-01T00:00:00"})
    assert told == {**when, "recurrence_rules": [], "start": None, "recurrence_id": "2026-01-01T00:00:00"}


def test_what_would_be_refused_is_given_back(project):
    odd = {"due": "2026-12-24T09:30:00", "show_without_time": True, "time_zone": None}
    assert project("when", odd) == odd
    nowhere = {"due": "2026-12-24T09:30:00", "show_without_time": False, "time_zone": "Nowhere/Here"}
    assert project("when", nowhere) == nowhere
