"""Notion, as its documentation describes it: pages of blocks, databases of pages, times cut to the minute, no keys.

https://developers.notion.com/reference. What it leaves open is a knob: whether a date that was given with a zone is told
with it again (`keeps_zones`), or as an instant with an offset.
"""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from aiohttp import web

from tests.services.faults import Faults
from tests.services.notion_columns import CHORES, EMPTY, Refused, read_run, said, source, value_of

Json = dict[str, Any]

HOME = "1a2b3c4d-0000-4000-8000-0000000000aa"
USER = {"object": "user", "id": "5389a034-eb5c-47b5-8a9e-000000000001"}
_PAGE: Json = {"object": "page", "created_by": USER, "last_edited_by": USER, "cover": None, "icon": None}
_PAGE |= {"archived": False, "in_trash": False, "public_url": None}
_TEXTS = frozenset(
    (
        "paragraph",
        "heading_1",
        "heading_2",
        "heading_3",
        "bulleted_list_item",
        "numbered_list_item",
        "to_do",
        "quote",
        "code",
    )
)


class PageFaults(Faults):
    def is_write(self, request: web.Request, body: bytes) -> bool:  # noqa: ARG002 -- its searches are POST, too
        return request.method != "GET" and not request.path.endswith(("/search", "/query"))


