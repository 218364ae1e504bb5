"""Fields as a person writes them."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from entrepot.app.given_fields import check_kind, missing, read, told, unit_named
from entrepot.core.errors import PersonMustFix
from entrepot.core.kinds import KINDS
from entrepot.core.planner import Alert


@pytest.mark.parametrize(
    ("kind", "words", "expected"),
    [
        ("task", {"title": "null"}, {"title": "null"}),
        ("task", {"title": ""}, {"title": ""}),
        ("task", {"description": "[1]"}, {"description": "[1]"}),
        ("task", {"keywords": "a, b,,c"}, {"keywords": ["a", "b", "c"]}),
        ("task", {"keywords": '["a, b", "c"]'}, {"keywords": ["a, b", "c"]}),
        ("task", {"keywords": ""}, {"keywords": []}),
        ("task", {"percentComplete": "40"}, {"percent_complete": 40}),
        ("task", {"percent_complete": ""}, {"percent_complete": None}),
        ("task", {"progress": "completed"}, {"progress": "completed"}),
        ("task", {"alerts": '[{"offset": "-PT5M"}]'}, {"alerts": [Alert(offset="-PT5M")]}),
        ("task", {"created": "2026-03-01T10:00:00Z"}, {"created": datetime(2026, 3, 1, 10, tzinfo=UTC)}),
        ("library_entry", {"score": "85", "isPrivate": "true"}, {"score": 85, "is_private": True}),
        ("library_entry", {"identifiers": '{"mal": "30"}'}, {"identifiers": {"mal": "30"}}),
        ("play", {"seconds": "1.5", "date": "2026-03-01"}, {"seconds": 1.5, "date": "2026-03-01"}),
    ],
)
def test_a_value_is_read_as_its_field_has_it(kind, words, expected):
    found = read(kind, words)
    assert found == expected
    KINDS[kind](**found)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"due": "2026-03-01"}, ("2026-03-01T00:00:00", True)),
        ({"due": "2026-03-01T10:30"}, ("2026-03-01T10:30:00", False)),
        ({"due": "2026-03-01 10:30:15"}, ("2026-03-01T10:30:15", False)),
        ({"due": "2026-03-01", "start": "2026-03-01T08:00"}, ("2026-03-01T00:00:00", False)),
        ({"due": "2026-03-01", "showWithoutTime": "false"}, ("2026-03-01T00:00:00", False)),
    ],
)
def test_a_day_is_all_day_and_a_time_is_not(words, expected):
    found = read("task", words)
    assert (found["due"], found["show_without_time"]) == expected


def test_emptying_a_date_says_nothing_about_all_day():
    assert read("task", {"due": ""}) == {"due": None}


@pytest.mark.parametrize(
    ("kind", "words", "sentence"),
    [
        (
            "task",
            {"due": "soon"},
            "due of a task takes a day or a time such as 2026-03-01 or 2026-03-01T10:00, not 'soon'",
        ),
        ("task", {"due": "2026-03-01T10:00:00Z"}, "due of a task takes"),
        ("task", {"percentComplete": "half"}, "percentComplete of a task takes a whole number, not 'half'"),
        ("task", {"progress": "done"}, "takes one of .*completed"),
        ("task", {"showWithoutTime": "perhaps"}, "true or false"),
        ("task", {"estimatedDuration": "an hour"}, "a duration such as PT1H30M"),
        ("task", {"created": "12"}, "a moment such as"),
        ("task", {"keywords": "[1]"}, "words with commas"),
        ("task", {"alerts": "soon"}, "a JSON list of objects with offset, relativeTo, at, action"),
        ("task", {"colour": "red"}, "A task has no field 'colour'. It has: "),
        ("library_entry", {"score": "200"}, "a whole number from 1 to 100"),
        ("health_sample", {"type": ""}, "type of a health_sample cannot be empty"),
        ("play", {"date": "2026"}, "a day such as 2026-03-01"),
    ],
)
def test_what_does_not_fit_is_a_sentence_that_names_the_field(kind, words, sentence):
    with pytest.raises(PersonMustFix, match=sentence):
        read(kind, words)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_every_kind_says_what_it_takes(kind):
    for field in msgspec.structs.fields(KINDS[kind]):
        try:
            read(kind, {field.encode_name: "\x00[{"})
        except PersonMustFix as why:
            assert field.encode_name in why.message  # noqa: PT017 -- text fields take anything and raise nothing


def test_amounts_keep_every_digit():
    kind, field = next(
        (kind, field)
        for kind, struct in KINDS.items()
        for field in msgspec.structs.fields(struct)
        if field.type in {Decimal, Decimal | None}
    )
    assert read(kind, {field.encode_name: "0.10"})[field.name] == Decimal("0.10")


def test_a_kind_there_is_not_is_said():
    with pytest.raises(PersonMustFix, match=r"There is no kind 'chore'\. Kinds are: account"):
        check_kind("chore")


def test_what_is_missing_has_the_names_of_json():
    assert missing("workout", {"sport": "running"}) == ["start"]


def test_names_go_both_ways():
    assert told("task", "percent_complete") == "percentComplete"
    assert told("task", "when") == "when"
    assert unit_named("task", "percentComplete") == "percent_complete"
    assert unit_named("task", "start") == unit_named("task", "when") == "when"
