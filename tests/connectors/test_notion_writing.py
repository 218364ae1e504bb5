"""Notion written to: rows as tasks by the roles of their columns, pages block by block, nothing of either lost."""

import json
from datetime import UTC, datetime
from time import time

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.prefix_hand import opened
from tests.services.notion import CHORES, HOME, Notion, said

from entrepot.core.change import Ref
from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.fields import fields_of
from entrepot.core.planner import Task
from entrepot.core.writing import Document
from entrepot.sdk.writer import Finding, Writer, Writing

FULL = Task(
    title="Paint the fence",
    description="two **coats** and [this](https://example.org/a)",
    progress="in-process",
    priority=3,
    start="2026-10-01T00:00:00",
    due="2026-10-03T00:00:00",
    show_without_time=True,
    keywords=["garden", "home"],
)
BODY = "# Packing\n\nTake **warm** things.\n\n- coat\n  - the blue one\n- boots\n- [x] tickets\n\n---\n\n```python\nprint()\n```"


@pytest.fixture
def service():
    return Notion()


def _excused(problem: str) -> bool:
    """Blocks and parents are described in part only, as the manifest says."""
    return "/pages: " in problem or "children" in problem


@pytest_asyncio.fixture
async def rows(service):
    async with opened("notion", service, "rows", CHORES, excused=_excused) as made:
        yield made


@pytest_asyncio.fixture
async def pages(service):
    async with opened("notion", service, "pages", None, excused=_excused) as made:
        yield made


async def confirmed(hand, page: str):
    return await hand.reader.confirm(hand.stream, Ref(page), hand.within or None)


def told(data, like) -> dict[str, object]:
    return {name: getattr(data, name) for name, value in fields_of(like).items() if value}


async def document(pages, page: str):
    return await pages.reader.confirm("pages", Ref(page))


def creation(hand, data: Document):
    write = hand.creation(data)
    return msgspec.structs.replace(write, collection=None)


async def test_a_task_becomes_a_row_and_is_read_as_it_was_told(rows):
    assert isinstance(rows.reader, Writer)
    assert isinstance(rows.reader, Finding)
    made = await rows.create(FULL)
    assert told(made.data, FULL) == told(FULL, FULL)
    assert made.collection == CHORES
    assert (await rows.read())[made.ref.id] == made, "no news"
    assert (await rows.read(since=True))[made.ref.id] == made, "within the same minutes it is told again, the same"


async def test_only_the_columns_that_differ_are_sent_and_the_rest_survives(rows, service):
    row = service.add_row("Fence", Effort={"number": 5}, Notes={"rich_text": [said("two "), said("coats", bold=True)]})
    held = (await rows.read())[row["id"]]
    changed = await rows.update(held, title="The fence", progress="completed")
    sent = rows.sent()["properties"]
    assert sent.keys() == {"Name", "State"}
    assert sent["State"] == {"status": {"name": "Done"}}
    assert changed.data.description == "two **coats**"
    assert changed.data.extra["columns"]["Effort"] == 5
    assert changed.data.progress == "completed"
    assert changed == (await rows.read())[row["id"]]


async def test_an_option_that_means_the_same_stays_as_it_is(rows, service):
    row = service.add_row("Fence", State={"status": {"name": "Waiting"}}, Priority={"select": {"name": "Someday"}})
    held = (await rows.read())[row["id"]]
    assert (held.data.progress, held.data.priority) == ("in-process", None)
    changed = await rows.update(held, title="Fences")
    assert rows.sent()["properties"].keys() == {"Name"}
    assert changed.data.extra["columns"]["State"] == "Waiting"
    assert (await rows.update(changed, priority=2)).data.priority == 3, "the nearest the database has"