class Notion:
    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(second=10, microsecond=0)
        self.keeps_zones = True
        self.faults = PageFaults()
        self.pages: dict[str, Json] = {}
        self.blocks: dict[str, list[Json]] = {}
        """What stands inside of a page or a block, by its id."""
        self.sources = {CHORES: source()}
        self.blank = copy.deepcopy(EMPTY)
        """The columns of a new row."""
        self._numbers = count(1)
        self._add({"type": "workspace", "workspace": True}, {"title": {"title": [said("Home")]}}, HOME)

    def add_row(self, name: str, **columns: Json) -> Json:
        """As the other person does."""
        return self._add(
            {"type": "data_source_id", "data_source_id": CHORES}, {"Name": {"title": [said(name)]}, **columns}
        )

    def add_page(self, name: str, blocks: list[Json]) -> Json:
        page = self._add({"type": "page_id", "page_id": HOME}, {"title": {"title": [said(name)]}})
        self._append(page["id"], blocks)
        return page

    def edit(self, page: str, **columns: Json) -> None:
        self._set(self.pages[page], columns)
        self._touch(page)

    def trash(self, page: str) -> None:
        self.pages[page] |= {"in_trash": True, "archived": True}
        self._touch(page)

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware(), _refusing])
        app.router.add_get("/users/me", self._me)
        app.router.add_post("/search", self._search)
        app.router.add_get("/data_sources/{id}", self._get_source)
        app.router.add_post("/data_sources/{id}/query", self._query)
        app.router.add_post("/pages", self._create)
        app.router.add_get("/pages/{id}", self._get_page)
        app.router.add_patch("/pages/{id}", self._patch)
        app.router.add_get("/blocks/{id}/children", self._children)
        app.router.add_patch("/blocks/{id}/children", self._append_children)
        app.router.add_delete("/blocks/{id}", self._delete_block)
        return app

    async def _me(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "me", "name": "Entrepôt", "object": "user"})

    async def _search(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["filter"]["value"] == "data_source":
            return _list(list(self.sources.values()), asked)
        pages = [page for page in self.pages.values() if not page["in_trash"]]
        return _list(sorted(pages, key=lambda page: page["last_edited_time"], reverse=True), asked)

    async def _get_source(self, request: web.Request) -> web.Response:
        return web.json_response(_found(self.sources, request))

    async def _query(self, request: web.Request) -> web.Response:
        source, asked = _found(self.sources, request)["id"], await request.json()
        rows = [page for page in self.pages.values() if page["parent"].get("data_source_id") == source]
        if "filter" in asked:
            name = asked["filter"]["timestamp"]
            since = datetime.fromisoformat(asked["filter"][name]["on_or_after"])
            rows = [page for page in rows if datetime.fromisoformat(page[name]) >= since]
        return _list([page for page in rows if not page["in_trash"]], asked)

    async def _get_page(self, request: web.Request) -> web.Response:
        return web.json_response({**_found(self.pages, request), "request_id": str(next(self._numbers))})

    async def _create(self, request: web.Request) -> web.Response:
        sent = await request.json()
        page = self._add(sent["parent"], sent["properties"])
        self._append(page["id"], sent.get("children", []))
        return web.json_response(page)

    async def _patch(self, request: web.Request) -> web.Response:
        page, sent = _found(self.pages, request), await request.json()
        if page["in_trash"] and sent.get("in_trash") is not False:
            raise Refused("Can't edit a page in the trash.")
        self._set(page, sent.get("properties", {}))
        if "in_trash" in sent:
            page |= {"in_trash": sent["in_trash"], "archived": sent["in_trash"]}
        self._touch(page["id"])
        return web.json_response(page)

    async def _children(self, request: web.Request) -> web.Response:
        inside = self.blocks.get(request.match_info["id"])
        if inside is None:
            raise Refused("Could not find block.", 404, "object_not_found")
        size = int(request.query.get("page_size", "100"))
        return _list(inside, {"start_cursor": request.query.get("start_cursor"), "page_size": size})

    async def _append_children(self, request: web.Request) -> web.Response:
        sent, within = await request.json(), request.match_info["id"]
        return web.json_response(
            {"object": "list", "results": self._append(within, sent["children"], sent.get("after"))}
        )

    async def _delete_block(self, request: web.Request) -> web.Response:
        for within, inside in self.blocks.items():
            for block in inside:
                if block["id"] == request.match_info["id"]:
                    inside.remove(block)
                    self._touch(within)
                    return web.json_response({**block, "in_trash": True})
        raise Refused("Could not find block.", 404, "object_not_found")

    def _add(self, parent: Json, properties: Json, number: str = "") -> Json:
        source = parent.get("data_source_id")
        if source is not None and source not in self.sources:
            raise Refused("Could not find data source.", 404, "object_not_found")
        if "page_id" in parent and parent["page_id"] not in self.pages:
            raise Refused("Could not find page.", 404, "object_not_found")
        name = number or f"4a2b3c4d-0000-4000-8000-{next(self._numbers):012}"
        stamp = self._stamp()
        page = {
            **_PAGE,
            "id": name,
            "created_time": stamp,
            "last_edited_time": stamp,
            "parent": {"type": next(iter(parent)), **parent},
            "url": f"https://www.notion.so/{name}",
            "properties": copy.deepcopy(self.blank)
            if source
            else {"title": {"id": "title", "type": "title", "title": []}},
        }
        self._set(page, properties)
        self.pages[name] = page
        self.blocks[name] = []
        if "page_id" in parent:
            told = {"type": "child_page", "child_page": {"title": "…"}, "has_children": True}
            self.blocks[parent["page_id"]].append({"object": "block", "id": name, **told})
        return page

    def _set(self, page: Json, sent: Json) -> None:
        made: Json = {}
        for name, value in sent.items():
            held = page["properties"].get(name)
            if held is None:
                raise Refused(f"{name} is not a property that exists.")
            kind = held["type"]
            if kind not in value:
                raise Refused(f"{name} is expected to be {kind}.")
            made[name] = {**held, kind: value_of(name, kind, value[kind], keeps_zones=self.keeps_zones)}
        page["properties"] |= made

    def _append(self, within: str, blocks: list[Json], after: str | None = None) -> list[Json]:
        if within not in self.blocks:
            raise Refused("Could not find block.", 404, "object_not_found")
        if len(blocks) > 100:
            raise Refused("children.length should be ≤ 100.")
        inside = self.blocks[within]
        place = next((index + 1 for index, block in enumerate(inside) if block["id"] == after), len(inside))
        made = [self._block(block) for block in blocks]
        inside[place:place] = made
        self._touch(within)
        return made

    def _block(self, sent: Json) -> Json:
        kind = sent["type"]
        held = {key: value for key, value in sent[kind].items() if key != "children"}
        if any(len(run["text"]["content"]) > 2000 for run in held.get("rich_text", ())):
            raise Refused("text.content.length should be ≤ 2000.")
        if kind in _TEXTS:
            held = {"color": "default", **held, "rich_text": [read_run(run) for run in held["rich_text"]]}
        name = f"b0000000-0000-4000-8000-{next(self._numbers):012}"
        self.blocks[name] = []
        below = self._append(name, sent[kind].get("children", []))
        stamp = self._stamp()
        told = {"object": "block", "id": name, "created_time": stamp, "last_edited_time": stamp, "in_trash": False}
        return {**told, "type": kind, "has_children": bool(below), kind: held}

    def _touch(self, within: str) -> None:
        for each in self._above(within):
            self.pages[each] |= {"last_edited_time": self._stamp()}

    def _above(self, within: str) -> Iterator[str]:
        if within in self.pages:
            yield within
        for page, inside in self.blocks.items():
            if any(block["id"] == within for block in inside):
                yield from self._above(page)

    def _stamp(self) -> str:
        return f"{self.now:%Y-%m-%dT%H:%M}:00.000Z"

    def later(self, minutes: int = 5) -> None:
        self.now += timedelta(minutes=minutes)


def _found(things: dict[str, Json], request: web.Request) -> Json:
    found = things.get(request.match_info["id"])
    if found is None:
        raise Refused("Could not find it.", 404, "object_not_found")
    return found


def _list(things: list[Json], asked: Json) -> web.Response:
    size, begin = asked.get("page_size", 100), int(asked.get("start_cursor") or 0)
    more = begin + size < len(things)
    page = {
        "results": things[begin : begin + size],
        "has_more": more,
        "next_cursor": str(begin + size) if more else None,
    }
    return web.json_response({"object": "list", **page})


@web.middleware
async def _refusing(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return web.json_response(refused.body, status=refused.status)
    except (KeyError, msgspec.DecodeError) as why:
        return web.json_response({"object": "error", "code": "invalid_json", "message": repr(why)}, status=400)
