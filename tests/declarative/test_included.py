"""JSON:API: what records point to, in the place of the pointers."""

import json
from textwrap import dedent

import pytest
from aiohttp import web

from entrepot.core.errors import ServiceChanged

PROBE = "probe: {request: GET /me, id: id}\n"
LINKED = PROBE + dedent("""\
    streams:
      tasks:
        kind: task
        read: {request: GET /tasks, items: data, included: included}
        id: id
        deletions: {by: absence}
        fields:
          title: relationships.list.data.attributes.name
          keywords: {at: relationships.list.data.relationships.tags.data, each: attributes.name}
    """)


def resource(type_: str, number: str, name: str, **links: object) -> dict:
    relationships = {link: {"links": {}, "data": data} for link, data in links.items()}
    return {"type": type_, "id": number, "attributes": {"name": name}, "relationships": relationships}


def pointer(type_: str, number: str) -> dict:
    return {"type": type_, "id": number}


async def test_what_a_record_points_to_stands_in_the_pointers_place(service, open_reader, read_all):
    tags = [pointer("tags", "1"), pointer("tags", "gone")]
    first = resource("tasks", "1", "", list=pointer("lists", "1"), owner=None)
    garden = resource("lists", "1", "Garden", tags=tags, task=pointer("tasks", "1"), self=pointer("lists", "1"))
    answer = {
        "data": [first, resource("tasks", "2", "", list=pointer("lists", "9")), {"type": "tasks", "id": "3"}],
        "included": [garden, resource("tags", "1", "green", list=pointer("lists", "1")), "nonsense"],
    }

    async def handler(_: web.Request) -> web.Response:
        return web.json_response(answer)

    service.handler = handler
    (page,) = await read_all(await open_reader(LINKED))
    assert [change.data.title for change in page.changes] == ["Garden", "", ""]
    assert (page.changes[0].data.keywords, page.bad) == (["green"], [])
    native = json.loads(page.changes[0].native)
    assert native["relationships"]["list"]["data"]["relationships"]["self"]["data"] == pointer("lists", "1")
    answer.pop("included")
    (page,) = await read_all(await open_reader(LINKED))
    assert [change.data.title for change in page.changes] == ["", "", ""]


async def test_records_that_point_to_each_other_without_end_are_refused(service, open_reader, read_all):
    names = [str(number) for number in range(12)]
    crosswise = [resource("lists", one, one, all=[pointer("lists", name) for name in names]) for one in names]

    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"data": [resource("tasks", "1", "", list=crosswise[0])], "included": crosswise})

    service.handler = handler
    with pytest.raises(ServiceChanged, match="without end"):
        await read_all(await open_reader(LINKED))
