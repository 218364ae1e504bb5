"""Tables of a note as pipe tables; the first row is the head, because Markdown knows no table without one."""

from collections.abc import Callable
from typing import Any


def table_of(element: Any, render: Callable[[Any], str]) -> str:
    """`render` gives the Markdown of a cell. Merged cells stand once, and leave the others of their span empty."""
    rows = [row for row in element.iter("tr") if _table_of(row) is element]
    cells = [[_one_line(render(cell)) for cell in row if cell.tag in {"td", "th"}] for row in rows]
    cells = [row for row in cells if row]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
    lines.insert(1, f"|{' --- |' * width}")
    return "\n".join(lines)


def _table_of(row: Any) -> Any:
    parent = row.getparent()
    while parent is not None and parent.tag != "table":
        parent = parent.getparent()
    return parent


def _one_line(text: str) -> str:
    lines = [line.removesuffix("\\").strip() for line in text.split("\n")]
    return "<br>".join(line for line in lines if line).replace("|", "\\|")
