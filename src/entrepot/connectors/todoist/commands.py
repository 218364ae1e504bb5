"""The commands that make a task what it is to be (https://developer.todoist.com/api/v1/#tag/Sync/Tasks).

A task is Todoist's own JSON. Each command has an id that follows from the write's: sent again, after an answer was
lost, it is not executed twice.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from entrepot.core.errors import RecordRefused

Json = dict[str, Any]

_TEXT = ("content", "description", "labels", "priority", "due", "duration")
"""What a task is made with and `item_update` changes."""
_PLACES = ("parent_id", "section_id", "project_id")
_NOTHING: Json = {"content": "", "description": "", "labels": [], "priority": 1, "due": None, "duration": None}
_NO_EFFECTS = {"auto_reminder": False, "auto_parse_labels": False}
_UTC_ZONE = "Etc/UTC"


def to_add(op: str, task: Json) -> list[Json]:
    """The first makes the task, under the temporary id that is the write's own."""
    given = {name: value for name in _TEXT if (value := _sent(name, task, {})) != _NOTHING[name]}
    places = {name: task[name] for name in _PLACES if task.get(name)}
    made = _command(op, "item_add", {**given, **places, **_NO_EFFECTS, "content": _content(task)})
    first = {**made, "uuid": str(UUID(op)), "temp_id": str(UUID(op))}
    return [first, *_finish(op, {**task, "id": first["temp_id"]}, {"checked": False})]


def to_update(op: str, held: Json, task: Json) -> list[Json]:
    """What differs between the task as it is and as it is to be; a finished one is opened first, or finished last."""
    found: list[Json] = []
    if held.get("checked") and not task.get("checked"):
        found.append(_command(op, "item_uncomplete", {"id": held["id"]}))
    changed = {name: _sent(name, task, held) for name in _TEXT if _value(task, name) != _value(held, name)}
    if "content" in changed:
        _content(task)
    if changed:
        found.append(_command(op, "item_update", {"id": held["id"], **changed}))
    place = _place(held, task)
    if place:
        found.append(_command(op, "item_move", {"id": held["id"], **place}))
    return [*found, *_finish(op, task, held)]


def to_delete(op: str, held: Json, below: Sequence[str]) -> list[Json]:
    """With a task Todoist deletes those below it, so they are brought out first: nobody has deleted them."""
    out = {"section_id": held["section_id"]} if held.get("section_id") else {"project_id": held.get("project_id")}
    out = {"parent_id": held["parent_id"]} if held.get("parent_id") else out
    moves = [_command(op, "item_move", {"id": child, **out}) for child in below]
    return [*moves, _command(op, "item_delete", {"id": held["id"]})]


def repeats(task: Json) -> bool:
    return bool((task.get("due") or {}).get("is_recurring"))


def _command(op: str, name: str, args: Json) -> Json:
    return {"type": name, "uuid": str(uuid5(UUID(op), f"{name} {args.get('id', '')}")), "args": args}


def _finish(op: str, task: Json, held: Json) -> Iterator[Json]:
    """A task that repeats goes on to its next day when it is closed; completed, it would end for good."""
    if not task.get("checked") or held.get("checked"):
        return
    if repeats(held):
        yield _command(op, "item_close", {"id": task["id"]})
        return
    at = task.get("completed_at")
    since = str(held.get("updated_at") or "")
    when = {"date_completed": at} if at and (not since or _instant(at) >= _instant(since)) else {}
    yield _command(op, "item_complete", {"id": task["id"], **when})


def _place(held: Json, task: Json) -> Json:
    """The one place that says where the task goes: below another, else into a section, else into a project."""
    if all(task.get(name) == held.get(name) for name in _PLACES):
        return {}
    if task.get("project_id") != held.get("project_id"):
        # What it stood in stays behind, unless the write names it anew.
        task = {**task, **{name: None for name in _PLACES[:2] if task.get(name) == held.get(name)}}
    return next({name: task[name]} for name in _PLACES if task.get(name))


def _value(task: Json, name: str) -> Any:
    value = task.get(name)
    return _NOTHING[name] if value is None else value


def _sent(name: str, task: Json, held: Json) -> Any:
    value = _value(task, name)
    return _due(value, held.get("due") or {}) if name == "due" else value


def _content(task: Json) -> str:
    content = task.get("content") or ""
    if not content.strip():
        raise RecordRefused("Todoist has no task without a title.")
    return content


def _due(due: Json | None, held: Json) -> Json | None:
    """A rule of repetition is kept as the words it was made with: Todoist alone understands them."""
    date, zone = (due or {}).get("date"), (due or {}).get("timezone")
    rule = {name: held.get(name) for name in ("string", "lang", "is_recurring")} if held.get("is_recurring") else {}
    if date is None:
        if rule:
            raise RecordRefused(f"The task repeats at Todoist ({rule['string']}): its date is taken away there.")
        return None
    if "T" not in date:
        return {"date": date, **rule}
    if date.endswith("Z"):
        return {"date": date, "timezone": zone or _UTC_ZONE, **rule}
    if zone is None:
        return {"date": date, **rule}
    at = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return {"date": f"{at:%Y-%m-%dT%H:%M:%S}Z", "timezone": zone, **rule}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
