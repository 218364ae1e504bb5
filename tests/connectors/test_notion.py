"""Notion: blocks to Markdown, columns of a database, files whose addresses die."""

import json

A = "1a2b3c4d-0000-4000-8000-00000000000a"
B = "1a2b3c4d-0000-4000-8000-00000000000b"
C = "1a2b3c4d-0000-4000-8000-00000000000c"

BODY = """\
# Packing

Take **warm** things, see [the list](https://example.org/list) and `ls *.txt`.

- coat
  - the blue one
- boots
- [x] tickets
1. train
2. ferry

---

> The sea, once it casts its spell

```python
print('hello')
```

![The port](https://files.example.org/secure/cover.png)

| day | where |
| --- | --- |
| 1 | A\\|B |

**Old**

$$
E = mc^2
$$"""


async def test_a_page_becomes_markdown_and_keeps_its_blocks(stand_in):
    service = await stand_in("notion")
    pages, _ = await service.everything("pages")
    page = pages[A]
    assert page.data.title == "Trip to the sea"
    assert page.data.icon == "🌊"
    assert page.data.body == BODY
    native = json.loads(page.native)
    assert native["blocks"][2]["children"][0]["bulleted_list_item"]["rich_text"][0]["plain_text"] == "the blue one"
    assert "entrepot" not in native
    assert not any("b0000013" in asked for asked in service.asked), "a page inside a page is a page of its own"


async def test_a_row_has_its_columns_and_belongs_to_its_data_source(stand_in):
    service = await stand_in("notion")
    pages, _ = await service.everything("pages")
    row = pages[B]
    source, _chores = await service.reader.collections("pages")
    assert row.collection == source.id == row.data.parent
    assert source.name == "Reading list"
    assert row.data.properties == {
        "Status": "Reading",
        "Tags": ["history", "sea"],
        "Pages": 412,
        "Started": "2026-09-01/2026-09-20",
        "Done": False,
        "Double": 824,
        "Key": "B-7",
        "Scan": ["https://files.example.org/secure/cover.png"],
        "All": [1, 2],
        "Reader": ["Ada"],
        "Later": {"x": 1},
    }


async def test_signatures_of_files_are_never_kept(stand_in):
    service = await stand_in("notion")
    pages, _ = await service.everything("pages")
    for change in pages.values():
        assert b"SIGNED" not in change.native
        assert b"expiry_time" not in change.native


async def test_what_is_in_the_trash_is_gone(stand_in):
    service = await stand_in("notion")
    pages, _ = await service.everything("pages")
    assert pages[C].data is None


async def test_only_what_was_edited_lately_is_read_the_next_time(stand_in):
    service = await stand_in("notion")
    pages = await service.changes("pages")
    before = len(service.asked)
    again = await service.changes("pages", pages[-1].cursor)
    assert [change.ref.id for page in again for change in page.changes] == [A]
    assert not any("/blocks/" + B in asked for asked in service.asked[before:])


async def test_a_page_whose_content_is_not_shared_is_set_aside(stand_in):
    service = await stand_in("notion")
    service.answer(f"GET /blocks/{B}/children", 404)
    pages = await service.changes("pages")
    (bad,) = [row for page in pages for row in page.bad]
    assert bad.where == B
    assert A in {change.ref.id for page in pages for change in page.changes}


async def test_rows_of_a_database_with_a_status_are_tasks(stand_in):
    service = await stand_in("notion")
    (chores,) = await service.reader.collections("rows")
    assert (chores.name, chores.writable) == ("Chores", True)
    tasks, pages = await service.everything("rows")
    fence, bank, old = tasks.values()
    assert fence.data.title == "Paint the fence"
    assert fence.data.description == "two **coats**"
    assert (fence.data.progress, fence.data.priority, fence.data.keywords) == ("in-process", 3, ["garden"])
    assert (fence.data.start, fence.data.due) == ("2026-10-01T00:00:00", "2026-10-03T00:00:00")
    assert fence.data.show_without_time
    assert fence.data.assignees == ["Ada"]
    assert fence.data.extra["columns"]["Effort"] == 3
    assert (bank.data.progress, bank.data.priority) == ("completed", None), "an option nobody knows is no priority"
    assert (bank.data.due, bank.data.time_zone) == ("2026-10-02T07:30:00", "Etc/UTC")
    assert old.data is None
    assert sum("GET /data_sources/" in asked for asked in service.asked) == 1, "once for all rows"
    await service.changes("rows", pages[-1].cursor, chores.id)
    assert sum("GET /data_sources/" in asked for asked in service.asked) == 1
