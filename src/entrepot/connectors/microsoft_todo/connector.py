"""Completes a task of Microsoft To Do, asking for what a change left out; and makes of a task what is sent."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .facts import Json, facts_of
from .sending import MADE, WHEN, members

_EXPANDED = "checklistItems,linkedResources"
_WHOLE = frozenset({"title", "status", "importance", "createdDateTime", "checklistItems", "linkedResources"})
"""Every whole task has these. A change may come with what changed alone."""
_MISSING = 404


async def complete(record: Json, http: Client, words: Mapping[str, object]) -> Json:
    """Adds what was made under `entrepot`."""
    if "@removed" in record:
        return record
    if not record.keys() >= _WHOLE:
        record = await _whole(record, http, str(words["collection"]))
        if "@removed" in record:
            return record
    return {**record, MADE: {**facts_of(record), "etag": record.get("@odata.etag")}}


async def _whole(record: Json, http: Client, within: str) -> Json:
    """The task as it is now; where it went away in the meantime, a tombstone like those of the feed."""
    path = f"/me/todo/lists/{quote(within, safe='')}/tasks/{quote(str(record.get('id')), safe='')}"
    response = await http.send(Request("GET", path, params={"$expand": _EXPANDED}, expected=(_MISSING,)))
    if response.status == _MISSING:
        return {"id": record.get("id"), "@removed": {"reason": "deleted"}}
    found: Json = response.json(dict[str, Any])
    return {**found, "id": record.get("id")}


def prepare(record: Json, native: Json, data: Json) -> Json:
    """`record` with what lenses wrote under `entrepot` put where To Do has it.

    What stands there is what differs; of the fields that mean something only together, `data` has the rest.
    """
    written: Json = record.get(MADE) or {}
    wanted = {**(facts_of(native) if native else {}), **written}
    if WHEN & written.keys():
        wanted |= {name: data.get(name) for name in WHEN}
    rest = {name: value for name, value in record.items() if name != MADE}
    return {**rest, **members(wanted, native, title=data.get("title", ""))}
