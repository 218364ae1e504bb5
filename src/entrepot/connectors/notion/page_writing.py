"""A document written as a page: its title and columns at once, its text block by block."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.writing import Document
from entrepot.sdk.writer import Write
from entrepot.transport.client import Client
from entrepot.transport.message import Request

from .columns import column_value
from .connector import PAGES_OF_THEIR_OWN, blocks_of
from .from_markdown import plain_runs, to_blocks
from .page_body import edit_of
from .property_values import sent
from .rows import table_of

Json = dict[str, Any]
Patch = Callable[[str, Json], Awaitable[None]]

_MOST = 100
"""Blocks in one request (https://developers.notion.com/reference/patch-block-children)."""
_JSON = {"Content-Type": "application/json"}


class Pages:
    def __init__(self, http: Client) -> None:
        self._http = http

    async def blocks(self, page: str) -> list[Json]:
        return await blocks_of(self._http, page)

    async def to_create(self, write: Write) -> Json:
        """Below another page, or as a row. More than one request holds is refused, for half of it could be lost."""
        data = cast("Document", write.data)
        blocks = to_blocks(data.body)
        types: dict[str, str] = {}
        if len(blocks) > _MOST:
            raise RecordRefused(f"The text has {len(blocks)} paragraphs; Notion takes {_MOST} when a page is made.")
        if write.collection is not None:
            table = await table_of(self._http, write.collection)
            types = {name: column["type"] for name, column in (table.schema.get("properties") or {}).items()}
            parent: Json = {"type": "data_source_id", "data_source_id": write.collection}
            columns = _changed(data.properties, {}, types)
        elif data.parent:
            parent, columns = {"type": "page_id", "page_id": data.parent}, {}
        else:
            raise RecordRefused("Notion makes pages inside others only: say in `parent` in which.")
        title = next((name for name, kind in types.items() if kind == "title"), "title")
        properties = {**columns, title: {"title": plain_runs(data.title)}}
        return {"parent": parent, "properties": properties, **({"children": blocks} if blocks else {})}

    async def update(self, write: Write, page: Json, patch: Patch) -> None:
        data = cast("Document", write.data)
        edit = edit_of(page["blocks"], data.body) if "body" in write.fields else None
        columns: Json = page.get("properties") or {}
        properties: Json = {}
        if "properties" in write.fields:
            types = {name: column.get("type", "") for name, column in columns.items()}
            properties = _changed(data.properties, columns, types)
        if "title" in write.fields:
            title = next((name for name, column in columns.items() if column.get("type") == "title"), "title")
            properties[title] = {"title": plain_runs(data.title)}
        await patch(page["id"], {"properties": properties})
        if edit is None:
            return
        for insert in edit.inserts:
            await self._append(page["id"], insert.blocks, insert.after)
        for block in edit.deletes:
            await self._http.send(Request("DELETE", f"/blocks/{block}", expected=(404,)))

    async def check_alone(self, page: str) -> None:
        """With a page Notion throws away those inside of it, which nobody has deleted."""
        if any(block.get("type") in PAGES_OF_THEIR_OWN for block in await self.blocks(page)):
            raise RecordRefused("The page has other pages inside, which Notion would throw away with it.")

    async def _append(self, page: str, blocks: Sequence[Json], after: str | None) -> None:
        for begin in range(0, len(blocks), _MOST):
            asked = {"children": blocks[begin : begin + _MOST], **({"after": after} if after else {})}
            request = Request("PATCH", f"/blocks/{page}/children", headers=_JSON, body=msgspec.json.encode(asked))
            made = (await self._http.send(request)).json()
            if after and made.get("results"):
                after = made["results"][-1]["id"]


def _changed(wanted: Json, columns: Json, types: Json) -> Json:
    """The columns whose plain values differ; those that were taken out are emptied."""
    held = {name: column_value(column) for name, column in columns.items() if types.get(name) != "title"}
    unknown = sorted(wanted.keys() - types.keys())
    if unknown:
        raise RecordRefused(f"The database has no column {unknown[0]}.")
    names = [name for name in {**held, **wanted} if types.get(name) != "title"]
    return {
        name: sent(name, types[name], wanted.get(name))
        for name in names
        if wanted.get(name) != held.get(name) and not (name not in wanted and held.get(name) in (None, "", []))
    }
