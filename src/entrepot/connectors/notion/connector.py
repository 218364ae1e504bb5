"""Completes a page of Notion: its blocks are asked for, level by level, and made into Markdown."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, cast

from entrepot.core.errors import RecordRefused
from entrepot.transport.client import Client
from entrepot.transport.message import Request
from entrepot.transport.page_styles import CursorPages
from entrepot.transport.paging import pages

from .columns import column_values, title_of
from .files import without_expiry
from .markdown import to_markdown
from .version import version_of

Json = dict[str, Any]

PAGES_OF_THEIR_OWN = frozenset({"child_page", "child_database"})
"""They have children, but these are records of the stream themselves."""
_MISSING = {404: "RecordRefused"}
_PAGING = CursorPages(send="start_cursor", find="next_cursor", more="has_more")


async def complete(record: Json, http: Client, _words: Mapping[str, object]) -> Json:
    """Adds `blocks`, as the service has them, and under `entrepot` what is made of them."""
    page = cast("Json", without_expiry(record))
    blocks = [] if page.get("in_trash") else await blocks_of(http, page["id"])
    made = {
        "version": version_of({**page, "blocks": blocks}),
        "title": title_of(page),
        "columns": column_values(page.get("properties", {})),
        "markdown": to_markdown(blocks),
        "icon": _icon(page.get("icon")),
    }
    return {**page, "blocks": blocks, "entrepot": made}


async def blocks_of(http: Client, block: str) -> list[Json]:
    """All blocks below one, each with its own under `children`."""
    request = Request("GET", f"/blocks/{block}/children", params={"page_size": 100}, errors=_MISSING)
    found: list[Json] = []
    async with aclosing(pages(http, request, _PAGING)) as answers:
        async for answer in answers:
            if not isinstance(answer.data.get("results"), list):
                raise RecordRefused("Its content could not be read: the answer has no blocks.")
            found += answer.data["results"]
    for child in found:
        if child.get("has_children") and child.get("type") not in PAGES_OF_THEIR_OWN:
            child["children"] = await blocks_of(http, child["id"])
    return cast("list[Json]", without_expiry(found))


def _icon(icon: Json | None) -> str | None:
    """An emoji, or the address of a picture."""
    if not icon:
        return None
    held = icon.get(icon.get("type", ""))
    return held.get("url") if isinstance(held, dict) else held