@pytest.mark.parametrize(
    ("when", "given"),
    [
        ({"due": "2026-10-03T00:00:00", "show_without_time": True}, {"start": "2026-10-03", "end": None}),
        (
            {"due": "2026-10-03T09:30:00", "time_zone": "Europe/Berlin", "show_without_time": False},
            {"start": "2026-10-03T09:30:00", "end": None, "time_zone": "Europe/Berlin"},
        ),
        (
            {"start": "2026-10-03T09:30:00", "due": "2026-10-03T10:30:00", "time_zone": "America/St_Johns"},
            {"start": "2026-10-03T09:30:00", "end": "2026-10-03T10:30:00", "time_zone": "America/St_Johns"},
        ),
        ({"due": "2026-10-03T09:30:00", "time_zone": "Etc/UTC"}, {"start": "2026-10-03T09:30:00Z", "end": None}),
    ],
)
async def test_a_date_keeps_its_form(rows, service, when, given):
    made = await rows.create(Task(title="x", **when))
    sent = json.loads(service.faults.bodies[-1])["properties"]["Due"]["date"]
    assert sent == {"time_zone": None, **given}
    assert told(made.data, Task(**when)) == told(Task(**when), Task(**when))
    bare = await rows.update(made, start=None, due=None, time_zone=None, show_without_time=False)
    assert (bare.data.due, bare.data.start) == (None, None)
    again = await rows.update(bare, **when)
    assert told(again.data, Task(**when)) == told(Task(**when), Task(**when))


async def test_a_zone_that_is_not_told_again_leaves_the_moment(rows, service):
    service.keeps_zones = False
    made = await rows.create(Task(title="x", due="2026-10-03T09:30:00", time_zone="Europe/Berlin"))
    assert (made.data.due, made.data.time_zone) == ("2026-10-03T07:30:00", "Etc/UTC")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("progress", ["needs-action", "in-process", "completed", "failed", "cancelled"]),
        ("keywords", [["b", "a"], []]),
        ("description", ["", "a\nb", "*x* `y` 1 * 2", "~~z~~"]),
        ("title", ["x *y*"]),
    ],
)
async def test_what_comes_back_was_foretold(rows, field, values):
    for value in values:
        made = await rows.create(Task(**{"title": "x", field: value}))
        assert getattr(made.data, field) == rows.writing.project(field, value), value
        changed = await rows.update(await rows.create(FULL), **{field: value})
        assert getattr(changed.data, field) == rows.writing.project(field, value), value


async def test_a_time_without_a_zone_is_taken_for_utc(rows):
    when = {"start": None, "due": "2026-10-03T09:30:00", "time_zone": None, "show_without_time": False}
    made = await rows.create(Task(title="x", **when))
    assert {name: getattr(made.data, name) for name in when} == rows.writing.project("when", when)


async def test_the_same_minute_hides_no_edit(rows, service):
    row = service.add_row("Fence")
    held = (await rows.read())[row["id"]]
    service.edit(row["id"], Name={"title": [said("Fences")]})
    now = (await rows.read(since=True))[row["id"]]
    assert now.data.title == "Fences"
    assert now.ref.version != held.ref.version
    assert now.ref.version[:24] == held.ref.version[:24]
    for write in (rows.updating(held, priority=1), msgspec.structs.replace(rows.updating(held), verb="delete")):
        with pytest.raises(Stale):
            await rows.reader.write(write)


async def test_a_row_is_thrown_away_and_never_twice(rows, service):
    row = service.add_row("Fence")
    held = (await rows.read())[row["id"]]
    assert (await rows.delete(held)).data is None
    assert service.pages[row["id"]]["in_trash"]
    assert (await rows.delete(held)).data is None
    assert service.faults.writes() == 1
    with pytest.raises(Stale):
        await rows.update(held, title="x")


async def test_what_the_database_cannot_say_is_refused(rows, service):
    with pytest.raises(RecordRefused, match="comma"):
        await rows.create(Task(title="x", keywords=["a, b"]))
    assert service.faults.writes() == 0


async def test_what_the_database_has_no_column_for_stays_in_the_hub(rows, service):
    for name in ("Notes", "Priority", "Tags", "Due"):
        del service.sources[CHORES]["properties"][name]
    made = await rows.create(FULL)
    assert rows.sent()["properties"].keys() == {"Name", "State"}
    assert (await rows.update(made, description="z", due=None, start=None, title="x")).data.title == "x"
    assert await rows.reader.find(msgspec.structs.replace(rows.creation(Task(title="x", description="z")), at=1))


