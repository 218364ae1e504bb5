"""Writes pages and rows. Notion refuses no write for a version and knows no key of ours, so both are looked at."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from entrepot.core.change import Change, Ref
from entrepot.core.errors import RecordRefused, ServiceChanged, Stale
from entrepot.core.fields import Value
from entrepot.core.kinds import KINDS
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.projection import Projection
from entrepot.declarative.reader import DeclaredReader
from entrepot.sdk.context import Context
from entrepot.sdk.writer import Write, Writing, as_it_is
from entrepot.transport.message import Request

from .files import without_expiry
from .page_body import projected as body_projected
from .page_writing import Pages
from .property_values import is_told
from .row_writing import columns_of
from .row_writing import projected as row_projected
from .rows import table_of
from .version import is_edited

Json = dict[str, Any]

ROWS, PAGES = "rows", "pages"
_ROW_READ_ONLY = frozenset({"assignees", "created", "updated", "extra"})
_PAGE_FIELDS = frozenset({"title", "body", "properties"})


class NotionWriter:
    """Implements `Writer` and `Finding`."""

    def __init__(self, context: Context, lines: Mapping[str, Lines], reader: DeclaredReader) -> None:
        self._http = context.http
        self._lines = lines
        self._reader = reader
        self._pages = Pages(context.http)
        task = KINDS["task"]
        self._names = {field.name: field.encode_name for field in msgspec.structs.fields(task)}
        self._rows = Projection(lines[ROWS].fields, task)

    def writing(self, stream: str) -> Writing | None:
        match stream:
            case "rows":
                return Writing(fields=self._rows.fields - _ROW_READ_ONLY, project=self._project_row, lag=60)
            case "pages":
                return Writing(fields=_PAGE_FIELDS, project=_project_page, lag=60)
            case _:
                return None

    async def write(self, write: Write) -> Change:
        if write.verb == "create":
            return await self._create(write)
        page = await self._now(write)
        if write.verb == "delete":
            return await self._delete(write, page)
        if page is None:
            raise Stale("The page is gone at Notion.")
        if write.stream == ROWS:
            await self._patch(page["id"], {"properties": await self._columns(write, page)})
        else:
            await self._pages.update(write, page, self._patch)
        return await self._again(write, page["id"])

    async def find(self, write: Write) -> Change | None:
        """Of what was made lately, the one that says the same. Times are cut to the minute."""
        since = datetime.fromtimestamp(write.at / 1000, UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
        sent = await self._to_create(write)
        for page in await self._made_since(write, since):
            columns: Json = page.get("properties") or {}
            if page.get("in_trash") or not all(
                is_told(value, columns.get(name) or {}) for name, value in sent["properties"].items()
            ):
                continue
            found = await self._as_read(write, page)
            if write.stream == ROWS or _body(write.data, _project_page) == _body(found.data):
                return found
        return None

    async def _create(self, write: Write) -> Change:
        body = msgspec.json.encode(await self._to_create(write))
        request = Request("POST", "/pages", headers={"Content-Type": "application/json"}, body=body)
        made = (await self._http.send(request)).json()
        if not isinstance(made, dict) or not isinstance(made.get("id"), str):
            raise ServiceChanged("Notion does not tell which page was made.")
        return await self._again(write, made["id"])

    async def _to_create(self, write: Write) -> Json:
        if write.stream == PAGES:
            return await self._pages.to_create(write)
        if write.collection is None:
            raise RecordRefused("A row needs the database in which it is to stand.")
        parent = {"type": "data_source_id", "data_source_id": write.collection}
        return {"parent": parent, "properties": await self._columns(write, {"properties": {}, "parent": parent})}

    async def _delete(self, write: Write, page: Json | None) -> Change:
        assert write.ref is not None
        if page is not None:
            if write.stream == PAGES:
                await self._pages.check_alone(page["id"])
            await self._patch(page["id"], {"in_trash": True})
        return Change.gone(write.stream, Ref(write.ref.id))

    async def _columns(self, write: Write, page: Json) -> Json:
        source = (page.get("parent") or {}).get("data_source_id")
        if not source:
            raise RecordRefused("The page is no row of a database any more.")
        fields = write.fields - _ROW_READ_ONLY
        wanted = msgspec.structs.replace(write, fields=fields)
        return columns_of(wanted, page, await table_of(self._http, source), self._lines[ROWS], self._names)

    async def _now(self, write: Write) -> Json | None:
        """The page as it is just before; None where it is gone, Stale where somebody has edited it."""
        assert write.ref is not None
        response = await self._http.send(Request("GET", f"/pages/{write.ref.id}", expected=(404, 410)))
        page: Json = without_expiry(response.json()) if response.status == 200 else {"in_trash": True}
        if page.get("in_trash") or page.get("archived"):
            return None
        held: Json = msgspec.json.decode(write.native) if write.native else {}
        if write.stream == PAGES and ("body" in write.fields or write.verb == "delete"):
            page = {**page, "blocks": await self._pages.blocks(page["id"])}
        if held and is_edited(held, page):
            raise Stale("The page was edited in Notion meanwhile.")
        return page

    async def _patch(self, page: str, changes: Json) -> None:
        if changes.get("properties") == {}:
            return
        headers = {"Content-Type": "application/json"}
        body = msgspec.json.encode(changes)
        await self._http.send(Request("PATCH", f"/pages/{page}", headers=headers, body=body, repeatable=True))

    async def _again(self, write: Write, page: str) -> Change:
        return await self._as_read(write, (await self._http.send(Request("GET", f"/pages/{page}"))).json())

    async def _as_read(self, write: Write, page: Json) -> Change:
        return await self._reader.as_written(write.stream, msgspec.Raw(msgspec.json.encode(page)), write.collection)

    async def _made_since(self, write: Write, since: datetime) -> list[Json]:
        """Newest first; one page of answers holds more than is made while an answer is lost."""
        sort = {"timestamp": "last_edited_time", "direction": "descending"}
        path, asked = "/search", {"filter": {"property": "object", "value": "page"}, "sort": sort, "page_size": 100}
        if write.collection is not None:
            made = {"timestamp": "created_time", "created_time": {"on_or_after": f"{since:%Y-%m-%dT%H:%M:%SZ}"}}
            path, asked = f"/data_sources/{write.collection}/query", {"filter": made, "page_size": 100}
        body, headers = msgspec.json.encode(asked), {"Content-Type": "application/json"}
        answer = (await self._http.send(Request("POST", path, headers=headers, body=body, repeatable=True))).json()
        return [page for page in answer["results"] if datetime.fromisoformat(page["created_time"]) >= since]

    def _project_row(self, field: str, value: Value) -> Value:
        return row_projected(field, self._rows(field, value))


def _body(data: object, project: Callable[[str, Value], Value] = as_it_is) -> Value:
    return project("body", getattr(data, "body", None))


def _project_page(field: str, value: Value) -> Value:
    return body_projected(value) if field == "body" and isinstance(value, str) else value
