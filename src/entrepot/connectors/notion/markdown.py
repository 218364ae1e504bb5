"""Notion's blocks as Markdown (https://developers.notion.com/reference/block). What has no Markdown becomes a link."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .rich_text import inline, plain

Json = dict[str, Any]

_LISTS = frozenset({"bulleted_list_item", "numbered_list_item", "to_do", "toggle"})
_SILENT = frozenset({"table_of_contents", "breadcrumb", "unsupported", "table_row"})


def to_markdown(blocks: Sequence[Json]) -> str:
    """Blocks with their own blocks under `children`."""
    parts: list[str] = []
    number, before = 0, ""
    for block in blocks:
        kind = block.get("type", "")
        number = number + 1 if kind == "numbered_list_item" else 0
        text = _block(kind, block, number)
        if text is None:
            continue
        if parts:
            parts.append("\n" if kind in _LISTS and before in _LISTS else "\n\n")
        parts.append(text)
        before = kind
    return "".join(parts)


def _block(kind: str, block: Json, number: int) -> str | None:
    if kind in _SILENT:
        return None
    held = block.get(kind) or {}
    children = block.get("children") or []
    if kind == "numbered_list_item":
        return _item(f"{number}. ", held, children)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(held, children)
    below = to_markdown(children)
    return "\n\n".join(filter(None, (inline(held.get("rich_text")), below))) or None


def _item(mark: str, held: Json, children: Sequence[Json]) -> str:
    text = f"{mark}{inline(held.get('rich_text'))}"
    below = to_markdown(children)
    # A paragraph below a list item needs a blank line before it; a list below does not.
    gap = "\n" if children and children[0].get("type") in _LISTS else "\n\n"
    return f"{text}{gap}{_indent(below, ' ' * (len(mark) if mark[0].isdigit() else 2))}" if below else text


def _heading(marks: str) -> Callable[[Json, Sequence[Json]], str]:
    def write(held: Json, children: Sequence[Json]) -> str:
        below = to_markdown(children)
        title = f"{marks} {inline(held.get('rich_text'))}"
        return f"{title}\n\n{below}" if below else title

    return write


def _to_do(held: Json, children: Sequence[Json]) -> str:
    return _item(f"- [{'x' if held.get('checked') else ' '}] ", held, children)


def _quote(held: Json, children: Sequence[Json]) -> str:
    emoji = (held.get("icon") or {}).get("emoji")
    text = " ".join(filter(None, (emoji, inline(held.get("rich_text")))))
    inside = "\n\n".join(filter(None, (text, to_markdown(children))))
    return _indent(inside, "> ", blank=">")


def _code(held: Json, _children: Sequence[Json]) -> str:
    text = plain(held.get("rich_text"))
    fence = "````" if "```" in text else "```"
    language = held.get("language") or ""
    return f"{fence}{'' if language == 'plain text' else language}\n{text}\n{fence}"


def _table(held: Json, children: Sequence[Json]) -> str:
    rows = [[_cell(cell) for cell in row.get("table_row", {}).get("cells", [])] for row in children]
    if not rows:
        return ""
    head = rows.pop(0) if held.get("has_column_header") else [""] * len(rows[0])
    return "\n".join(_row(row) for row in (head, ["---"] * len(head), *rows))


def _cell(runs: Sequence[Json]) -> str:
    return inline(runs).replace("|", "\\|").replace("  \n", "<br>")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _picture(held: Json, _children: Sequence[Json]) -> str:
    return f"!{_link(held, _children)}"


def _link(held: Json, _children: Sequence[Json]) -> str:
    """A file or an address, with its caption or name."""
    inner = held.get(held.get("type", "")) if "type" in held else held
    address = (inner or {}).get("url") or ""
    text = inline(held.get("caption")) or held.get("name") or address.rpartition("/")[2] or address
    return f"[{text}]({address})"


def _named(held: Json, _children: Sequence[Json]) -> str:
    return f"**{held.get('title') or 'Untitled'}**"


def _pointer(held: Json, _children: Sequence[Json]) -> str:
    target = held.get(held.get("type", "")) or ""
    return f"[{target}](https://www.notion.so/{str(target).replace('-', '')})"


def _indent(text: str, by: str, *, blank: str = "") -> str:
    return "\n".join(f"{by}{line}" if line else blank for line in text.split("\n"))


_WRITERS: Mapping[str, Callable[[Json, Sequence[Json]], str]] = MappingProxyType(
    {
        "heading_1": _heading("#"),
        "heading_2": _heading("##"),
        "heading_3": _heading("###"),
        "heading_4": _heading("####"),
        "bulleted_list_item": lambda held, children: _item("- ", held, children),
        "toggle": lambda held, children: _item("- ", held, children),
        "to_do": _to_do,
        "quote": _quote,
        "callout": _quote,
        "code": _code,
        "equation": lambda held, _: f"$$\n{held.get('expression', '')}\n$$",
        "divider": lambda _held, _: "---",
        "table": _table,
        "image": _picture,
        "video": _link,
        "file": _link,
        "pdf": _link,
        "audio": _link,
        "bookmark": _link,
        "embed": _link,
        "link_preview": _link,
        "child_page": _named,
        "child_database": _named,
        "link_to_page": _pointer,
    }
)
