"""Microsoft To Do as Graph tells of it: lists, tasks that keep days only, and changes by delta queries.

https://learn.microsoft.com/graph/api/resources/todo-overview and delta-query-overview: a change may come more than once,
in no order and with what changed alone; an old delta link is answered 410. Due and start dates lose their time of day.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from tests.services.faults import Faults
from tests.services.microsoft_graph import in_utc, stamp, told
from tests.services.routes import Handler, Refused, app_of

Json = dict[str, Any]

WRITABLE = {"title", "body", "categories", "completedDateTime", "dueDateTime", "startDateTime", "importance"}
WRITABLE |= {"isReminderOn", "recurrence", "reminderDateTime", "status"}
STATUSES = {"notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"}
IMPORTANCES = {"low", "normal", "high"}
INLINE = ("checklistItems", "linkedResources")
DAY = "0001-01-01"


class MicrosoftTodo:
    """`page`: how many changes come at once. `partial`: changes tell what changed alone; `replays`: and come again."""

    def __init__(self) -> None:
        self.lists: dict[str, str] = {"AQMkTasks=": "Aufgaben", "AQMkGarden=": "Garten"}
        self.tasks: dict[str, Json] = {}
        self.within: dict[str, str] = {}
        self.log: list[tuple[str, str, frozenset[str]]] = []
        """List, task and the members that changed; a place in it is a delta token."""
        self.oldest = 0
        self.page, self.partial, self.replays = 50, False, False
        self.faults = Faults()
        self.now = datetime.now(UTC)
        self._count = 0

    def add(self, title: str, within: str = "AQMkTasks=", **members: Any) -> str:
        """As the person does in the app."""
        return self._create(within, {"title": title, **members})["id"]

    def edit(self, name: str, **members: Any) -> None:
        self._change(name, members)

    def remove(self, name: str) -> None:
        del self.tasks[name]
        self.log.append((self.within[name], name, frozenset()))

    def forget(self) -> None:
        """All delta links given out so far are dead."""
        self.oldest = len(self.log) + 1

    def make_app(self) -> web.Application:
        one = "/me/todo/lists/{list}/tasks/{task}"
        routes: Mapping[tuple[str, str], Handler] = {
            ("GET", "/me"): self._me,
            ("GET", "/me/todo/lists"): self._lists,
            ("GET", "/me/todo/lists/{list}/tasks/delta()"): self._delta,
            ("GET", "/me/todo/lists/{list}/tasks"): self._list,
            ("POST", "/me/todo/lists/{list}/tasks"): self._post,
            ("GET", one): self._get,
            ("PATCH", one): self._patch,
            ("DELETE", one): self._delete,
        }
        return app_of(self.faults, routes, told)

    async def _me(self, _: web.Request) -> Json:
        return {"id": "48d31887", "displayName": "Ada"}

    async def _lists(self, _: web.Request) -> Json:
        return {"value": [{"id": name, "displayName": title} for name, title in self.lists.items()]}

    async def _delta(self, request: web.Request) -> Json:
        within, query = self._list_of(request), request.query
        begun = int(query.get("$deltatoken", query.get("$skiptoken", "-1:").partition(":")[0]))
        if "$deltatoken" in query and begun < self.oldest:
            raise Refused("syncStateNotFound", status=410)
        changed: dict[str, set[str]] = {}
        for place, name, members in self.log[max(begun, 0) :]:
            if place == within:
                changed.setdefault(name, set()).update(members)
        names = [name for name in changed if name in self.tasks or begun >= 0]
        if self.replays:
            names = [*names, *reversed(names)]
        skip = int(query.get("$skiptoken", "0:0").partition(":")[2])
        told = [self._told(name, changed[name], whole=not (begun >= 0 and self.partial)) for name in names]
        here = f"{request.scheme}://{request.host}{request.path}?"
        if skip + self.page < len(told):
            follows = {"@odata.nextLink": f"{here}$skiptoken={begun}:{skip + self.page}"}
        else:
            follows = {"@odata.deltaLink": f"{here}$deltatoken={len(self.log)}"}
        return {"value": told[skip : skip + self.page], **follows}

    async def _list(self, request: web.Request) -> Json:
        within, query = self._list_of(request), request.query
        found = [task for name, task in self.tasks.items() if self.within[name] == within]
        if query.get("$orderby"):
            member, _, way = query["$orderby"].partition(" ")
            found.sort(key=lambda task: task[member], reverse=way == "desc")
        begin, size = int(query.get("$skip", 0)), int(query.get("$top", 10))
        rest = {name: value for name, value in query.items() if name not in {"$skip", "$top"}}
        link = str(request.url.with_query({**rest, "$top": size, "$skip": begin + size}))
        more = {"@odata.nextLink": link} if begin + size < len(found) else {}
        return {"value": [_shown(task, query) for task in found[begin : begin + size]], **more}

    async def _get(self, request: web.Request) -> Json:
        return _shown(self._task_of(request), request.query)

    async def _post(self, request: web.Request) -> tuple[int, Json]:
        within, sent = self._list_of(request), msgspec.json.decode(await request.read())
        made = self._create(within, sent)
        return 201, {name: value for name, value in made.items() if name != "checklistItems"}

    async def _patch(self, request: web.Request) -> Json:
        task = self._matched(request)
        sent = msgspec.json.decode(await request.read())
        if sent.keys() - WRITABLE:
            raise Refused("invalidRequest")
        self._change(task["id"], sent)
        return _shown(self.tasks[task["id"]], {})

    async def _delete(self, request: web.Request) -> tuple[int, None]:
        self.remove(self._matched(request)["id"])
        return 204, None

    def _create(self, within: str, sent: Mapping[str, Any]) -> Json:
        self._count += 1
        name = f"AAMkTask{self._count}"
        inline = {each: [{"id": f"{each[0]}-{self._count}", **one} for one in sent.get(each, [])] for each in INLINE}
        self.now += timedelta(seconds=1)
        self.tasks[name] = {
            "id": name,
            "createdDateTime": stamp(self.now),
            "status": "notStarted",
            "importance": "normal",
            "isReminderOn": False,
            "hasAttachments": False,
            "categories": [],
            "title": "",
            "body": {"content": "", "contentType": "text"},
            **inline,
        }
        self.within[name] = within
        try:
            self._change(name, {each: value for each, value in sent.items() if each not in INLINE})
        except Refused:
            del self.tasks[name]
            raise
        return self.tasks[name]

    def _change(self, name: str, sent: Mapping[str, Any]) -> None:
        task = {**self.tasks[name], **_checked(sent)}
        for each in ("dueDateTime", "startDateTime", "completedDateTime"):
            task[each] = _day(task[each]) if sent.get(each) else task.get(each)
        if sent.get("reminderDateTime"):
            task["reminderDateTime"] = in_utc(sent["reminderDateTime"])
        task["isReminderOn"] = bool(task.get("reminderDateTime"))
        if sent.get("recurrence") and not task.get("dueDateTime"):
            raise Refused("invalidRequest")
        if "body" in sent:
            content = (sent["body"] or {}).get("content") or ""
            task["body"] = {**sent["body"], "content": content.replace("\r\n", "\n").replace("\n", "\r\n")}
        if task["status"] != "completed":
            task["completedDateTime"] = None
        elif not task.get("completedDateTime"):
            task["completedDateTime"] = _day({"dateTime": self.now.isoformat()[:19], "timeZone": "UTC"})
        self.now += timedelta(seconds=1)
        task["lastModifiedDateTime"] = stamp(self.now)
        self._count += 1
        task["@odata.etag"] = f'W/"ck{self._count}=="'
        self.tasks[name] = {each: value for each, value in task.items() if value is not None}
        self.log.append((self.within[name], name, frozenset(sent)))

    def _told(self, name: str, changed: set[str], *, whole: bool) -> Json:
        task = self.tasks.get(name)
        if task is None:
            return {"id": name, "@removed": {"reason": "deleted"}}
        always = {"id", "@odata.etag", "lastModifiedDateTime"}
        return task if whole else {each: task.get(each) for each in always | changed}

    def _list_of(self, request: web.Request) -> str:
        within = request.match_info["list"]
        if within not in self.lists:
            raise Refused("ErrorItemNotFound", status=404)
        return within

    def _task_of(self, request: web.Request) -> Json:
        name = request.match_info["task"]
        if self.within.get(name) != self._list_of(request) or name not in self.tasks:
            raise Refused("ErrorItemNotFound", status=404)
        return self.tasks[name]

    def _matched(self, request: web.Request) -> Json:
        task = self._task_of(request)
        if request.headers.get("If-Match", "*") not in {"*", task["@odata.etag"]}:
            raise Refused("ErrorIrresolvableConflict", status=412)
        return task


def _checked(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    wrong = (
        sent.get("status", "notStarted") not in STATUSES
        or sent.get("importance", "low") not in IMPORTANCES
        or not isinstance(sent.get("title", ""), str)
        or (sent.get("body") or {}).get("contentType", "text") not in {"text", "html"}
    )
    if wrong:
        raise Refused("invalidRequest")
    return sent


def _shown(task: Json, query: Mapping[str, str]) -> Json:
    """Checklists and links are told to those who ask for them."""
    asked = query.get("$expand", "").split(",")
    return {name: value for name, value in task.items() if name not in INLINE or name in asked}


def _day(at: Json) -> Json:
    local = datetime.fromisoformat(at["dateTime"][:19]).replace(hour=0, minute=0, second=0)
    return in_utc({**at, "dateTime": local.isoformat()})
