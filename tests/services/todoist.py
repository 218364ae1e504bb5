"""Todoist, as its documentation describes it: tasks written by commands, and told by a feed of what changed.

https://developer.todoist.com/api/v1/. What it leaves open is a knob: whether a command that is sent again tells once more
which id was made (`repeats_mapping`), and whether a finished task is found by its id (`finds_finished`).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from tests.services.faults import Faults

Json = dict[str, Any]

INBOX, GARDEN, SECTION = "6XGgm6PHrGgMpCFX", "6XGgmFVcrG5RRjVr", "6Jf8VQXxpwv56VQ7"
ZONE = "Europe/Berlin"
_NEW: Json = {
    "section_id": None,
    "parent_id": None,
    "added_by_uid": "1850001",
    "assigned_by_uid": None,
    "responsible_uid": None,
    "labels": [],
    "deadline": None,
    "duration": None,
    "checked": False,
    "is_deleted": False,
    "completed_at": None,
    "due": None,
    "priority": 1,
    "description": "",
    "note_count": 0,
    "day_order": -1,
    "is_collapsed": False,
}
_UPDATABLE = {
    "content",
    "description",
    "due",
    "deadline",
    "priority",
    "is_collapsed",
    "labels",
    "day_order",
    "duration",
}
_ADDABLE = {*_UPDATABLE, "project_id", "parent_id", "section_id", "child_order", "auto_reminder", "auto_parse_labels"}


class Refused(Exception):
    def __init__(self, status: int, tag: str, message: str) -> None:
        super().__init__(message)
        self.told = {"error_code": 20, "error": message, "error_tag": tag, "http_code": status, "error_extra": {}}


class SyncFaults(Faults):
    def is_write(self, request: web.Request, body: bytes) -> bool:  # noqa: ARG002 -- one address reads and writes
        return b"commands=" in body


class Todoist:
    def __init__(self) -> None:
        self.tasks: dict[str, Json] = {}
        self.projects = {INBOX: "Inbox", GARDEN: "Garden"}
        self.sections = {SECTION: GARDEN}
        self.faults = SyncFaults()
        self.repeats_mapping = self.finds_finished = True
        self.commands: list[Json] = []
        """All that were executed."""
        self.now = datetime(2026, 10, 7, 12, 0, 0, 123456, UTC)
        self.epoch = 0
        """Tokens of another epoch are not known."""
        self._changed: list[str] = []
        self._done: dict[str, tuple[object, dict[str, str]]] = {}
        self._count = 0

    def add(self, content: str, **fields: Any) -> Json:
        """As the other person does."""
        return self._add({"content": content, **fields})

    def edit(self, task: str, **fields: Any) -> Json:
        return self._touch(self.tasks[task] | fields)

    def expire(self) -> None:
        self.epoch += 1

    def children(self, task: str) -> Iterator[Json]:
        for other in list(self.tasks.values()):
            if other["parent_id"] == task and not other["is_deleted"]:
                yield other
                yield from self.children(other["id"])

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware()])
        app.router.add_get("/user", self._user)
        app.router.add_get("/projects", self._list_projects)
        app.router.add_get("/sections/{id}", self._one_section)
        app.router.add_get("/tasks/completed/by_completion_date", self._list_finished)
        app.router.add_get("/tasks/{id}", self._one_task)
        app.router.add_get("/tasks", self._list_tasks)
        app.router.add_post("/sync", self._sync)
        return app

    async def _user(self, _: web.Request) -> web.Response:
        return await _json({"id": "1850001", "full_name": "Ada"})

    async def _list_projects(self, _: web.Request) -> web.Response:
        shown = [
            {"id": each, "name": name, "color": "charcoal", "is_frozen": False} for each, name in self.projects.items()
        ]
        return await _json({"results": shown, "next_cursor": None})

    async def _one_section(self, request: web.Request) -> web.Response:
        project = self.sections.get(request.match_info["id"])
        return await _json({"id": request.match_info["id"], "project_id": project}, 200 if project else 404)

    async def _one_task(self, request: web.Request) -> web.Response:
        task = self.tasks.get(request.match_info["id"])
        if task is None or task["is_deleted"] or (task["checked"] and not self.finds_finished):
            return await _json({"error": "Task not found"}, 404)
        return await _json(task)

    async def _list_tasks(self, request: web.Request) -> web.Response:
        """Open tasks only, in the order in which they were made."""
        query = request.query
        ids = query["ids"].split(",") if "ids" in query else None
        found = [
            task
            for task in self._open()
            if (ids is None or task["id"] in ids)
            and all(task[name] == query[name] for name in ("project_id", "parent_id", "section_id") if name in query)
        ]
        begin, size = int(query.get("cursor", "0")), int(query.get("limit", "50"))
        if not 0 < size <= 200:
            return await _json({"error": "limit"}, 400)
        more = str(begin + size) if begin + size < len(found) else None
        return await _json({"results": found[begin : begin + size], "next_cursor": more})

    async def _list_finished(self, request: web.Request) -> web.Response:
        since, until = (datetime.fromisoformat(request.query[name]) for name in ("since", "until"))
        if until - since > timedelta(days=92):
            return await _json({"error": "more than three months"}, 400)
        done = [task for task in self.tasks.values() if task["checked"] and not task["is_deleted"]]
        shown = [task for task in done if since <= datetime.fromisoformat(task["completed_at"]) <= until]
        return await _json({"items": shown, "next_cursor": None})

    async def _sync(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-www-form-urlencoded":
            return await _json({"error": "a form was expected"}, 400)
        form = await request.post()
        commands = msgspec.json.decode(str(form.get("commands", "[]")))
        if len(commands) > 100 or ("commands" not in form and not {"sync_token", "resource_types"} <= form.keys()):
            return await _json({"error": "Bad Request"}, 400)
        answer = self._run(commands) if commands else {}
        if "sync_token" in form:
            answer |= self._feed(str(form["sync_token"]), msgspec.json.decode(str(form["resource_types"])))
        return await _json({**answer, "sync_token": f"{self.epoch}.{len(self._changed)}"})

    def _feed(self, token: str, types: list[str]) -> Json:
        epoch, _, place = token.partition(".")
        is_full = epoch != str(self.epoch)
        changed = dict.fromkeys(self._changed[int(place) :]) if not is_full else {}
        items = self._open() if is_full else [self.tasks[task] for task in changed]
        return {"full_sync": is_full, **({"items": items} if "items" in types else {})}

    def _open(self) -> list[Json]:
        return [task for task in self.tasks.values() if not task["checked"] and not task["is_deleted"]]

    def _run(self, commands: list[Json]) -> Json:
        statuses: Json = {}
        made: dict[str, str] = {}
        for command in commands:
            uuid = command["uuid"]
            if uuid in self._done:
                statuses[uuid], told = self._done[uuid]
                made |= told if self.repeats_mapping else {}
                continue
            mapping: dict[str, str] = {}
            try:
                statuses[uuid] = "ok"
                self._execute(command, made, mapping)
                self.commands.append(command)
                made |= mapping
            except Refused as refused:
                statuses[uuid] = refused.told
            self._done[uuid] = (statuses[uuid], mapping)
        return {"sync_status": statuses, "temp_id_mapping": made}

    def _execute(self, command: Json, made: dict[str, str], mapping: dict[str, str]) -> None:
        args = {
            name: made.get(value, value) if isinstance(value, str) else value for name, value in command["args"].items()
        }
        if command["type"] == "item_add":
            added = self._add(args)
            if "temp_id" in command:
                mapping[command["temp_id"]] = added["id"]
            return
        task = self.tasks.get(args.pop("id", ""))
        if task is None or task["is_deleted"]:
            raise Refused(404, "ITEM_NOT_FOUND", "Item not found")
        run: Callable[[Json, Json], None] | None = getattr(self, f"_{command['type']}", None)
        if run is None:
            raise Refused(400, "INVALID_COMMAND", "Invalid command")
        run(task, args)

    def _add(self, args: Json) -> Json:
        known = {name: value for name, value in args.items() if name not in {"auto_reminder", "auto_parse_labels"}}
        if args.keys() - _ADDABLE:
            raise Refused(400, "INVALID_ARGUMENT_VALUE", f"Invalid argument {args.keys() - _ADDABLE}")
        parent, section = self.tasks.get(args.get("parent_id") or ""), self.sections.get(args.get("section_id") or "")
        if (args.get("parent_id") and parent is None) or (args.get("section_id") and section is None):
            raise Refused(404, "ITEM_NOT_FOUND", "Parent or section not found")
        self._count += 1
        stamp = self._tick()
        task = {
            "user_id": "1850001",
            "id": f"6XT{self._count:013}",
            **_NEW,
            "project_id": parent["project_id"] if parent else section or INBOX,
            "added_at": f"{stamp:%Y-%m-%dT%H:%M:%S.%f}Z",
            "child_order": self._count,
            **{name: value for name, value in known.items() if name not in _UPDATABLE},
            "content": "",
        }
        self._set(task, {name: value for name, value in known.items() if name in _UPDATABLE})
        return self._touch(task)

    def _set(self, task: Json, fields: Json) -> None:
        wanted = {**task, **fields}
        if not wanted["content"] or wanted["priority"] not in {1, 2, 3, 4} or wanted["project_id"] not in self.projects:
            raise Refused(400, "INVALID_ARGUMENT_VALUE", "Invalid argument value")
        if not isinstance(wanted["labels"], list) or not isinstance(wanted["description"], str):
            raise Refused(400, "INVALID_ARGUMENT_VALUE", "Invalid argument value")
        duration = fields.get("duration")
        if duration and (duration.keys() != {"amount", "unit"} or duration["amount"] < 1):
            raise Refused(400, "INVALID_ARGUMENT_VALUE", "Invalid duration")
        task |= {**fields, **({"due": due_of(fields["due"])} if "due" in fields else {})}

    def _item_update(self, task: Json, args: Json) -> None:
        if args.keys() - _UPDATABLE:
            raise Refused(400, "INVALID_ARGUMENT_VALUE", f"Invalid argument {args.keys() - _UPDATABLE}")
        self._set(task, args)
        self._touch(task)

    def _item_move(self, task: Json, args: Json) -> None:
        """Only one of the three is given."""
        ((where, target),) = args.items()
        parent, section = self.tasks.get(target), self.sections.get(target)
        if {"parent_id": parent, "section_id": section, "project_id": self.projects.get(target)}[where] is None:
            raise Refused(404, "NOT_FOUND", "There is no such place")
        project = parent["project_id"] if parent else section or target
        place = {"parent_id": None, "section_id": parent["section_id"] if parent else None, "project_id": project}
        for below in self.children(task["id"]):
            self._touch(below | {"project_id": project, "section_id": place["section_id"]})
        self._touch(task | place | {where: target})

    def _item_delete(self, task: Json, _: Json) -> None:
        for each in (task, *self.children(task["id"])):
            self._touch(each | {"is_deleted": True})

    def _item_complete(self, task: Json, args: Json) -> None:
        at = args.get("date_completed") or f"{self.now:%Y-%m-%dT%H:%M:%S.%f}Z"
        for each in (task, *self.children(task["id"])):
            self._touch(each | {"checked": True, "completed_at": at})

    def _item_uncomplete(self, task: Json, _: Json) -> None:
        self._touch(task | {"checked": False, "completed_at": None})
        if task["parent_id"] and self.tasks[task["parent_id"]]["checked"]:
            self._item_uncomplete(self.tasks[task["parent_id"]], {})

    def _item_close(self, task: Json, args: Json) -> None:
        due = task["due"]
        if not due or not due["is_recurring"]:
            self._item_complete(task, args)
            return
        following = datetime.fromisoformat(due["date"]) + timedelta(days=1)
        text = f"{following:%Y-%m-%d}" + due["date"][10:]
        self._touch(task | {"due": {**due, "date": text}})

    def _touch(self, task: Json) -> Json:
        held = self.tasks.setdefault(task["id"], task)
        held |= {**task, "updated_at": f"{self._tick():%Y-%m-%dT%H:%M:%S}Z"}
        self._changed.append(task["id"])
        return held

    def _tick(self) -> datetime:
        self.now += timedelta(milliseconds=300)
        return self.now


def due_of(given: Json | None) -> Json | None:
    """What the server makes of a due date that was given in part."""
    if given is None:
        return None
    text, zone = given["date"], given.get("timezone")
    recurring = str(given.get("string") or "").startswith(("every", "ev "))
    if "T" in text and "." not in text:
        text = f"{text.removesuffix('Z')}.000000{'Z' if text.endswith('Z') else ''}"
    return {
        "date": text,
        "timezone": (zone or ZONE) if text.endswith("Z") else None,
        "string": given["string"] if recurring else text[:16].replace("T", " "),
        "lang": given.get("lang", "en"),
        "is_recurring": recurring,
    }


async def _json(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)