async def test_a_box_to_tick_and_two_dates_make_a_task_too(rows, service):
    columns = service.sources[CHORES]["properties"]
    del columns["State"]
    columns["Done"] = {"id": "dn", "name": "Done", "type": "checkbox", "checkbox": {}}
    columns["Start on"] = {"id": "so", "name": "Start on", "type": "date", "date": {}}
    service.blank |= {"Done": {"id": "dn", "type": "checkbox", "checkbox": False}}
    service.blank |= {"Start on": {"id": "so", "type": "date", "date": None}}
    made = await rows.create(FULL)
    sent = rows.sent()["properties"]
    assert (sent["Start on"]["date"]["start"], sent["Due"]["date"]["start"]) == ("2026-10-01", "2026-10-03")
    assert (made.data.progress, made.data.start, made.data.due) == ("needs-action", FULL.start, FULL.due)
    done = await rows.update(made, progress="completed", start=None)
    assert (done.data.progress, done.data.start, done.data.due) == ("completed", None, FULL.due)


async def test_a_line_of_a_persons_own_is_written_into_its_column(service):
    lines = {"rows": {"percentComplete": "properties.Effort.number", "section": "properties.Priority.select.name"}}
    async with opened("notion", service, "rows", CHORES, lines=lines, excused=_excused) as rows:
        service.add_row("Fence", Effort={"number": 5}, Priority={"select": {"name": "High"}})
        (held,) = (await rows.read()).values()
        assert (held.data.percent_complete, held.data.section) == (5, "High")
        assert {"percent_complete", "section"} <= rows.writing.fields
        changed = await rows.update(held, percent_complete=80, section="Low")
        assert rows.sent()["properties"] == {"Effort": {"number": 80}, "Priority": {"select": {"name": "Low"}}}
        assert (changed.data.percent_complete, changed.data.section, changed.data.priority) == (80, "Low", 7)


@pytest.mark.parametrize("is_lost", [True, False])
async def test_a_row_whose_answer_was_lost_is_found(rows, service, is_lost):
    service.add_row("Paint the fence")
    service.later()
    write = msgspec.structs.replace(rows.creation(FULL), at=int(time() * 1000))
    service.now = datetime.now(UTC)
    service.faults.lost, service.faults.broken = (1, 0) if is_lost else (0, 1)
    with pytest.raises(TryLater):
        await rows.reader.write(write)
    found = await rows.reader.find(write)
    assert (found is not None) == is_lost
    if found is not None:
        assert told(found.data, FULL) == told(FULL, FULL)


async def test_a_page_is_made_below_another_and_is_read_as_it_was_told(pages):
    made = await pages.reader.write(creation(pages, Document(title="Trip", body=BODY, parent=HOME)))
    assert (made.data.title, made.data.body, made.data.parent) == ("Trip", BODY, HOME)
    assert (await document(pages, made.ref.id)) == made
    with pytest.raises(RecordRefused, match="inside others"):
        await pages.reader.write(creation(pages, Document(title="Trip")))


async def test_a_text_is_changed_block_by_block(pages, service):
    made = await pages.reader.write(creation(pages, Document(title="Trip", body=BODY, parent=HOME)))
    before = [block["id"] for block in service.blocks[made.ref.id]]
    body = BODY.replace("boots", "shoes") + "\n\nThe *end*."
    changed = await pages.update(made, body=body)
    assert changed.data.body == body
    after = [block["id"] for block in service.blocks[made.ref.id]]
    assert [block for block in before if block not in after] == [before[3]], "one block went, the others are the same"
    first = await pages.update(changed, body="Before all.\n\n" + body, title="Trips")
    assert (first.data.title, first.data.body) == ("Trips", "Before all.\n\n" + body)
    assert (await pages.update(first, body="")).data.body == ""


