"""MyAnimeList's API v2: an entry is saved under the work's id, with a form; partial dates, scores of ten.

https://myanimelist.net/apiconfig/references/api/v2. That `start_date` and `finish_date` can be sent, and that a member
nobody knows is refused, stands in no document.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.services.faults import Faults

Json = dict[str, Any]

WORDS = {
    "anime": {
        "planned": "plan_to_watch",
        "current": "watching",
        "progress": ("num_watched_episodes", "num_episodes_watched"),
        "again": "is_rewatching",
        "times": "num_times_rewatched",
        "value": "rewatch_value",
    },
    "manga": {
        "planned": "plan_to_read",
        "current": "reading",
        "progress": ("num_chapters_read", "num_chapters_read"),
        "again": "is_rereading",
        "times": "num_times_reread",
        "value": "reread_value",
    },
}
DATE = re.compile(r"(\d{4}(-\d{2}(-\d{2})?)?)?")
ALWAYS = {"status", "score", "updated_at", "num_episodes_watched", "num_chapters_read", "num_volumes_read"}
ALWAYS |= {"is_rewatching", "is_rereading"}
OPTIONAL = ("start_date", "finish_date")


class Refused(Exception):
    pass


class MyAnimeList:
    def __init__(self) -> None:
        self.works: dict[tuple[str, int], Json] = {}
        self.entries: dict[tuple[str, int], Json] = {}
        self.faults = Faults()
        self.now = datetime(2026, 10, 1, tzinfo=UTC)

    def add_work(self, number: int, *, kind: str = "anime", total: int = 0, nsfw: bool = False, **told: Any) -> None:
        counts = {"num_episodes": total} if kind == "anime" else {"num_chapters": total, "num_volumes": 0}
        title, form = f"Work {number}", "tv" if kind == "anime" else "manga"
        self.works[kind, number] = {
            "id": number,
            "title": title,
            "main_picture": {},
            "media_type": form,
            "nsfw": nsfw,
            **counts,
            **told,
        }

    def edit(self, number: int, *, kind: str = "anime", **form: Any) -> Json:
        """As the person does at the site."""
        return self._save(kind, number, {name: str(value) for name, value in form.items()})

    def remove(self, number: int, *, kind: str = "anime") -> None:
        del self.entries[kind, number]

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware()])
        app.router.add_get("/users/@me", _me)
        app.router.add_get("/users/@me/{kind:anime|manga}list", self._list)
        app.router.add_get("/{kind:anime|manga}/{id:\\d+}", self._one)
        for method in ("PUT", "PATCH"):
            app.router.add_route(method, "/{kind:anime|manga}/{id:\\d+}/my_list_status", self._write)
        app.router.add_delete("/{kind:anime|manga}/{id:\\d+}/my_list_status", self._delete)
        return app

    async def _list(self, request: web.Request) -> web.Response:
        kind, query = request.match_info["kind"], request.query
        asked = _asked(query.get("fields", ""))
        every = [number for held, number in self.entries if held == kind]
        if query.get("nsfw") != "true":
            every = [number for number in every if not self.works[kind, number]["nsfw"]]
        if query.get("sort") == "list_updated_at":
            every.sort(key=lambda number: self.entries[kind, number]["updated_at"], reverse=True)
        begin, size = int(query.get("offset", 0)), min(int(query.get("limit", 100)), 1000)
        data = [
            {"node": self._work(kind, number, asked), "list_status": self._status(kind, number, asked["list_status"])}
            for number in every[begin : begin + size]
        ]
        more = str(request.url.update_query(offset=str(begin + size))) if begin + size < len(every) else None
        return web.json_response({"data": data, "paging": {"next": more} if more else {}})

    async def _one(self, request: web.Request) -> web.Response:
        kind, number, asked = *_key(request), _asked(request.query.get("fields", ""))
        if (kind, number) not in self.works:
            return web.json_response({"message": "", "error": "not_found"}, status=404)
        found = self._work(kind, number, asked)
        if "my_list_status" in asked and (kind, number) in self.entries:
            found["my_list_status"] = self._status(kind, number, asked["my_list_status"])
        return web.json_response(found)

    async def _write(self, request: web.Request) -> web.Response:
        kind, number = _key(request)
        if (kind, number) not in self.works:
            return web.json_response({"message": "", "error": "not_found"}, status=404)
        if request.content_type != "application/x-www-form-urlencoded":
            return web.json_response({"message": "no form", "error": "bad_request"}, status=400)
        try:
            entry = self._save(kind, number, dict(parse_qsl(await request.text(), keep_blank_values=True)))
        except Refused as why:
            return web.json_response({"message": str(why), "error": "bad_request"}, status=400)
        return web.json_response({name: value for name, value in entry.items() if value is not None})

    async def _delete(self, request: web.Request) -> web.Response:
        found = self.entries.pop(_key(request), None)
        return web.json_response([], status=404 if found is None else 200)

    def _work(self, kind: str, number: int, asked: dict[str, set[str]]) -> Json:
        wanted = {"id", "title", "main_picture", *asked}
        return {name: value for name, value in self.works[kind, number].items() if name in wanted}

    def _status(self, kind: str, number: int, asked: set[str]) -> Json:
        held = self.entries[kind, number]
        return {
            name: value
            for name, value in held.items()
            if (name in ALWAYS or name in asked) and not (name in OPTIONAL and value is None)
        }

    def _save(self, kind: str, number: int, form: dict[str, str]) -> Json:
        words = WORDS[kind]
        entry = dict(self.entries.get((kind, number)) or _new(kind))
        sent, told = words["progress"]
        known = {sent: told, **{name: name for name in entry if name not in {told, "updated_at"}}}
        for name, text in form.items():
            if name not in known:
                raise Refused("This form should not contain extra fields.")
            entry[known[name]] = _value(kind, name, text)
        self.now += timedelta(seconds=1)
        entry["updated_at"] = self.now.isoformat()
        self.entries[kind, number] = entry
        return entry


def _new(kind: str) -> Json:
    words = WORDS[kind]
    volumes = {"num_volumes_read": 0} if kind == "manga" else {}
    return {
        "status": words["current"],
        "score": 0,
        words["progress"][1]: 0,
        words["again"]: False,
        "updated_at": "",
        "priority": 0,
        words["times"]: 0,
        words["value"]: 0,
        "tags": [],
        "comments": "",
        **volumes,
        **dict.fromkeys(OPTIONAL),
    }


def _value(kind: str, name: str, text: str) -> Any:
    words = WORDS[kind]
    if name == "status":
        if text not in {words["current"], words["planned"], "completed", "on_hold", "dropped"}:
            raise Refused("invalid status")
        return text
    if name == words["again"]:
        if text not in {"true", "false", "True", "False"}:
            raise Refused(f"invalid {name}")
        return text.lower() == "true"
    if name == "tags":
        return [tag for part in text.split(",") if (tag := part.strip())]
    if name in OPTIONAL:
        if not DATE.fullmatch(text):
            raise Refused(f"invalid {name}")
        return text or None
    if name == "comments":
        return text
    most = {"score": 10, "priority": 2, words["value"]: 5}.get(name, 10**6)
    if not text.isdecimal() or int(text) > most:
        raise Refused(f"invalid {name}")
    return int(text)


def _asked(fields: str) -> dict[str, set[str]]:
    """`a,b{c,d}` → {a: {}, b: {c, d}}."""
    found = {
        name: set(inner.split(",")) if inner else set() for name, inner in re.findall(r"(\w+)(?:\{(.*?)\})?", fields)
    }
    return {"list_status": set(), **found}


def _key(request: web.Request) -> tuple[str, int]:
    return request.match_info["kind"], int(request.match_info["id"])


async def _me(_: web.Request) -> web.Response:
    return web.json_response({"id": 1000001, "name": "someone"})
