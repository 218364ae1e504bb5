"""A task written into the columns of a row: the way back of `rows`."""

from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.fields import Value
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.merge_choice import WHEN
from entrepot.sdk.writer import Write

from .from_markdown import plain_runs, to_runs
from .property_values import dated, sent, sent_again
from .rich_text import inline
from .rows import Table, with_task

Json = dict[str, Any]

_UTC = "Etc/UTC"


def columns_of(write: Write, page: Json, table: Table, lines: Lines, names: Mapping[str, str]) -> Json:
    """The columns to be sent: those whose part of the task differs, and those that a person's own lines write."""
    held = with_task(page, table)
    fields = {names[name] for name in write.fields if name in names}
    wanted = lines.write(msgspec.to_builtins(write.data), held, only=fields, clear=True)
    before, after = held["entrepot"], wanted["entrepot"]
    changed = {name for name in after if after[name] != before.get(name)}
    own = {name: column for name, column in wanted["properties"].items() if column != held["properties"].get(name)}
    found = {name: sent_again(name, column) for name, column in own.items()}
    return {**found, **_by_role(changed, after, write, table)}


def _by_role(changed: set[str], task: Json, write: Write, table: Table) -> Json:
    """What the database has no column for stays in the hub."""
    roles = table.roles
    found: Json = {}
    if "title" in changed and roles.title:
        found[roles.title] = {"title": plain_runs(task.get("title") or "")}
    if "description" in changed and roles.description:
        found[roles.description] = {"rich_text": to_runs(task.get("description") or "")}
    if "progress" in changed:
        found |= _progress(task.get("progress") or "to_do", table)
    if "priority" in changed and roles.priority:
        priority = task.get("priority")
        found[roles.priority] = sent(roles.priority, "select", table.choices.nearest(priority) if priority else None)
    if "keywords" in changed and roles.keywords:
        found[roles.keywords] = sent(roles.keywords, "multi_select", task.get("keywords"))
    if changed & {"start", "due", "zone"}:
        found |= _dates(task, getattr(write.data, "time_zone", None), table)
    return found


def _progress(group: str, table: Table) -> Json:
    """A database may have nothing between to do and complete."""
    if table.roles.status:
        name = table.choices.name_of(group) or table.choices.name_of("to_do" if group != "complete" else group)
        if name is None:
            raise RecordRefused(f"The column {table.roles.status} has no option for a task that is {group}.")
        return {table.roles.status: {"status": {"name": name}}}
    return {table.roles.checkbox: {"checkbox": group == "complete"}} if table.roles.checkbox else {}


def _dates(task: Json, zone: str | None, table: Table) -> Json:
    """In two columns, or as a span in one. What is only begun and never due has no place in the one."""
    start, due, roles = task.get("start"), task.get("due"), table.roles
    if roles.start:
        both = {roles.start: start, **({roles.due: due} if roles.due else {})}
        return {name: {"date": dated(at, None, zone)} for name, at in both.items()}
    if roles.due is None:
        return {}
    span = (start, due) if start and due else (due, None)
    return {roles.due: {"date": dated(*span, zone)}}


def projected(field: str, value: Value) -> Value:
    """What the lenses alone do not tell: Notion takes a time without a zone for UTC, and knows but some priorities."""
    if field == WHEN:
        is_floating = value.get("time_zone") is None and not value.get("show_without_time")
        has_time = value.get("due") is not None or value.get("start") is not None
        return {**value, "time_zone": _UTC} if is_floating and has_time else value
    if field == "description" and isinstance(value, str):
        return told(value)
    return value


def told(text: str) -> str:
    """The Markdown that comes back of a line of it; as it is, where it would be refused."""
    try:
        runs = to_runs(text)
    except RecordRefused:
        return text
    return inline([{**run, "plain_text": run["text"]["content"], "href": _link(run)} for run in runs])


def _link(run: Json) -> str | None:
    return (run["text"].get("link") or {}).get("url")
