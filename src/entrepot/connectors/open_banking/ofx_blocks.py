"""OFX as text: finds the aggregates that matter in SGML (OFX 1) and XML (OFX 2) alike, without holding the file.

The two are read by one scanner because real files mix them: XML headers over unclosed tags, SGML with closing ones.
Nothing is ever expanded or fetched, so entities can do no harm.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LONGEST = 4 << 20
_FIELD = re.compile(r"<([A-Z0-9.]+)>\s*([^<]*[^<\s])")
_NOISE = re.compile(r"<!--.*?-->", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_REFERENCE = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": "\u00a0"}


class Block(NamedTuple):
    """An aggregate or a single field by itself. `is_whole` is False where the file ends inside it."""

    tag: str
    text: str
    line: int
    is_whole: bool = True

    def fields(self) -> dict[str, str]:
        """Every field with a value, however deep; of two with one name the last."""
        text = self.text
        if "<!" in text:
            text = _CDATA.sub(lambda found: found[1].replace("&", "&amp;").replace("<", "&lt;"), text)
            text = _NOISE.sub("", text)
        found = dict(_FIELD.findall(text))
        if "&" in text:
            return {tag: unescape(value) for tag, value in found.items()}
        return found


def unescape(text: str) -> str:
    """Only whole references: `AT&T` and `A&notes` stay as they are."""
    return _REFERENCE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if not name.startswith("#"):
        return _CHARACTERS[name]
    code = int(name[2:] if name[1] in "xX" else name[1:], 16 if name[1] in "xX" else 10)
    return chr(code) if 32 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF else " "


class BlockScanner:
    """Finds the blocks of the given names in the order they stand; what is inside one is not looked at again."""

    def __init__(self, names: Iterable[str], marks: Iterable[str] = ()) -> None:
        """Of `marks` only the text up to the next tag is told; blocks inside them are found."""
        self._marks = frozenset(marks)
        self._start = re.compile("<(" + "|".join((*names, *self._marks)) + r")\s*>").search

    def blocks(self, pieces: Iterable[str]) -> Iterator[Block]:
        source = iter(pieces)
        buffer, position, line, counted = "", 0, 1, 0
        is_over = False
        while True:
            found = self._start(buffer, position)
            if found is not None:
                end = self._end_of(buffer, found)
                is_endless = end < 0 and (is_over or len(buffer) - found.end() > LONGEST)
                if end >= 0 or is_endless:
                    line += buffer.count("\n", counted, found.start())
                    counted = found.start()
                    text = buffer[found.end() : end if end >= 0 else found.end() + 4096]
                    yield Block(found[1], text, line, end >= 0)
                    position = max(end, found.end())
                    continue
            if is_over:
                return
            keep = found.start() if found is not None else max(position, len(buffer) - 64)
            line += buffer.count("\n", counted, keep)
            counted = 0
            piece = next(source, None)
            is_over = piece is None
            buffer, position = buffer[keep:] + (piece or ""), 0

    def _end_of(self, buffer: str, found: re.Match[str]) -> int:
        """Where the block's content ends, or -1 where that is not in the buffer."""
        start, tag = found.end(), found[1]
        if tag in self._marks:
            return buffer.find("<", start)
        end = buffer.find("</" + tag, start)
        again = buffer.find(f"<{tag}>", start, end if end >= 0 else len(buffer))
        return again if again >= 0 else end
