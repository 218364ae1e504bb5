"""ClickUp as its reference and its page on dates tell of it: statuses of each list, tags one by one, four in the morning.

https://developer.clickup.com/docs/general-time and the reference of version 2: there are no client ids, no conditional
writes and no tombstones; custom members survive an update; a status is named in any case.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.services.faults import Faults
from tests.services.routes import Handler, Refused, app_of

Json = dict[str, Any]

WORKSPACE, LIST, SMALL = "9011000001", "901100000001", "901100000002"
STATUSES = {
    LIST: (("Backlog", "open"), ("in progress", "custom"), ("in review", "custom"), ("shipped", "done"), ("Closed", "closed")),
    SMALL: (("to do", "open"), ("complete", "closed")),
}  # fmt: skip
PRIORITIES = {1: "urgent", 2: "high", 3: "normal", 4: "low"}
_PLAIN = {"name", "parent", "points", "archived"}
_MOMENTS = {"due_date", "start_date", "time_estimate"}
_IGNORED = {"due_date_time", "start_date_time", "notify_all", "check_required_custom_fields"}


class ClickUp:
    """`now` goes on by a second with each change; `tells` whether a task says if its dates have a time."""

    def __init__(self) -> None:
        self.tasks: dict[str, Json] = {}
        self.faults = Faults()
        self.sent: list[Json] = []
        self.now = datetime.now(UTC)
        self.tells = False
        self._count = 0

    def add(self, name: str, within: str = LIST, **members: Any) -> Json:
        """As the person does in the app."""
        return self._made(within, {"name": name}) | self.tasks_last(members)

    def tasks_last(self, members: Json) -> Json:
        task = list(self.tasks.values())[-1]
        task |= members
        return task

    def make_app(self) -> web.Application:
        routes: Mapping[tuple[str, str], Handler] = {
            ("GET", "/user"): self._user,
            ("GET", "/team"): self._teams,
            ("GET", "/team/{team}/task"): self._list,
            ("GET", "/list/{list}"): self._about,
            ("GET", "/list/{list}/task"): self._list,
            ("POST", "/list/{list}/task"): self._post,
            ("GET", "/task/{task}"): self._get,
            ("PUT", "/task/{task}"): self._put,
            ("DELETE", "/task/{task}"): self._delete,
            ("POST", "/task/{task}/tag/{tag}"): self._tag,
            ("DELETE", "/task/{task}/tag/{tag}"): self._untag,
        }
        return app_of(self.faults, routes, _told)

    async def _user(self, _: web.Request) -> Json:
        return {"user": {"id": 183, "username": "Ada"}}

    async def _teams(self, _: web.Request) -> Json:
        return {"teams": [{"id": WORKSPACE, "name": "Example", "color": "#000"}]}

    async def _about(self, request: web.Request) -> Json:
        statuses = STATUSES.get(request.match_info["list"])
        if statuses is None:
            raise Refused("List not found", status=404)
        told = [{"status": name, "type": kind, "orderindex": place} for place, (name, kind) in enumerate(statuses)]
        return {"id": request.match_info["list"], "name": "List", "statuses": told[::-1]}

    async def _list(self, request: web.Request) -> Json:
        if int(request.query.get("page", 0)):
            return {"tasks": []}
        since, within = int(request.query.get("date_updated_gt", 0)), request.match_info.get("list")
        key = "date_created" if request.query["order_by"] == "created" else "date_updated"
        some = [
            each
            for each in self.tasks.values()
            if int(each["date_updated"]) > since
            and within in (None, each["list"]["id"])
            and (request.query.get("include_closed") == "true" or each["status"]["type"] != "closed")
        ]
        newest = sorted(some, key=lambda each: int(each[key]), reverse=True)
        return {"tasks": [self._read(each, request) for each in newest]}

    async def _post(self, request: web.Request) -> Json:
        given = await request.json()
        self.sent.append(given)
        if not given.get("name"):
            raise Refused("Task name invalid")
        return self._read(self._made(request.match_info["list"], given), request)

    async def _get(self, request: web.Request) -> Json:
        return self._read(self._known(request), request)

    async def _put(self, request: web.Request) -> Json:
        given, task = await request.json(), self._known(request)
        self.sent.append(given)
        self._change(task, given)
        return self._read(task, request)

    async def _delete(self, request: web.Request) -> None:
        del self.tasks[self._known(request)["id"]]

    async def _tag(self, request: web.Request) -> Json:
        task, name = self._known(request), request.match_info["tag"]
        if name not in [tag["name"] for tag in task["tags"]]:
            task["tags"] = [*task["tags"], {"name": name, "tag_fg": "#fff"}]
        self._stamp(task)
        return {}

    async def _untag(self, request: web.Request) -> Json:
        task = self._known(request)
        task["tags"] = [tag for tag in task["tags"] if tag["name"] != request.match_info["tag"]]
        self._stamp(task)
        return {}

    def _known(self, request: web.Request) -> Json:
        task = self.tasks.get(request.match_info["task"])
        if task is None:
            raise Refused("Task not found, deleted", status=404)
        return task

    def _made(self, within: str, given: Json) -> Json:
        if within not in STATUSES:
            raise Refused("List not found", status=404)
        self._count += 1
        name = f"86c{self._count:04d}"
        task = self.tasks[name] = {
            "id": name, "custom_id": None, "list": {"id": within, "name": "List"}, "tags": [], "assignees": [],
            "custom_fields": [{"id": "f1", "value": "kept"}], "priority": None, "due_date": None, "start_date": None,
            "time_estimate": None, "description": "", "parent": None, "url": f"https://app.clickup.com/t/{name}",
            "date_done": None, "date_closed": None, "archived": False,
        }  # fmt: skip
        self._change(task, {"status": STATUSES[within][0][0], **given})
        task["date_created"] = task["date_updated"]
        return task

    def _change(self, task: Json, given: Json) -> None:
        strange = given.keys() - _PLAIN - _MOMENTS - _IGNORED - {"markdown_content", "priority", "status", "tags"}
        if strange:
            raise Refused(f"{strange} is unknown")
        task |= {name: given[name] for name in _PLAIN & given.keys()}
        task |= {name: _digits(given[name]) for name in _MOMENTS & given.keys()}
        task |= {f"_{name}": given[name] for name in ("due_date_time", "start_date_time") if name in given}
        if "tags" in given:
            task["tags"] = [{"name": tag} for tag in given["tags"]]
        if given.get("markdown_content"):
            task["description"] = given["markdown_content"].strip()
        if "priority" in given:
            number = given["priority"]
            task["priority"] = {"id": str(number), "priority": PRIORITIES[number]} if number else None
        self._stamp(task)
        if "status" in given:
            self._move(task, given["status"])

    def _move(self, task: Json, name: str) -> None:
        found = [one for one in STATUSES[task["list"]["id"]] if one[0].lower() == name.lower()]
        if not found:
            raise Refused("Status does not exist")
        task["status"] = {"status": found[0][0], "type": found[0][1]}
        task["date_done"] = task["date_updated"] if found[0][1] in ("done", "closed") else None
        task["date_closed"] = task["date_updated"] if found[0][1] == "closed" else None

    def _read(self, task: Json, request: web.Request) -> Json:
        told = {name: value for name, value in task.items() if not name.startswith("_")}
        if self.tells:
            told |= {name: task[f"_{name}"] for name in ("due_date_time", "start_date_time") if f"_{name}" in task}
        if request.query.get("include_markdown_description") == "true":
            told["markdown_description"] = task["description"]
        return told

    def _stamp(self, task: Json) -> None:
        self.now += timedelta(seconds=1)
        task["date_updated"] = str(int(self.now.timestamp() * 1000))


def _digits(value: int | None) -> str | None:
    return None if value is None else str(value)


def _told(why: Refused) -> Json:
    return {"err": str(why), "ECODE": "ITEM_013"}
