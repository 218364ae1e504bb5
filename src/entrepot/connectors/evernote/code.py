"""Code blocks of a note: lines as they are, between fences."""

import re
from collections.abc import Mapping
from typing import Any

from .inline import DEEPEST

_LINES = frozenset({"div", "p", "li", "pre"})
_FENCE = re.compile("`{3,}")


def is_code(style: Mapping[str, str]) -> bool:
    return "true" in {style.get("-en-codeblock"), style.get("--en-codeblock")}


def code_of(element: Any) -> str:
    """A fenced block with the language if Evernote knows it; empty where there is no code."""
    pieces: list[str] = []
    _collect(element, pieces, 0)
    text = "".join(pieces).replace("\u00a0", " ").strip("\n")
    if not text.strip():
        return ""
    longest = max((len(found) for found in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _collect(element: Any, pieces: list[str], depth: int) -> None:
    if depth > DEEPEST:
        pieces.append("".join(element.itertext()))
        return
    is_line = element.tag in _LINES
    if is_line:
        _break(pieces)
    pieces.append(element.text or "")
    for child in element:
        if child.tag == "br":
            pieces.append("\n")
        else:
            _collect(child, pieces, depth + 1)
        pieces.append(child.tail or "")
    if is_line:
        _break(pieces)


def _break(pieces: list[str]) -> None:
    """A line ends here, unless it has just ended."""
    last = next((piece for piece in reversed(pieces) if piece), "\n")
    if not last.endswith("\n"):
        pieces.append("\n")
