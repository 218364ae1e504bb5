"""Kitsu's JSON:API library: one entry for a user and a work, checked and rewritten as the server's own code does it.

https://kitsu.docs.apiary.io/ and library_entry.rb of hummingbird-me/kitsu-server: ratings of 2 to 20, no more progress
than there are episodes, and a work that is completed has all its progress and the day.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from tests.services.faults import Faults

Json = dict[str, Any]
Key = tuple[str, str]

USER = "1500001"
TYPE = "application/vnd.api+json"
STATUSES = {"current", "planned", "completed", "on_hold", "dropped"}
WRITABLE = {"status", "progress", "volumesOwned", "reconsuming", "reconsumeCount", "notes", "private"}
WRITABLE |= {"reactionSkipped", "startedAt", "finishedAt", "ratingTwenty"}


class Refused(Exception):
    def __init__(self, detail: str, *, status: int = 422) -> None:
        super().__init__(detail)
        self.status = status


class Kitsu:
    def __init__(self) -> None:
        self.works: dict[Key, Json] = {}
        self.mappings: list[Json] = []
        self.entries: dict[str, Json] = {}
        """Attributes, and `work`."""
        self.faults = Faults()
        self.now = datetime(2026, 10, 1, tzinfo=UTC)

    def add_work(self, number: str, *, kind: str = "anime", total: int | None = None, **sites: str) -> None:
        """`sites`: `myanimelist` and the like, with the id there."""
        count = "episodeCount" if kind == "anime" else "chapterCount"
        title = f"Work {number}"
        self.works[kind, number] = {
            "slug": f"work-{number}",
            "canonicalTitle": title,
            "titles": {"en_jp": title},
            "subtype": "TV",
            count: total,
            "averageRating": "80.1",
            **({"volumeCount": None} if kind == "manga" else {}),
        }
        for site, id_there in sites.items():
            place = {"externalSite": f"{site}/{kind}", "externalId": id_there}
            self.mappings.append({"id": str(len(self.mappings) + 1), "attributes": place, "item": (kind, number)})

    def entry(self, number: str, kind: str = "anime") -> Json | None:
        return next((entry for entry in self.entries.values() if entry["work"] == (kind, number)), None)

    def edit(self, number: str, *, kind: str = "anime", **attributes: Any) -> Json:
        """As the person does at the site."""
        found = next((name for name, entry in self.entries.items() if entry["work"] == (kind, number)), None)
        if found is None:
            return self._create((kind, number), attributes)
        return self._update(found, attributes)

    def remove(self, number: str, *, kind: str = "anime") -> None:
        self.entries = {name: entry for name, entry in self.entries.items() if entry["work"] != (kind, number)}

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware()])
        for method, path, handler in (
            ("GET", "/users", self._users),
            ("GET", "/mappings", self._mapped),
            ("GET", "/library-entries", self._list),
            ("POST", "/library-entries", self._post),
            ("GET", "/library-entries/{id}", self._one),
            ("PATCH", "/library-entries/{id}", self._patch),
            ("DELETE", "/library-entries/{id}", self._delete),
        ):
            app.router.add_route(method, path, self._in_form(handler))
        return app

    def _in_form(self, handler: Any) -> Any:
        async def answer(request: web.Request) -> web.Response:
            if request.headers.get("Accept") != TYPE:
                return _told(406, "Not acceptable")
            if request.method in {"POST", "PATCH"} and request.headers.get("Content-Type") != TYPE:
                return _told(415, "Unsupported media type")
            try:
                return _body(await handler(request))
            except Refused as why:
                return _told(why.status, str(why))

        return answer

    async def _users(self, _: web.Request) -> Json:
        return {"data": [{"id": USER, "type": "users", "attributes": {"name": "someone"}}]}

    async def _mapped(self, request: web.Request) -> Json:
        site, number = (request.query[f"filter[{name}]"] for name in ("externalSite", "externalId"))
        wanted = {"externalSite": site, "externalId": number}
        found = [one for one in self.mappings if one["attributes"] == wanted]
        items = [self._work(one["item"], request) for one in found]
        return {"data": [_mapping(one) for one in found], "included": items, "meta": {"count": len(found)}}

    async def _list(self, request: web.Request) -> Json:
        query = request.query
        kept = list(self.entries)
        for kind in ("anime", "manga"):
            if wanted := query.get(f"filter[{kind}Id]"):
                kept = [name for name in kept if self.entries[name]["work"] == (kind, wanted)]
        if wanted := query.get("filter[kind]"):
            kept = [name for name in kept if self.entries[name]["work"][0] == wanted]
        if query.get("sort") == "-updatedAt":
            kept.sort(key=lambda name: self.entries[name]["updatedAt"], reverse=True)
        begin, size = int(query.get("page[offset]", 0)), min(int(query.get("page[limit]", 10)), 500)
        more = {"next": "https://kitsu.app/…"} if begin + size < len(kept) else {}
        shown = kept[begin : begin + size] if query.get("filter[userId]") == USER else []
        data = [self._resource(name) for name in shown]
        return {"data": data, "included": self._included(shown, request), "meta": {"count": len(kept)}, "links": more}

    async def _one(self, request: web.Request) -> Json:
        return self._document(self._known(request), request)

    async def _post(self, request: web.Request) -> tuple[int, Json]:
        data = msgspec.json.decode(await request.read())["data"]
        links = data.get("relationships", {})
        pointers = [(kind, links[kind]["data"]) for kind in ("anime", "manga") if kind in links]
        if links.get("user", {}).get("data") != {"type": "users", "id": USER} or len(pointers) != 1:
            raise Refused("user and media must be given")
        kind, pointer = pointers[0]
        if pointer.get("type") != kind or (kind, pointer.get("id")) not in self.works:
            raise Refused(f"{kind} must exist")
        if self.entry(pointer["id"], kind) is not None:
            raise Refused("user - has already been taken")
        self._create((kind, pointer["id"]), data.get("attributes", {}))
        return 201, self._document(max(self.entries, key=int), request)

    async def _patch(self, request: web.Request) -> Json:
        name, data = self._known(request), msgspec.json.decode(await request.read())["data"]
        if data.get("id") != name or data.get("type") != "libraryEntries":
            raise Refused("the resource is another", status=400)
        self._update(name, data.get("attributes", {}))
        return self._document(name, request)

    async def _delete(self, request: web.Request) -> tuple[int, None]:
        del self.entries[self._known(request)]
        return 204, None

    def _known(self, request: web.Request) -> str:
        name = request.match_info["id"]
        if name not in self.entries:
            raise Refused("Record not found", status=404)
        return name

    def _create(self, work: Key, attributes: Json) -> Json:
        begun = {
            "status": None,
            "progress": 0,
            "volumesOwned": 0,
            "reconsuming": False,
            "reconsumeCount": 0,
            "notes": None,
            "private": False,
            "reactionSkipped": "unskipped",
            "startedAt": None,
            "finishedAt": None,
            "ratingTwenty": None,
            "work": work,
            "createdAt": self._tick(),
        }
        made = self._saved(begun, attributes)
        return self.entries.setdefault(str(max([1000, *map(int, self.entries)]) + 1), made)

    def _update(self, name: str, attributes: Json) -> Json:
        self.entries[name] = self._saved(self.entries[name], attributes)
        return self.entries[name]

    def _saved(self, held: Json, attributes: Json) -> Json:
        if strange := attributes.keys() - WRITABLE:
            raise Refused(f"{min(strange)} is not allowed.", status=400)
        entry, total = {**held, **attributes}, self._total(held["work"])
        for problem in _problems(entry, total):
            raise Refused(problem)
        if entry["status"] != held["status"]:
            self._enter(entry, total)
        elif total and entry["progress"] == total != held["progress"]:
            entry["status"] = "completed"
            self._enter(entry, total)
        return {**entry, "updatedAt": self._tick()}

    def _enter(self, entry: Json, total: int | None) -> None:
        if entry["status"] == "completed":
            entry |= {"progress": total or entry["progress"], "finishedAt": entry["finishedAt"] or self._tick()}
        if entry["status"] in {"completed", "current"}:
            entry["startedAt"] = entry["startedAt"] or self._tick()

    def _total(self, work: Key) -> int | None:
        return self.works[work].get("episodeCount" if work[0] == "anime" else "chapterCount")

    def _tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _document(self, name: str, request: web.Request) -> Json:
        return {"data": self._resource(name), "included": self._included([name], request)}

    def _resource(self, name: str) -> Json:
        entry = self.entries[name]
        kind, number = entry["work"]
        attributes = {key: value for key, value in entry.items() if key != "work"}
        links = {each: {"data": {"type": kind, "id": number} if each == kind else None} for each in ("anime", "manga")}
        return {"id": name, "type": "libraryEntries", "attributes": attributes, "relationships": links}

    def _included(self, names: list[str], request: web.Request) -> list[Json]:
        wanted = request.query.get("include", "").split(",")
        works = list(dict.fromkeys(self.entries[name]["work"] for name in names))
        shown = [self._work(work, request) for work in works if work[0] in wanted]
        mapped = [
            _mapping(one) for one in self.mappings if one["item"] in works and f"{one['item'][0]}.mappings" in wanted
        ]
        return [*shown, *mapped]

    def _work(self, work: Key, request: web.Request) -> Json:
        chosen = request.query.get(f"fields[{work[0]}]", "").split(",")
        attributes = {name: value for name, value in self.works[work].items() if chosen == [""] or name in chosen}
        pointers = [{"type": "mappings", "id": one["id"]} for one in self.mappings if one["item"] == work]
        links = {"mappings": {"data": pointers}} if "mappings" in chosen else {}
        return {"id": work[1], "type": work[0], "attributes": attributes, "relationships": links}


def _problems(entry: Json, total: int | None) -> Iterator[str]:
    rating = entry["ratingTwenty"]
    if rating is not None and (not isinstance(rating, int) or not 2 <= rating <= 20):
        yield "ratingTwenty - must be between 2 and 20"
    if not isinstance(entry["reconsumeCount"], int) or not 0 <= entry["reconsumeCount"] <= 50:
        yield "reconsumeCount - must be less than or equal to 50"
    if entry["status"] not in STATUSES:
        yield "status - can't be blank"
    if not isinstance(entry["progress"], int) or entry["progress"] < 0 or (total and entry["progress"] > total):
        yield "progress - cannot exceed length of media"


def _mapping(one: Json) -> Json:
    kind, number = one["item"]
    return {
        "id": one["id"],
        "type": "mappings",
        "attributes": one["attributes"],
        "relationships": {"item": {"data": {"type": kind, "id": number}}},
    }


def _body(answer: Json | tuple[int, Json | None]) -> web.Response:
    status, body = answer if isinstance(answer, tuple) else (200, answer)
    return web.Response(status=status, body=msgspec.json.encode(body) if body is not None else b"", content_type=TYPE)


def _told(status: int, detail: str) -> web.Response:
    errors = [{"title": detail, "detail": detail, "status": str(status)}]
    return web.Response(status=status, body=msgspec.json.encode({"errors": errors}), content_type=TYPE)