@pytest.mark.parametrize(
    "block",
    [
        {"type": "paragraph", "paragraph": {"rich_text": [said("red", color="red")]}},
        {"type": "callout", "callout": {"rich_text": []}},
        {"type": "heading_1", "heading_1": {"rich_text": [said("folded")], "is_toggleable": True}},
        {"type": "paragraph", "paragraph": {"rich_text": [said("- no list")]}},
    ],
)
async def test_a_text_that_markdown_cannot_tell_is_left_alone(pages, service, block):
    page = service.add_page("Plans", [block])["id"]
    held = await document(pages, page)
    with pytest.raises(RecordRefused, match="Notion only"):
        await pages.update(held, body="new")
    assert (await pages.update(held, title="Other plans")).data.title == "Other plans"
    assert service.blocks[page][0]["type"] == block["type"]


async def test_empty_lines_stay_where_they_are(pages, service):
    blank = {"type": "paragraph", "paragraph": {"rich_text": []}}
    one, two = ({"type": "paragraph", "paragraph": {"rich_text": [said(text)]}} for text in ("one", "two"))
    page = service.add_page("Plans", [one, blank, two])["id"]
    changed = await pages.update(await document(pages, page), body="one\n\nthree")
    assert changed.data.body == "one\n\nthree"
    assert len(service.blocks[page]) == 3


async def test_the_columns_of_a_row_are_written_under_their_names(pages, service):
    row = service.add_row("Fence", Effort={"number": 5}, Due={"date": {"start": "2026-10-01"}})["id"]
    held = await document(pages, row)
    columns = {"Effort": 6, "State": "Doing", "Tags": ["x"], "Notes": "a", "Due": "2026-10-01/2026-10-02"}
    changed = await pages.update(held, properties=columns, title="Fences")
    assert (changed.data.properties, changed.data.title) == (columns, "Fences")
    emptied = await pages.update(changed, properties={"Effort": 6})
    assert emptied.data.properties == {"Effort": 6}
    with pytest.raises(RecordRefused, match="in Notion only"):
        await pages.update(emptied, properties={"Effort": 6, "Assignee": ["Ada"]})
    with pytest.raises(RecordRefused, match="no column Colour"):
        await pages.update(emptied, properties={"Effort": 6, "Colour": "red"})


async def test_a_text_that_somebody_edited_meanwhile_is_not_overwritten(pages, service):
    page = service.add_page("Plans", [{"type": "paragraph", "paragraph": {"rich_text": [said("one")]}}])["id"]
    held = await document(pages, page)
    service._append(page, [{"type": "paragraph", "paragraph": {"rich_text": [said("two")]}}])
    with pytest.raises(Stale):
        await pages.update(held, body="three")
    with pytest.raises(Stale):
        await pages.delete(held)
    assert (await pages.update(held, title="Plan")).data.body == "one\n\ntwo"


async def test_a_page_with_others_inside_is_not_thrown_away(pages, service):
    page = service.add_page("Plans", [])["id"]
    with pytest.raises(RecordRefused, match="other pages inside"):
        await pages.delete(await document(pages, HOME))
    assert (await pages.delete(await document(pages, page))).data is None
    assert service.pages[page]["in_trash"]


async def test_a_page_whose_answer_was_lost_is_found(pages, service):
    write = msgspec.structs.replace(
        creation(pages, Document(title="Trip", body=BODY, parent=HOME)), at=int(time() * 1000)
    )
    service.now = datetime.now(UTC)
    service.faults.lost = 1
    with pytest.raises(TryLater):
        await pages.reader.write(write)
    assert (await pages.reader.find(write)).data.body == BODY
    other = msgspec.structs.replace(write, data=msgspec.structs.replace(write.data, body="else"))
    assert await pages.reader.find(other) is None


@pytest.mark.parametrize(
    "body", ["", "a\nb", "#### deep", "* x\n* y", "1) a\n2) b", "a <b> c", "| a |\n| --- |\n| b |"]
)
async def test_a_text_comes_back_as_it_was_foretold(pages, body):
    assert isinstance(pages.writing, Writing)
    write = creation(pages, Document(title="x", body=body, parent=HOME))
    if "---" in body:
        with pytest.raises(RecordRefused, match="table"):
            await pages.reader.write(write)
        assert pages.writing.project("body", body) == body
        return
    assert (await pages.reader.write(write)).data.body == pages.writing.project("body", body)
