"""What a calendar is said to tell again is what it does tell again, whatever it is sent."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.core.fields import fields_of
from entrepot.core.merge_choice import WHEN, units
from entrepot.core.planner import Alert, Event, Location, Participant, RecurrenceRule, Task
from entrepot.protocols import ical
from entrepot.protocols.ical_project import holdable, projector

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n\x00;,\\:\"^'"), max_size=30)
PEOPLE = st.builds(
    Participant,
    name=st.none() | TEXT,
    email=st.sampled_from(["a@example.org", "urn:uuid:1", None]),
    roles=st.lists(st.sampled_from(["owner", "attendee", "optional", "chair", "odd"]), max_size=3, unique=True),
    participation_status=st.sampled_from([None, "accepted", "needs-action"]),
    expect_reply=st.booleans(),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXT,
    "description": TEXT,
    "keywords": st.lists(TEXT, max_size=3),
    "categories": st.lists(TEXT, max_size=2),
    "color": st.none() | TEXT,
    "links": st.lists(TEXT, max_size=3),
    "locations": st.lists(
        st.builds(Location, name=st.none() | TEXT, coordinates=st.none() | TEXT | st.just("geo:1,2")), max_size=2
    ),
    "priority": st.none() | st.integers(-3, 12),
    "participants": st.lists(PEOPLE, max_size=3),
    "related_to": st.dictionaries(TEXT, st.sampled_from(["parent", "child", ""]), max_size=2),
    "alerts": st.lists(st.builds(Alert, offset=st.sampled_from([None, "-PT90M", "P1W", "PT0S", "-P0D"])), max_size=2),
}


@settings(deadline=None, max_examples=400)
@given(st.sampled_from([Event, Task]), st.sampled_from(sorted(VALUES)), st.data())
def test_a_field_is_told_as_it_is_projected(kind: type[Event | Task], field: str, data: st.DataObject):
    value = data.draw(VALUES[field])
    sent: Any = kind(**{"uid": "a@example.org", "start": "2026-01-01T10:00:00", field: value})
    told = getattr(ical.read(ical.write(sent)), field)
    project = projector(kind)
    assert project(field, value) == told
    assert project(field, told) == told


def test_when_it_takes_place_is_projected_as_one():
    event = Event(
        start="2026-01-01T10:00:00",
        time_zone="W. Europe Standard Time",
        end_time_zone="Europe/Berlin",
        recurrence_rules=[RecurrenceRule(frequency="daily", until="2026-01-03T10:00:00")],
        recurrence_overrides={"2026-01-02T10:00:00": {"title": "", "alerts": [{"offset": "-P1W"}], "x": 1}},
    )
    [when] = [unit for unit in units("event") if unit.name == WHEN]
    told = projector(Event)(WHEN, when.value_in(fields_of(event)))
    assert (told["time_zone"], told["end_time_zone"]) == ("Europe/Berlin", None)
    assert told["recurrence_rules"] == event.recurrence_rules
    alerts = [{"offset": "-P7D", "action": "display"}]
    assert told["recurrence_overrides"] == {"2026-01-02T10:00:00": {"title": "", "alerts": alerts}}
    assert when.fields
    assert set(when.fields) <= holdable(Event)


@pytest.mark.parametrize("field", ["alerts", "locations", "participants", "start", "duration", "when", "nobody"])
@pytest.mark.parametrize("value", [None, "odd", 7, ["x"], {"x": 1}])
def test_it_never_fails(field: str, value: Any):
    projector(Event)(field, value)
    projector(Task)(field, value)


def test_what_means_something_at_one_service_only_is_not_holdable():
    assert holdable(Task).isdisjoint({"project", "section", "parent", "assignees", "updated", "sequence"})


@pytest.mark.parametrize(
    "patch",
    [
        {"title": ""},
        {"title": "a\r\nb", "description": None},
        {"duration": "PT90M", "start": "2026-01-02T12:00:00"},
        {"excluded": True},
        {"alerts": [{"offset": "-P1W"}], "recurrenceRange": "thisAndFuture"},
    ],
)
def test_an_override_is_told_as_it_is_projected(patch: dict[str, Any]):
    event = Event(
        uid="a@example.org",
        title="Each",
        description="Text",
        start="2026-01-01T10:00:00",
        time_zone="Etc/UTC",
        duration="PT1H",
        recurrence_rules=[RecurrenceRule(frequency="daily", count=5)],
        recurrence_overrides={"2026-01-02T10:00:00": patch},
    )
    told = ical.read(ical.write(event)).recurrence_overrides
    assert projector(Event)("recurrence_overrides", event.recurrence_overrides) == told
