"""A row of a database read as a task: its columns by the roles they have, in the words that the lenses read."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast
from weakref import WeakKeyDictionary

import msgspec

from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .columns import column_values, title_of
from .files import without_expiry
from .rich_text import inline
from .roles import Choices, Roles, choices_of, roles_of
from .version import version_of

Json = dict[str, Any]


class Table(msgspec.Struct, frozen=True):
    """A data source, as far as its rows need it."""

    id: str
    schema: Json
    roles: Roles
    choices: Choices


_TABLES: WeakKeyDictionary[Client, dict[str, asyncio.Task[Table]]] = WeakKeyDictionary()
"""A client lives for one run: columns that change meanwhile are known to the next."""


async def judge(record: Json, _http: Client, _words: Mapping[str, object]) -> Json:
    """Whether the rows of this data source are tasks."""
    return {**record, "entrepot": {"tasks": roles_of(record).make_a_task}}


async def complete(record: Json, http: Client, _words: Mapping[str, object]) -> Json:
    """Adds under `entrepot` what the columns say of the task."""
    page = cast("Json", without_expiry(record))
    source = (page.get("parent") or {}).get("data_source_id")
    if not source or page.get("in_trash"):
        return {**page, "entrepot": {}}
    return with_task(page, await table_of(http, source))


async def table_of(http: Client, source: str) -> Table:
    """The data source is asked for once, however many rows wait for it."""
    known = _TABLES.setdefault(http, {})
    if source not in known or _has_failed(known[source]):
        known[source] = asyncio.ensure_future(_read_table(http, source))
    return await asyncio.shield(known[source])


def _has_failed(asked: asyncio.Task[Table]) -> bool:
    return asked.done() and (asked.cancelled() or asked.exception() is not None)


async def _read_table(http: Client, source: str) -> Table:
    schema = (await http.send(Request("GET", f"/data_sources/{source}"))).json()
    roles = roles_of(schema)
    return Table(source, schema, roles, choices_of(schema, roles))


def with_task(page: Json, table: Table) -> Json:
    properties, roles = page.get("properties") or {}, table.roles
    start, due = _dates(properties, roles)
    made = {
        "version": version_of(page),
        "title": title_of(page),
        "description": inline(_held(properties, roles.description)),
        "progress": _progress(properties, table),
        "start": start.get("at"),
        "due": due.get("at"),
        "zone": (due or start).get("zone"),
        "priority": table.choices.priorities.get(str((_held(properties, roles.priority) or {}).get("name"))),
        "keywords": [option["name"] for option in _held(properties, roles.keywords) or ()],
        "assignees": [one.get("name") or one["id"] for one in _held(properties, roles.people) or ()],
        "columns": column_values(properties),
    }
    return {**page, "entrepot": made}


def _held(properties: Json, name: str | None) -> Any:
    column = properties.get(name or "") or {}
    return column.get(column.get("type", ""))


def _progress(properties: Json, table: Table) -> str | None:
    if table.roles.status:
        status = _held(properties, table.roles.status) or {}
        return table.choices.groups.get(str(status.get("name")))
    return "complete" if _held(properties, table.roles.checkbox) else "to_do"


def _dates(properties: Json, roles: Roles) -> tuple[Json, Json]:
    """Start and due. A span in the one column of dates is both; a moment in it is when the task is due."""
    due, start = _held(properties, roles.due) or {}, _held(properties, roles.start) or {}
    if due.get("end"):
        return _date(due, "start"), _date(due, "end")
    return _date(start, "start"), _date(due, "start")


def _date(held: Json, which: str) -> Json:
    return {"at": held[which], "zone": held.get("time_zone")} if held.get(which) else {}
