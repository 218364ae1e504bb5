import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.errors import PersonMustFix
from entrepot.declarative.compile import compile_connector
from entrepot.sdk import manifest_file
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.manifest_fields import mapping_of, told_fields
from entrepot.sdk.manifest_streams import StreamSpec
from entrepot.sdk.mapping_preview import Difference, Preview, Sample, preview
from entrepot.sdk.person_mapping import applied, overrides_of, remapped, written

SPEC = StreamSpec.model_validate(
    {
        "kind": "task",
        "id": "id",
        "volatile": ["made"],
        "given": {"project": ":collection"},
        "fields": {
            "title": "content",
            "description": "made.text",
            "due": {"as": "local", "at": "due.date"},
            "priority": {"at": "priority", "table": {4: 1, 1: 9}},
            "keywords": {"at": "labels", "as": "list"},
        },
        "write": {"create": "POST /tasks", "read_only": ["section"]},
    }
)
RECORD = {
    "id": "1",
    "content": "Tea",
    "name": "Green tea",
    "due": {"date": "2026-03-02"},
    "priority": 4,
    "labels": ["a"],
}


def changed(**lines):
    return applied(SPEC, overrides_of(lines))


def read(spec, **record):
    return mapping_of(spec).read({**RECORD, **record})


def shown(native=RECORD, data=None, **lines):
    [found] = preview(
        SPEC, changed(**lines), [Sample("1", json.dumps(native).encode(), json.dumps(data or {}).encode())]
    )
    return found


def test_another_source_a_constant_a_transform_and_nothing():
    spec = changed(
        title="name", description="{constant: x}", priority="{at: priority, table: {4: 2, 1: 3}}", keywords=""
    )
    found = read(spec)
    assert found == {
        "title": "Green tea", "description": "x", "priority": 2,
        "due": "2026-03-02T00:00:00", "showWithoutTime": True,
    }  # fmt: skip
    assert applied(SPEC, {}) is SPEC


@pytest.mark.parametrize(
    "place", ["properties.Due: date", "properties.# of pages", "properties.Größe (cm), x", "a.{b", r"a.Nr\. 1"]
)
def test_a_place_is_taken_letter_by_letter(place):
    assert overrides_of({"title": f" {place} "}) == {"title": place}
    assert overrides_of({"title": f"'{place}'"}) == {"title": place}


