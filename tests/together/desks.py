"""What a person does with tasks at each stand-in, in that service's own words, and what they see there."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.services.clickup import ClickUp
from tests.services.linear import Linear
from tests.services.microsoft_todo import MicrosoftTodo
from tests.services.notion import CHORES, Notion, said
from tests.services.todoist import Todoist

Json = dict[str, Any]
Seen = tuple[str, bool, str | None]
"""Title, whether it is finished, and the day on which it is due."""


class AtTodoist:
    def __init__(self) -> None:
        self.service = Todoist()

    def add(self, title: str, day: str | None = None) -> str:
        return self.service.add(title, due=day and {"date": day})["id"]

    def rename(self, name: str, title: str) -> None:
        self.service.edit(name, content=title)

    def put_off(self, name: str, day: str) -> None:
        self.service._item_update(self.service.tasks[name], {"due": {"date": day}})

    def finish(self, name: str) -> None:
        self.service._item_close(self.service.tasks[name], {})

    def reopen(self, name: str) -> None:
        self.service._item_uncomplete(self.service.tasks[name], {})

    def remove(self, name: str) -> None:
        self.service._item_delete(self.service.tasks[name], {})

    def tasks(self) -> dict[str, Seen]:
        return {
            task["id"]: (task["content"], task["checked"], task["due"] and task["due"]["date"][:10])
            for task in self.service.tasks.values()
            if not task["is_deleted"]
        }


class AtToDo:
    def __init__(self) -> None:
        self.service = MicrosoftTodo()

    def add(self, title: str, day: str | None = None) -> str:
        return self.service.add(title, **({"dueDateTime": _midnight(day)} if day else {}))

    def rename(self, name: str, title: str) -> None:
        self.service.edit(name, title=title)

    def put_off(self, name: str, day: str) -> None:
        self.service.edit(name, dueDateTime=_midnight(day))

    def finish(self, name: str) -> None:
        self.service.edit(name, status="completed")

    def reopen(self, name: str) -> None:
        self.service.edit(name, status="notStarted")

    def remove(self, name: str) -> None:
        self.service.remove(name)

    def tasks(self) -> dict[str, Seen]:
        return {
            name: (
                task["title"],
                task["status"] == "completed",
                task.get("dueDateTime", {}).get("dateTime", "")[:10] or None,
            )
            for name, task in self.service.tasks.items()
        }


class AtNotion:
    def __init__(self) -> None:
        self.service = Notion()

    def add(self, title: str, day: str | None = None) -> str:
        columns = {"State": _state("Not started"), **({"Due": _date(day)} if day else {})}
        return self.service.add_row(title, **columns)["id"]

    def rename(self, name: str, title: str) -> None:
        self.edit(name, Name={"title": [said(title)]})

    def put_off(self, name: str, day: str) -> None:
        self.edit(name, Due=_date(day))

    def finish(self, name: str) -> None:
        self.edit(name, State=_state("Done"))

    def reopen(self, name: str) -> None:
        self.edit(name, State=_state("Not started"))

    def remove(self, name: str) -> None:
        self.service.later()
        self.service.trash(name)

    def edit(self, name: str, **columns: Json) -> None:
        self.service.later()
        self.service.edit(name, **columns)

    def tasks(self) -> dict[str, Seen]:
        rows = {name: page["properties"] for name, page in self.service.pages.items() if _is_row(page)}
        return {
            name: (
                "".join(run["plain_text"] for run in row["Name"]["title"]),
                (row["State"]["status"] or {}).get("name") == "Done",
                ((row["Due"]["date"] or {}).get("end") or (row["Due"]["date"] or {}).get("start") or "")[:10] or None,
            )
            for name, row in rows.items()
        }


class AtLinear:
    def __init__(self) -> None:
        self.service = Linear()

    def add(self, title: str, day: str | None = None) -> str:
        return self.service.add(title, dueDate=day)["id"]

    def rename(self, name: str, title: str) -> None:
        self.service.edit(name, title=title)

    def put_off(self, name: str, day: str) -> None:
        self.service.edit(name, dueDate=day)

    def finish(self, name: str) -> None:
        self.service._update(name, {"stateId": "ENG-completed-1"})

    def reopen(self, name: str) -> None:
        self.service._update(name, {"stateId": "ENG-unstarted-1"})

    def remove(self, name: str) -> None:
        self.service._delete(name)

    def tasks(self) -> dict[str, Seen]:
        return {
            name: (
                issue["title"],
                self.service.states[issue["stateId"]]["type"] in {"completed", "canceled"},
                issue.get("dueDate"),
            )
            for name, issue in self.service.issues.items()
            if not issue.get("trashed")
        }


class AtClickUp:
    zone = "Europe/Berlin"

    def __init__(self) -> None:
        self.service = ClickUp()

    def add(self, title: str, day: str | None = None) -> str:
        task = self.service._made("901100000001", {"name": title})
        if day:
            self.put_off(task["id"], day)
        return task["id"]

    def rename(self, name: str, title: str) -> None:
        self.service._change(self.service.tasks[name], {"name": title})

    def put_off(self, name: str, day: str) -> None:
        at = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=ZoneInfo(self.zone))
        given = {"due_date": int(at.timestamp() * 1000), "due_date_time": False}
        self.service._change(self.service.tasks[name], given)

    def finish(self, name: str) -> None:
        self.service._change(self.service.tasks[name], {"status": "Closed"})

    def reopen(self, name: str) -> None:
        self.service._change(self.service.tasks[name], {"status": "Backlog"})

    def remove(self, name: str) -> None:
        del self.service.tasks[name]

    def tasks(self) -> dict[str, Seen]:
        return {
            name: (task["name"], task["status"]["type"] in {"closed", "done"}, self._day(task["due_date"]))
            for name, task in self.service.tasks.items()
        }

    def _day(self, stamp: str | None) -> str | None:
        return (
            stamp and datetime.fromtimestamp(int(stamp) / 1000, UTC).astimezone(ZoneInfo(self.zone)).date().isoformat()
        )


def _midnight(day: str) -> Json:
    return {"dateTime": f"{day}T00:00:00", "timeZone": "UTC"}


def _state(name: str) -> Json:
    return {"status": {"name": name}}


def _date(day: str) -> Json:
    return {"date": {"start": day}}


def _is_row(page: Json) -> bool:
    return page["parent"].get("data_source_id") == CHORES and not page["in_trash"]
