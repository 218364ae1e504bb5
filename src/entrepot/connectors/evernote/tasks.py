"""Tasks of a note (Evernote 10): lines of a check list, and the whole of each for `extra`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .inline import escape
from .times import instant_of

_GROUP = "taskGroupNoteLevelID"


class Tasks:
    """Gives each task out once: in its group's place, or at the end."""

    def __init__(self, tasks: Sequence[Mapping[str, str]]) -> None:
        self._left = sorted(tasks, key=lambda task: task.get("sortWeight", ""))

    def of_group(self, group: str) -> list[str]:
        chosen = [task for task in self._left if task.get(_GROUP) == group]
        self._left = [task for task in self._left if task.get(_GROUP) != group]
        return [_line(task) for task in chosen]

    def rest(self) -> list[str]:
        chosen, self._left = self._left, []
        return [_line(task) for task in chosen]


def _line(task: Mapping[str, str]) -> str:
    box = "[x]" if task.get("taskStatus") == "completed" else "[ ]"
    told = [
        f"due {_local(task['dueDate'], task.get('timeZone'), task.get('dueDateUIOption'))}"
        if "dueDate" in task
        else "",
        "flagged" if task.get("taskFlag") == "true" else "",
        f"reminder {_local(task['reminder.reminderDate'], task.get('reminder.timeZone'), 'date_time')}"
        if "reminder.reminderDate" in task
        else "",
    ]
    after = ", ".join(filter(None, told))
    return f"- {box} {escape(task.get('title', ''))}" + (f" ({after})" if after else "")


def _local(text: str, zone: str | None, form: str | None) -> str:
    """As the person saw it, in the task's own zone."""
    instant = instant_of(text)
    if instant is None:
        return text
    there = _in_zone(instant, zone)
    return there.date().isoformat() if form == "date_only" else there.isoformat(sep=" ", timespec="minutes")


def _in_zone(instant: datetime, zone: str | None) -> datetime:
    try:
        return instant.astimezone(ZoneInfo(zone) if zone else UTC)
    except (ValueError, OSError):  # a zone nobody knows, or a path instead of one
        return instant
