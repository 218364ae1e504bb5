"""AniList, as its schema describes it: lists that are saved by the work's id, scores kept as points of 100.

https://docs.anilist.co/. What the schema does not tell is a knob: how a score reads in stars and smileys, and whether a
user who has chosen them can have points in between (`keeps_points`).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from aiohttp import web
from graphql import DocumentNode, build_schema, execute_sync, parse, validate

from tests.services.faults import Faults

Json = dict[str, Any]

SCHEMA = """
scalar Json
enum MediaType { ANIME MANGA }
enum MediaListStatus { CURRENT PLANNING COMPLETED DROPPED PAUSED REPEATING }
enum ScoreFormat { POINT_100 POINT_10_DECIMAL POINT_10 POINT_5 POINT_3 }
input FuzzyDateInput { year: Int month: Int day: Int }
type FuzzyDate { year: Int month: Int day: Int }
type MediaTitle { romaji: String english: String native: String userPreferred: String }
type Media {
  id: Int! idMal: Int type: MediaType format: String episodes: Int chapters: Int volumes: Int siteUrl: String
  title: MediaTitle
}
type MediaList {
  id: Int! userId: Int! mediaId: Int! status: MediaListStatus score(format: ScoreFormat): Float progress: Int
  progressVolumes: Int repeat: Int priority: Int private: Boolean notes: String hiddenFromStatusLists: Boolean
  customLists(asArray: Boolean): Json advancedScores: Json startedAt: FuzzyDate completedAt: FuzzyDate
  updatedAt: Int createdAt: Int media: Media
}
type MediaListGroup { entries: [MediaList] name: String }
type MediaListCollection { lists: [MediaListGroup] hasNextChunk: Boolean }
type MediaListOptions { scoreFormat: ScoreFormat }
type Page { mediaList(id: Int, userId: Int, mediaId: Int): [MediaList] }
type User { id: Int! name: String! mediaListOptions: MediaListOptions }
type Deleted { deleted: Boolean }
type Query {
  Viewer: User
  Media(id: Int, idMal: Int, type: MediaType): Media
  MediaList(id: Int, userId: Int, mediaId: Int, type: MediaType): MediaList
  Page(page: Int, perPage: Int): Page
  MediaListCollection(userId: Int, type: MediaType, chunk: Int, perChunk: Int): MediaListCollection
}
type Mutation {
  SaveMediaListEntry(
    id: Int mediaId: Int status: MediaListStatus score: Float scoreRaw: Int progress: Int progressVolumes: Int
    repeat: Int priority: Int private: Boolean notes: String hiddenFromStatusLists: Boolean customLists: [String]
    advancedScores: [Float] startedAt: FuzzyDateInput completedAt: FuzzyDateInput
  ): MediaList
  DeleteMediaListEntry(id: Int): Deleted
}
"""
USER = 700001
LIMITS = {"scoreRaw": 100, "score": 100, "repeat": 1000, "priority": 255, "progress": 10**9, "progressVolumes": 10**9}
NO_DATE = {"year": None, "month": None, "day": None}
POINTS: dict[str, Callable[[float], int]] = {
    "POINT_100": int,
    "POINT_10_DECIMAL": lambda score: round(score * 10),
    "POINT_10": lambda score: int(score) * 10,
    "POINT_5": lambda score: int(score) * 20 - 10,
    "POINT_3": lambda score: (35, 60, 85)[int(score) - 1],
}
"""A score as a person gives it in each format, in points of 100."""
STARS: dict[str, tuple[int, ...]] = {"mal-sync": (20, 40, 60, 80), "mihon": (30, 50, 70, 90)}
"""From how many points on there is a star more: two clients that know both say differently."""


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class AniList:
    def __init__(self, score_format: str = "POINT_100", *, keeps_points: bool = True, stars: str = "mal-sync") -> None:
        self.score_format, self.keeps_points, self.stars = score_format, keeps_points, stars
        self.works: dict[int, Json] = {}
        self.entries: dict[int, Json] = {}
        self.faults = Faults()
        self.is_allowed = True
        self.now = 1_790_000_000

    def add_work(self, number: int, mal: int | None = None, *, kind: str = "ANIME", **told: Any) -> None:
        title = f"Work {number}"
        names = {"romaji": title, "english": None, "native": None, "userPreferred": title}
        address = f"https://anilist.co/{kind.lower()}/{number}"
        counts = {"episodes": None, "chapters": None, "volumes": None, "format": None}
        self.works[number] = {
            "id": number,
            "idMal": mal,
            "type": kind,
            "siteUrl": address,
            "title": names,
            **counts,
            **told,
        }

    def entry(self, work: int) -> Json | None:
        return next((entry for entry in self.entries.values() if entry["mediaId"] == work), None)

    def edit(self, work: int, **fields: Any) -> Json:
        """As the person does at the site; `score` is in the format they have chosen."""
        return self._save(None, mediaId=work, **fields)

    def remove(self, work: int) -> None:
        self.entries = {number: entry for number, entry in self.entries.items() if entry["mediaId"] != work}

    def shown(self, entry: Json, chosen: str | None = None) -> float:
        points, chosen = entry["points"], chosen or self.score_format
        match chosen:
            case "POINT_5":
                return points and 1 + sum(points >= limit for limit in STARS[self.stars])
            case "POINT_3":
                return points and 1 + (points > 47) + (points >= 73)
            case "POINT_10":
                return points and max((points + 5) // 10, 1)
            case _:
                return points / 10 if chosen == "POINT_10_DECIMAL" else points

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware()])
        app.router.add_post("/", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if not self.is_allowed:  # as clients report it
            return web.json_response(
                {"errors": [{"message": "Invalid token", "status": 400}], "data": None}, status=400
            )
        asked = msgspec.json.decode(await request.read())
        root = {
            "Viewer": lambda _: {"id": USER, "name": "someone", "mediaListOptions": {"scoreFormat": self.score_format}},
            "Media": self._media,
            "MediaList": self._entry,
            "Page": lambda _, **_size: {"mediaList": self._some},
            "MediaListCollection": self._collection,
            "SaveMediaListEntry": lambda info, **sent: self._shown(self._save(info, **sent)),
            "DeleteMediaListEntry": self._delete,
        }
        query, wrong = _understood(asked["query"])
        if wrong:
            return web.json_response({"errors": [{"message": wrong[0], "status": 400}], "data": None}, status=400)
        found = execute_sync(_SCHEMA, query, root, variable_values=asked.get("variables"))
        if not found.errors:
            return web.json_response({"data": found.data})
        status = next((getattr(one.original_error, "status", 0) for one in found.errors if one.original_error), 0)
        told = [{"message": one.message, "status": status or 400} for one in found.errors]
        return web.json_response({"errors": told, "data": found.data}, status=status or 400)

    def _media(self, _: object, **wanted: Any) -> Json:
        for work in self.works.values():
            if all(work[name] == value for name, value in wanted.items()):
                return work
        raise Refused(404, "Not Found.")

    def _entry(self, _: object, **wanted: Any) -> Json:
        for entry in self._some(None, **wanted):
            return entry
        raise Refused(404, "Not Found.")

    def _some(self, _: object, **wanted: Any) -> list[Json]:
        wanted = {name: value for name, value in wanted.items() if name != "type"}
        every = self.entries.values()
        return [self._shown(entry) for entry in every if all(entry[name] == wanted[name] for name in wanted)]

    def _collection(self, _: object, type: str, chunk: int = 1, perChunk: int = 500, **_user: Any) -> Json:  # noqa: A002, N803 -- the names of the schema
        """Every custom list shows its entries again."""
        every = [entry for entry in self.entries.values() if self.works[entry["mediaId"]]["type"] == type]
        part = every[(chunk - 1) * perChunk : chunk * perChunk]
        lists = [[entry for entry in part if entry["status"] == status] for status in ("CURRENT", "COMPLETED")]
        lists += [[entry for entry in part if entry["status"] not in {"CURRENT", "COMPLETED"}]]
        lists += [[entry for entry in part if any(entry["customLists"].values())]]
        shown = [{"entries": [self._shown(entry) for entry in entries]} for entries in lists if entries]
        return {"lists": shown, "hasNextChunk": chunk * perChunk < len(every)}

    def _shown(self, entry: Json) -> Json:
        return {
            **entry,
            "media": self.works[entry["mediaId"]],
            "score": lambda _, **asked: self.shown(entry, asked.get("format")),
            "customLists": lambda _, **_as: entry["customLists"],
        }

    def _delete(self, _: object, id: int) -> Json:  # noqa: A002 -- the name of the schema
        if self.entries.pop(id, None) is None:
            raise Refused(404, "Not Found.")
        return {"deleted": True}

    def _save(self, _info: object, **sent: Any) -> Json:
        for name, most in LIMITS.items():
            if (value := sent.get(name)) is not None and not 0 <= value <= most:
                raise Refused(400, f"validation: the {name} may not be {value}.")
        if len(sent.get("notes") or "") > 6000:
            raise Refused(400, "validation: the notes may not be greater than 6000 characters.")
        self.now += 1
        entry = self._begun(sent)
        finishes = sent.get("status") == "COMPLETED" != entry["status"]
        dates = {name: {**NO_DATE, **(sent.pop(name) or {})} for name in ("startedAt", "completedAt") if name in sent}
        if finishes and "completedAt" not in dates:  # as people have found
            dates["completedAt"] = {"year": 2026, "month": 10, "day": 7}
        if "customLists" in sent:
            entry["customLists"] = dict.fromkeys(sent.pop("customLists"), True)
        self._score(entry, sent.pop("scoreRaw", None), sent.pop("score", None))
        sent = {name: value for name, value in sent.items() if name not in {"id", "mediaId"}}
        entry |= {**sent, **dates, "updatedAt": self.now}
        return entry

    def _begun(self, sent: Json) -> Json:
        if "id" in sent:
            if sent["id"] not in self.entries:
                raise Refused(404, "Not Found.")
            return self.entries[sent["id"]]
        work = sent.get("mediaId")
        if work not in self.works:
            raise Refused(404, "Not Found.")
        found = self.entry(work)
        if found is None:
            number = max([*self.entries, 1000]) + 1
            found = self.entries[number] = {
                "id": number,
                "userId": USER,
                "mediaId": work,
                "status": "CURRENT",
                "points": 0,
                "progress": 0,
                "progressVolumes": None if self.works[work]["type"] == "ANIME" else 0,
                "repeat": 0,
                "priority": 0,
                "private": False,
                "notes": None,
                "hiddenFromStatusLists": False,
                "customLists": {},
                "advancedScores": {"Story": 0},
                "startedAt": NO_DATE,
                "completedAt": NO_DATE,
                "createdAt": self.now,
            }
        return found

    def _score(self, entry: Json, points: int | None, score: float | None) -> None:
        if score is not None:
            entry["points"] = POINTS[self.score_format](score) if score else 0
        if points is not None:
            entry["points"] = points
            if not self.keeps_points and points:
                entry["points"] = POINTS[self.score_format](self.shown(entry))


_SCHEMA = build_schema(SCHEMA)


@cache
def _understood(query: str) -> tuple[DocumentNode, list[str]]:
    """The query, and what is wrong with it."""
    document = parse(query)
    return document, [problem.message for problem in validate(_SCHEMA, document)]
