"""ENML as Markdown (CommonMark, with tables, task lists and strikethrough of GitHub): the blocks of a note."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from .code import code_of, is_code
from .enml import style_of
from .inline import BLOCKS, BREAK, CHECKED_BOX, DEEPEST, OPEN_BOX, has_blocks, inline_of, piece_of, text_of
from .media import Media
from .table import table_of

_LEADING = re.compile(r"(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|={2,}$|-{3,}$)")
_LEADING_NUMBER = re.compile(r"(\d{1,9})([.)](?=\s|$))")
_BLANKS = re.compile(" {2,}")
_BOXES = {OPEN_BOX: "[ ] ", CHECKED_BOX: "[x] "}


class Block(NamedTuple):
    """`item` is a line of a list: such lines stand together without a blank one between them."""

    kind: Literal["text", "item"]
    text: str


Tasks = Callable[[str], Sequence[str]]
"""Given the id of a task group, the lines of its tasks."""


def markdown_of(note: Any, media: Media, tasks: Tasks) -> str:
    return joined(Writer(media, tasks).blocks(note))


def joined(blocks: Sequence[Block]) -> str:
    pieces: list[str] = []
    for number, block in enumerate(blocks):
        if number:
            pieces.append("\n" if block.kind == blocks[number - 1].kind == "item" else "\n\n")
        pieces.append(block.text)
    return "".join(pieces)


class Writer:
    def __init__(self, media: Media, tasks: Tasks) -> None:
        self._media = media
        self._tasks = tasks
        self._writers: Mapping[str, Callable[[Any, int], list[Block]]] = {
            "ul": self._list,
            "ol": self._list,
            "table": self._table,
            "blockquote": self._quote,
            "pre": self._code,
            "hr": lambda _element, _depth: [Block("text", "---")],
            **{f"h{level}": self._heading for level in range(1, 7)},
        }

    def blocks(self, element: Any, depth: int = 0) -> list[Block]:
        """The blocks inside an element; a line that is not in one of its own is one by itself."""
        if depth > DEEPEST:
            return list(_paragraphs(inline_of(element, self._media, depth)))
        found: list[Block] = []
        line = [text_of(element.text)]
        for child in element:
            if self._is_block(child):
                found.extend(_paragraphs("".join(line)))
                line = []
                found.extend(self._block(child, depth + 1))
            else:
                line.append(piece_of(child, self._media, depth))
            line.append(text_of(child.tail))
        found.extend(_paragraphs("".join(line)))
        return found

    def _is_block(self, element: Any) -> bool:
        return isinstance(element.tag, str) and (element.tag in BLOCKS or (element.tag != "a" and has_blocks(element)))

    def _block(self, element: Any, depth: int) -> list[Block]:
        writer = self._writers.get(element.tag)
        if writer is not None:
            return writer(element, depth)
        style = style_of(element)
        if is_code(style):
            return self._code(element, depth)
        if style.get("--en-task-group") == "true":
            return [Block("item", line) for line in self._tasks(style.get("--en-id", ""))]
        return self.blocks(element, depth)

    def _heading(self, element: Any, _depth: int) -> list[Block]:
        text = _one_line(inline_of(element, self._media))
        return [Block("text", f"{'#' * int(element.tag[1])} {text}")] if text else []

    def _code(self, element: Any, _depth: int) -> list[Block]:
        text = code_of(element)
        return [Block("text", text)] if text else []

    def _quote(self, element: Any, depth: int) -> list[Block]:
        text = joined(self.blocks(element, depth))
        return [Block("text", "\n".join(f"> {line}".rstrip() for line in text.split("\n")))] if text else []

    def _table(self, element: Any, depth: int) -> list[Block]:
        text = table_of(element, lambda cell: joined(self.blocks(cell, depth)))
        return [Block("text", text)] if text else []

    def _list(self, element: Any, depth: int) -> list[Block]:
        """Old Evernote puts a list inside a list straight into it, not into the item it belongs to."""
        is_checklist = style_of(element).get("--en-todo") == "true"
        number = int(element.get("start") or 1) if (element.get("start") or "1").isdecimal() else 1
        lines: list[str] = []
        for child in element:
            marker = f"{number}. " if element.tag == "ol" else "- "
            inner = self._block(child, depth + 1) if child.tag != "li" else self.blocks(child, depth + 1)
            if child.tag in {"ul", "ol"}:
                lines.extend(_indented(block.text, len(marker)) for block in inner)
            elif inner or child.tag == "li":
                number += 1
                lines.append(_item(marker, _checked(style_of(child)) if is_checklist else "", inner))
        return [Block("text", "\n".join(lines))] if lines else []


def _checked(style: Mapping[str, str]) -> str:
    return _BOXES[CHECKED_BOX if style.get("--en-checked") == "true" else OPEN_BOX]


def _item(marker: str, box: str, blocks: Sequence[Block]) -> str:
    first = blocks[0].text.removeprefix("- ") if blocks and blocks[0].kind == "item" else ""
    inner = "\n".join([first, *(block.text for block in blocks[1:])]) if first else _tight(blocks)
    return marker + box + _indented(inner, len(marker)).lstrip(" ")


def _indented(text: str, width: int) -> str:
    return "\n".join(" " * width + line if line else "" for line in text.split("\n"))


def _tight(blocks: Sequence[Block]) -> str:
    pieces: list[str] = []
    for number, block in enumerate(blocks):
        is_list = re.match(r"(?:- |\d+\. )", block.text) is not None
        pieces.append(("" if not number else "\n" if is_list else "\n\n") + block.text)
    return "".join(pieces)


def _paragraphs(text: str) -> Iterator[Block]:
    """Lines apart by a break stay one paragraph; an empty one ends it; one with a box is an item of its own."""
    if not text or text.isspace():
        return
    lines: list[str] = []
    for line in [*text.split(BREAK), ""]:
        words = _BLANKS.sub(" ", line).strip()
        if words and words[0] in _BOXES:
            yield from _paragraph(lines)
            lines = []
            yield Block("item", f"- {_BOXES[words[0]]}{_unboxed(words[1:].strip())}")
        elif words:
            lines.append(_guarded(_unboxed(words)))
        else:
            yield from _paragraph(lines)
            lines = []


def _paragraph(lines: Sequence[str]) -> Iterator[Block]:
    if lines:
        yield Block("text", "\\\n".join(lines))


def _one_line(text: str) -> str:
    return _unboxed(" ".join(text.split()))


def _unboxed(text: str) -> str:
    return text.replace(OPEN_BOX, _BOXES[OPEN_BOX]).replace(CHECKED_BOX, _BOXES[CHECKED_BOX])


def _guarded(line: str) -> str:
    """What would begin a heading, a list or a quote in Markdown is only text here."""
    if _LEADING.match(line):
        return "\\" + line
    return _LEADING_NUMBER.sub(r"\1\\\2", line, count=1) if _LEADING_NUMBER.match(line) else line
