"""Notion, as its documentation describes it: pages of blocks, databases of pages, times cut to the minute, no keys.

https://developers.notion.com/reference. What it leaves open is a knob: whether a date that was given with a zone is told
with it again (`keeps_zones`), or as an instant with an offset.
"""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from tests.services.faults import Faults

Json = dict[str, Any]

CHORES = "2a2b3c4d-0000-4000-8000-00000000000f"
HOME = "1a2b3c4d-0000-4000-8000-0000000000aa"
USER = {"object": "user", "id": "5389a034-eb5c-47b5-8a9e-000000000001"}
MARKS = {"bold": False, "italic": False, "strikethrough": False, "underline": False, "code": False, "color": "default"}
_PAGE: Json = {"object": "page", "created_by": USER, "last_edited_by": USER, "cover": None, "icon": None}
_PAGE |= {"archived": False, "in_trash": False, "public_url": None}
_OPTIONS = {"State": ["Not started", "Doing", "Waiting", "Done"], "Priority": ["High", "Medium", "Low"]}
_GROUPS = [("To-do", ["Not started"]), ("In progress", ["Doing", "Waiting"]), ("Complete", ["Done"])]
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


class Refused(Exception):
    def __init__(self, message: str, status: int = 400, code: str = "validation_error") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"object": "error", "status": status, "code": code, "message": message}


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
        self.sources = {CHORES: _source()}
        self.blank = copy.deepcopy(_EMPTY)
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
            made[name] = {**held, kind: self._value(name, kind, value[kind])}
        page["properties"] |= made

    def _value(self, name: str, kind: str, value: Any) -> Any:
        match kind:
            case "title" | "rich_text":
                return [read_run(run) for run in value]
            case "status" | "select":
                if value and (value["name"] not in _OPTIONS[name] if kind == "status" else "," in value["name"]):
                    raise Refused(f"{value['name']} is no option of {name}.")
                return {"id": f"o-{value['name']}", "name": value["name"], "color": "default"} if value else None
            case "multi_select":
                if any("," in option["name"] for option in value):
                    raise Refused("An option may have no comma.")
                return [{"id": f"o-{option['name']}", "name": option["name"], "color": "default"} for option in value]
            case "date":
                return self._date(value)
            case "number" | "checkbox":
                return value
            case _:
                raise Refused(f"{name} cannot be set here.")

    def _date(self, value: Json | None) -> Json | None:
        if value is None:
            return None
        zone = value.get("time_zone")
        ends = [value["start"], value.get("end")]
        if zone and any(end and ("T" not in end or end.endswith("Z") or "+" in end) for end in ends):
            raise Refused("A time zone goes with times that have no offset.")
        if ends[1] and ends[1] < ends[0]:
            raise Refused("The end is before the start.")
        told = [end and self._moment(end, zone) for end in ends]
        return {"start": told[0], "end": told[1], "time_zone": zone if self.keeps_zones else None}

    def _moment(self, text: str, zone: str | None) -> str:
        """A time without an offset is meant in the zone, or else in UTC."""
        if "T" not in text or (zone and self.keeps_zones):
            return text
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        return at.isoformat(timespec="milliseconds")

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


def said(text: str, **marks: Any) -> Json:
    return {"type": "text", "text": {"content": text}, **({"annotations": marks} if marks else {})}


def read_run(run: Json) -> Json:
    """A run of text as it is told: with all of its marks, and its text in full."""
    text, link = run["text"]["content"], run["text"].get("link")
    told = {
        "type": "text",
        "text": {"content": text, "link": link},
        "annotations": {**MARKS, **run.get("annotations", {})},
    }
    return {**told, "plain_text": text, "href": link["url"] if link else None}


def _column(name: str, kind: str, held: Json | None = None) -> Json:
    return {"id": "title" if kind == "title" else name[:4], "name": name, "type": kind, kind: held or {}}


def _source() -> Json:
    options = {name: [{"id": f"o-{each}", "name": each} for each in names] for name, names in _OPTIONS.items()}
    groups = [{"id": name, "name": name, "option_ids": [f"o-{each}" for each in names]} for name, names in _GROUPS]
    columns = [
        _column("Name", "title"),
        _column("State", "status", {"options": options["State"], "groups": groups}),
        _column("Due", "date"),
        _column("Priority", "select", {"options": options["Priority"]}),
        _column("Tags", "multi_select", {"options": []}),
        _column("Notes", "rich_text"),
        _column("Effort", "number"),
        _column("Assignee", "people"),
    ]
    return {
        "object": "data_source",
        "id": CHORES,
        "title": [read_run(said("Chores"))],
        "properties": {column["name"]: column for column in columns},
    }


_LISTS = {"title", "rich_text", "multi_select", "people"}
_EMPTY = {
    name: {"id": column["id"], "type": column["type"], column["type"]: [] if column["type"] in _LISTS else None}
    for name, column in _source()["properties"].items()
}


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