@pytest.mark.parametrize(
    ("field", "line", "why"),
    [
        ("title", "{at: content", "cannot be read: not YAML"),
        ("title", "{at: a, at: b}", "written twice"),
        ("title", "[a, b]", "write a path"),
        ("title", "{at: content, as: poetry}", "`as: poetry` is not known"),
        ("title", "{att: content}", "`att` is not known here"),
        ("title", "a..b", "is not a path"),
        ("priority", "{at: p, table: []}", "`table` holds"),
        ("titel", "content", "a task has no such field; there are "),
        ("titel", "", "a task has no such field; there are "),
        ("", "content", "is not a path"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(field, line, why):
    with pytest.raises(PersonMustFix) as caught:
        changed(**{field: line})
    first, second = caught.value.message.splitlines()
    assert first == "The mapping has mistakes:"
    assert why in second
    assert second.startswith(f"  {field}: " if field else "  a line without a field: ")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(PersonMustFix) as caught:
        changed(titel="a", dou="b", title="{as: x}")
    assert caught.value.message.count("\n") == 3


def test_what_a_kind_cannot_be_without_cannot_be_left_out():
    files = StreamSpec.model_validate({"kind": "file", "fields": {"path": "Key", "size": "Size"}})
    with pytest.raises(PersonMustFix, match="a file cannot be without path"):
        applied(files, {"path": None})


def test_what_python_reads_has_no_lines_to_change():
    with pytest.raises(PersonMustFix, match="in a way of its own"):
        applied(StreamSpec.model_validate({"kind": "task"}), {"title": "name"})


def test_a_field_and_what_is_inside_it_are_not_both_filled():
    spec = StreamSpec.model_validate(
        {
            "kind": "contact",
            "fields": {"name.full": "fn", "name.given": "first", "emails.0.address": "mail", "uid": "id"},
        }
    )
    assert list(applied(spec, {"name": None}).fields) == ["emails.0.address", "uid"]
    assert list(applied(spec, {"name.full": "n", "emails": {"at": "m", "each": {"fields": {"address": "a"}}}}).fields) == [
        "name.given", "uid", "name.full", "emails",
    ]  # fmt: skip


def test_a_line_takes_the_place_of_what_the_request_gives():
    assert changed(project="project_id").given == {}
    assert changed(project="").given == {}
    assert changed(title="name").given == SPEC.given


def test_what_a_stream_does_not_tell_is_known():
    assert told_fields(SPEC) == {
        "title", "description", "due", "time_zone", "show_without_time", "priority", "keywords", "project",
    }  # fmt: skip
    assert "keywords" not in (told_fields(changed(keywords="")) or ())
    assert told_fields(StreamSpec.model_validate({"kind": "task"})) is None


def test_a_connector_is_compiled_from_a_changed_manifest():
    entry = Catalog().entry("hubspot")
    manifest = manifest_file.load(entry.manifest)
    changes = {"companies": overrides_of({"name": "properties.legal_name", "industry": ""})}
    ours = remapped(manifest, changes)
    assert compile_connector(entry, ours)
    assert ours.streams["companies"].fields["name"] == "properties.legal_name"
    assert "industry" not in ours.streams["companies"].fields
    assert manifest.streams["companies"].fields["name"] == "properties.name"
    assert remapped(manifest, {}) is manifest


def test_a_preview_tells_each_field_before_and_after():
    assert shown(title="name", keywords="") == Preview(
        "1", [Difference("keywords", ["a"], None), Difference("title", "Tea", "Green tea")]
    )
    assert shown(title="{at: content}") == Preview("1")


def test_a_preview_tells_what_does_not_go_back():
    [day] = shown(title="{constant: Tea!}").differences
    assert day.stays == "it is the same for every record"
    [level] = shown(priority="{at: priority, table: {4: 1, 3: 1, 1: 5}}", native={**RECORD, "priority": 1}).differences
    assert (level.before, level.after) == (9, 5)
    assert "stands for 4 and 3" in level.stays
    [name] = shown(title="{join: [name, content]}").differences
    assert name.after == "Green tea Tea"
    assert name.stays
    [section] = shown(section="name").differences
    assert section.stays == "the service does not let it be written"
    [done] = shown(
        progress="{at: checked, table: {true: completed, false: needs-action}}", native={**RECORD, "checked": True}
    ).differences
    assert done == Difference("progress", None, "completed")


def test_a_preview_tells_records_that_would_be_refused():
    assert shown(priority="name").refused == "Expected `int | null`, got `str` - at `$.priority`"
    assert shown(due="{as: local, at: name}").refused.startswith("due: 'Green tea' is not a date")
    [found] = preview(SPEC, changed(title="name"), [Sample("1", b"")])
    assert found.refused == "the service's own text of it was not kept"


def test_a_preview_stands_in_with_the_hubs_own_value_for_what_is_not_kept():
    [found] = shown(description="name", data={"description": "Leaves"}).differences
    assert found == Difference("description", "Leaves", "Green tea")
    assert shown(title="made.title").differences == []


_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
_plain = st.one_of(
    _texts, st.sampled_from(["true", "null", "~", "089", "1.5", "2026-03-11", "a: b", "a #b", "-", "yes"])
)
_values = st.one_of(_plain, st.integers(), st.booleans())
_tables = st.dictionaries(_values, _values).filter(lambda table: len({str(key).lower() for key in table}) == len(table))


@given(
    st.one_of(
        _plain.map(str.strip).filter(bool),
        st.none(),
        st.fixed_dictionaries({"at": _plain, "table": _tables, "as": st.lists(_plain)}),
    )
)
def test_a_line_is_written_as_it_is_read(line):
    assert overrides_of({"title": written(line)})["title"] == line


def test_a_line_is_written_for_people():
    assert written("properties.Name") == "properties.Name"
    line = {"at": "properties.Fällig am.date", "table": {4: 1, "High": 9, "1 - low": True}, "as": ["text"]}
    assert written(line) == '{at: properties.Fällig am.date, table: {4: 1, High: 9, "1 - low": true}, as: [text]}'
