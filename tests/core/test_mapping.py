"""Lines of a manifest compiled, read and written: what is not modelled survives, what reads the same stays."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_spec import SpecError, build, build_all
from entrepot.core.mapping import Mapping
from entrepot.core.path import getter, put
from entrepot.core.people import Contact
from entrepot.core.planner import Task
from entrepot.core.trade import Deal

FIELDS = {
    "title": "content",
    "keywords": {"at": "labels", "as": "list"},
    "due": {"as": "local", "at": "due.date", "zone": "due.timezone"},
    "priority": {"at": "priority", "table": {4: 1, 3: 3, 2: 5, 1: 9}},
    "progress": {
        "at": "checked",
        "table": {True: "completed", False: "needs-action"},
        "verbs": {"completed": "finish", "needs-action": "reopen"},
    },
    "project": {"at": "project_id", "ref": "projects"},
    "created": {"at": "added_at", "as": "instant"},
}
RECORD = {
    "content": "Buy bread",
    "labels": ["home"],
    "due": {"date": "2026-01-02T10:00:00Z", "timezone": "Europe/Berlin", "string": "every day"},
    "priority": 4,
    "checked": False,
    "project_id": "p1",
    "added_at": "2026-01-01T08:00:00+01:00",
    "day_order": 3,
}


@pytest.fixture
def mapping():
    return Mapping(build_all(FIELDS), kind=Task)


def one(target, line, record):
    return Mapping([build(target, line)]).read(record)


def back(line, value, into=None, target="value"):
    return Mapping([build(target, line)]).write({target: value}, into)


def stored(data, kind):
    return json.loads(msgspec.json.encode(msgspec.convert(data, kind)))


def test_a_record_reads_as_its_kind(mapping):
    task = msgspec.convert(mapping.read(RECORD), Task)
    assert task.title == "Buy bread"
    assert (task.due, task.time_zone, task.show_without_time) == ("2026-01-02T11:00:00", "Europe/Berlin", False)
    assert task.priority == 1
    assert task.progress == "needs-action"
    assert task.created == datetime(2026, 1, 1, 7, tzinfo=UTC)


def test_what_was_read_is_written_as_it_was(mapping):
    assert mapping.write(stored(mapping.read(RECORD), Task), RECORD) == RECORD


def test_only_what_changed_is_touched_and_the_given_record_is_not(mapping):
    before = json.dumps(RECORD)
    data = stored(mapping.read(RECORD), Task) | {"title": "Buy milk"}
    assert mapping.write(data, RECORD) == RECORD | {"content": "Buy milk"}
    assert json.dumps(RECORD) == before


def test_a_cleared_field_is_written_as_null_and_its_neighbours_stay(mapping):
    data = stored(mapping.read(RECORD), Task)
    del data["due"], data["timeZone"]
    written = mapping.write(data, RECORD)
    assert written["due"] == {"date": None, "timezone": None, "string": "every day"}


def test_a_new_record_holds_what_was_given_and_no_defaults(mapping):
    assert mapping.write({"title": "New", "priority": 1}) == {"content": "New", "priority": 4}


def test_a_field_written_by_a_call_names_the_verb_and_is_not_written(mapping):
    data = stored(mapping.read(RECORD), Task) | {"progress": "completed"}
    assert mapping.verbs(data, RECORD) == ["finish"]
    assert mapping.write(data, RECORD)["checked"] is False
    assert mapping.verbs(stored(mapping.read(RECORD), Task), RECORD) == []
    assert mapping.verbs({"progress": "needs-action"}, RECORD | {"checked": True}) == ["reopen"]
    with pytest.raises(RecordRefused, match="no verb"):
        mapping.verbs({"progress": "failed"}, RECORD)


def test_an_unreadable_field_is_named(mapping):
    with pytest.raises(LensError, match="priority: 7 is not a value we know"):
        mapping.read(RECORD | {"priority": 7})
    with pytest.raises(LensError, match=r"due: .*no date"):
        mapping.read(RECORD | {"due": "tomorrow"})
    for record in (None, [], "text", 5):
        with pytest.raises(LensError, match="expected a record"):
            mapping.read(record)


def test_what_cannot_be_written_is_refused_by_field(mapping):
    with pytest.raises(RecordRefused, match=r"priority cannot be written: 2 is none of"):
        mapping.write({"priority": 2}, RECORD)


def test_fields_without_a_line_go_to_extra_where_that_is_asked():
    every = Mapping(build_all({"title": "content", "due": {"at": "due.date", "as": "instant"}}), extra=("*",))
    found = every.read(RECORD)
    assert found["extra"]["day_order"] == 3
    assert {"content", "due"}.isdisjoint(found["extra"])
    some = Mapping(build_all({"title": "content"}), extra=("day_order", "absent"))
    assert some.read(RECORD)["extra"] == {"day_order": 3}


def test_targets_may_stand_inside_the_kind():
    mapping = Mapping(
        build_all(
            {
                "name.given": "properties.firstname",
                "name.surname": "properties.lastname",
                "emails.0.address": "properties.email",
                "phones": {"labelled": {"work": "properties.phone", "mobile": "properties.cell"}, "field": "number"},
            }
        ),
        kind=Contact,
    )
    record = {"properties": {"firstname": "A", "lastname": "B", "email": "a@example.org", "phone": "", "cell": "+49"}}
    contact = msgspec.convert(mapping.read(record), Contact)
    assert contact.name is not None
    assert contact.name.surname == "B"
    assert contact.emails[0].address == "a@example.org"
    assert [(phone.label, phone.number) for phone in contact.phones] == [("mobile", "+49")]
    data = stored(mapping.read(record), Contact)
    assert mapping.write(data, record) == record
    data["emails"][0]["address"] = "b@example.org"
    data["phones"] = [{"label": "work", "number": "1"}]
    written = mapping.write(data, record)["properties"]
    assert (written["email"], written["phone"], written["cell"]) == ("b@example.org", "1", None)
    with pytest.raises(RecordRefused, match="does not fit"):
        mapping.write({"phones": [{"label": "fax", "number": "1"}]}, record)


def test_a_record_inside_a_record_has_lines_of_its_own():
    line = {"at": "attendees", "each": {"fields": {"email": "mail", "name": "who.name"}}}
    record = {"attendees": [{"mail": "a@example.org", "who": {"name": "A"}}, {"mail": "b@example.org"}]}
    found = one("participants", line, record)
    assert found == {"participants": [{"email": "a@example.org", "name": "A"}, {"email": "b@example.org"}]}
    assert back(line, found["participants"]) == record
    paths = {reading.path for reading in build("participants", line).readings()}
    assert paths == {"attendees", "attendees.*.mail", "attendees.*.who.name"}
    with pytest.raises(LensError, match="participants: expected a record"):
        one("participants", line, {"attendees": ["text"]})


def test_members_of_a_list_are_looked_into():
    assert one("keywords", {"at": "labels", "each": "name"}, {"labels": [{"name": "a"}, {}, None]}) == {
        "keywords": ["a"]
    }
    assert back({"at": "labels", "each": "name"}, ["a"]) == {"labels": [{"name": "a"}]}
    line = {"at": "title", "each": "plain_text", "joined": ""}
    assert one("title", line, {"title": [{"plain_text": "a"}, {"plain_text": "b"}]}) == {"title": "ab"}
    assert "not known" in build("title", line).one_way


def test_a_table_says_which_of_two_values_it_writes_or_only_reads():
    unclear = build(
        "status", {"at": "s", "table": {"open": "needs-action", "new": "needs-action", "done": "completed"}}
    )
    assert "`writes`" in unclear.one_way
    clear = {"at": "s", "table": {"open": "x", "new": "x", "done": "y"}, "writes": {"x": "open"}}
    assert build("status", clear).one_way == ""
    assert back(clear, "x") == {"s": "open"}
    assert back(clear, "x", {"s": "new"}) == {"s": "new"}, "what already means that is left alone"


def test_a_table_tells_true_from_one_and_knows_what_it_ignores():
    line = {"at": "v", "table": {True: "yes", False: "no", 2: "two"}, "ignored": ["?"]}
    assert [one("v", line, {"v": value}).get("v") for value in (True, False, 2, "?")] == ["yes", "no", "two", None]
    for native in (1, 0, "true", [], {}):
        with pytest.raises(LensError, match="not a value we know"):
            one("v", line, {"v": native})
    assert one("v", line | {"otherwise": "other"}, {"v": "new"}) == {"v": "other"}


def test_money_keeps_its_cents_and_its_currency():
    minor = {"at": "total", "as": "money_minor", "currency": "currency"}
    for amount, currency, expected in ((1299, "eur", "12.99"), (1299, "JPY", "1299"), (1299, "KWD", "1.299")):
        found = one("amount", minor, {"total": amount, "currency": currency})
        assert found == {"amount": Decimal(expected), "currency": currency.upper()}
    mapping = Mapping([build("amount", minor)], kind=Deal)
    assert mapping.write({"amount": "12.99", "currency": "EUR"}) == {"total": 1299, "currency": "EUR"}
    with pytest.raises(RecordRefused, match="smallest unit"):
        mapping.write({"amount": "12.999", "currency": "EUR"})
    fixed = Mapping([build("amount", {"at": "total", "as": "money_text", "fixed": "EUR"})])
    assert fixed.read({"total": "5.00"}) == {"amount": Decimal("5.00"), "currency": "EUR"}
    assert fixed.write({"amount": "5.10", "currency": "EUR"}) == {"total": "5.10"}
    with pytest.raises(RecordRefused, match="keeps EUR"):
        fixed.write({"amount": "5.10", "currency": "USD"})
    with pytest.raises(LensError, match="without its currency"):
        one("amount", minor, {"total": 5})
    with pytest.raises(LensError, match="not a currency"):
        one("amount", minor, {"total": 5, "currency": "euros"})
    with pytest.raises(LensError, match="not a currency"):
        one("amount", minor, {"total": 5, "currency": ["EUR"]})


def test_fields_are_joined_and_taken_apart_only_where_declared():
    line = {"join": ["first", "last"], "with": " "}
    assert one("name", line, {"first": "A", "last": "B"}) == {"name": "A B"}
    assert one("name", line, {"first": None, "last": "B"}) == {"name": "B"}
    assert "not taken apart" in build("name", line).one_way
    assert back(line | {"splits": True}, "A B") == {"first": "A", "last": "B"}
    with pytest.raises(RecordRefused, match="does not come apart"):
        back(line | {"splits": True}, "A B C")


def test_the_first_that_is_there_is_read():
    line = {"first": ["merged_at", "closed_at"], "as": "instant"}
    assert one("closed", line, {"merged_at": None, "closed_at": "2026-01-01T00:00:00Z"})["closed"].year == 2026
    assert one("closed", line, {}) == {}


def test_a_list_in_one_text_is_split_and_not_joined_ambiguously():
    line = {"at": "tags", "split": ","}
    assert one("tags", line, {"tags": "a, b,,c"}) == {"tags": ["a", "b", "c"]}
    assert back(line, ["a", "b"], {"tags": "a, b"}, "value") == {"tags": "a, b"}
    with pytest.raises(RecordRefused, match="separated by"):
        back(line, ["a,b"])


def test_a_constant_is_in_every_record_and_written_nowhere():
    line = {"constant": "View"}
    assert one("verb", line, {}) == {"verb": "View"}
    assert back(line, "View", {}, "verb") == {}


def test_read_here_and_written_there():
    line = {"read": "due.date", "write": "due_date", "as": "date"}
    held = {"due": {"date": "2026-01-02"}}
    assert back(line, "2026-01-03", held) == held | {"due_date": "2026-01-03"}
    assert back(line, "2026-01-02", held) == held


@pytest.mark.parametrize(
    ("pattern", "native", "value"),
    [
        ("%a %b %d %H:%M:%S %z %Y", "Wed Oct 10 20:19:24 +0000 2018", datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)),
        ("%-m/%-d/%y", "1/2/24", "2024-01-02"),
        ("%d %B %Y", "05 May 2024", "2024-05-05"),
        ("%b %-d, %Y, %-I:%M:%S %p", "Jan 5, 2024, 12:04:05 AM", "2024-01-05T00:04:05"),
    ],
)
def test_dates_after_a_pattern_read_and_write_in_english(pattern, native, value):
    line = {"at": "when", "pattern": pattern}
    assert one("when", line, {"when": native}) == {"when": value}
    assert back(line, value) == {"when": native}


def test_patterns_forgive_spaces_and_refuse_days_that_are_not():
    line = {"at": "when", "pattern": "%b %-d, %Y, %-I:%M:%S %p", "zone": "Europe/Berlin"}
    assert one("when", line, {"when": "Jul 5, 2024, 1:04:05\u202fPM"})["when"] == datetime(
        2024, 7, 5, 11, 4, 5, tzinfo=UTC
    )
    for text in ("Feb 30, 2024, 1:00:00 PM", "Foo 1, 2024, 1:00:00 PM", "Jan 1, 2024, 13:00:00 PM", "", "x" * 10_000):
        try:
            assert one("when", line, {"when": text}) == {}
        except LensError:
            assert text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (5, "write a path"),
        ("a..b", "is not a path"),
        ({"at": "a", "as": "dat"}, "`as: dat` is not known; there are amount, any_text"),
        ({"at": "a", "form": "date"}, "`form` is not known here; there are as, at"),
        ({"as": "date"}, "say where it stands"),
        ({"at": "a", "ignored": [1]}, "goes with `table`"),
        ({"at": "a", "zone": "UTC"}, "`zone` goes with"),
        ({"at": "a", "pattern": "%Y %q"}, "not understood"),
        ({"at": "a", "pattern": "%Y"}, "must have a year, a month and a day"),
        ({"at": "a", "as": "instant", "zone": "Mars/Base"}, "not a time zone"),
        ({"at": "a", "as": "money"}, "needs either"),
        ({"at": "a", "scale": "stars"}, "there are kitsu_advanced"),
        ({"at": "a", "as": "markdown"}, "nothing here"),
        ({"at": "a", "table": {1: "x"}, "writes": {"y": 1}}, "must name a value"),
        ({"at": "a", "verbs": ["one"]}, "verb for true"),
        ({"as": "local", "date": "a"}, "a local time stands in"),
        ({"as": "period", "from": {"at": "a"}, "to": {"time": "b"}}, "same words"),
        ({"first": ["a"]}, "two places or more"),
        ({"at": "a", "each": {"fields": {"x": {"at": "y", "as": "nope"}}}}, "x: `as: nope` is not known"),
        ({"labelled": {"work": "a", "home": "b"}}, "`field` takes text"),
        ({"at": "a", "most": "5"}, "`most` takes a whole number"),
        ({"at": "a", "again": "b", "statuses": "shelf"}, "there are kitsu, myanimelist_anime"),
        ({"at": "a", "statuses": "kitsu"}, "None is not a path"),
    ],
)
def test_a_wrong_line_is_told_what_may_stand_there(line, message):
    with pytest.raises(SpecError, match="field: ") as caught:
        build("field", line)
    assert message in str(caught.value)


def test_paths_go_through_lists_and_names_with_dots():
    record = {"a": [{"b": 1}], "c.d": 2, "deep": {"er": {"est": [0, 5]}}}
    assert getter("a.0.b")(record) == 1
    assert getter("a.1.b")(record) is None
    assert getter(r"c\.d")(record) == 2
    assert getter("deep.er.est.1")(record) == 5
    assert getter("missing.er.est")(record) is None
    with pytest.raises(LensError, match="cannot be followed"):
        getter("c\\.d.x.y")(record)
    put(record, "a.1.b", 3)
    assert record["a"] == [{"b": 1}, {"b": 3}]
    put(record, "new.0.x", 1)
    assert record["new"] == [{"x": 1}]
    put(record, "nothing.at.all", None)
    assert "nothing" not in record
    with pytest.raises(LensError, match="cannot be written"):
        put(record, "a.7.b", 1)


def test_ten_fields_take_microseconds():
    fields = {
        **FIELDS,
        "due": {"at": "due.date", "as": "instant"},
        "description": "description",
        "parent": "parent_id",
        "updated": {"at": "added_at", "as": "instant"},
    }
    mapping = Mapping(build_all(fields))
    best = min(_seconds(mapping) for _ in range(5))
    assert best * 1e6 < 12, f"{best * 1e6:.1f} µs a record"  # 2 to 3 where nothing else runs


def _seconds(mapping):
    begun = time.perf_counter()
    for _ in range(2000):
        mapping.read(RECORD)
    return (time.perf_counter() - begun) / 2000


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kitsu", {"current": ("current", False), "repeating": ("current", True), "planned": ("planned", False)}),
        ("myanimelist_manga", {"current": ("reading", False), "repeating": ("completed", True)}),
    ],
)
def test_a_status_of_two_places_is_read_and_written_in_both(name, words):
    mapping = Mapping([build("status", {"at": "word", "again": "flag", "statuses": name})])
    for status, (word, flag) in words.items():
        assert mapping.read({"word": word, "flag": flag}) == {"status": status}
        assert mapping.write({"status": status}, {"word": "dropped", "flag": True}) == {"word": word, "flag": flag}
    with pytest.raises(LensError, match="status"):
        mapping.read({"word": "rewatching", "flag": False})


def test_a_number_the_service_holds_no_more_of_is_left_where_it_says_as_much():
    mapping = Mapping([build("repeats", {"at": "count", "most": 50})])
    assert [mapping.write({"repeats": count}, {"count": 1})["count"] for count in (0, 1, 50, 51)] == [0, 1, 50, 50]
