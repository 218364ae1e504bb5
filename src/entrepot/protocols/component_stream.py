"""A file of components, one component's bytes at a time: memory does not grow with the file."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import BinaryIO

import msgspec

LINE = 1 << 20
_OUTER = frozenset({b"BEGIN:VCALENDAR", b"END:VCALENDAR"})
LARGEST = 48 << 20
"""Bytes of one component; one that is larger (an attachment inside) is passed over and told."""


class Block(msgspec.Struct, frozen=True, gc=False):
    """One component as bytes, or with no `name` a line between components. `fault` says what is wrong with it."""

    name: str
    data: bytes
    fault: str = ""


def blocks(stream: BinaryIO, names: Collection[str]) -> Iterator[Block]:
    """Components of these names wherever they stand, and every line outside of them (BEGIN and END included).

    The bytes are ASCII at heart and begin without a mark, as `archive_text.open_utf8` gives them.
    """
    wanted = {f"BEGIN:{name}".encode(): (name, f"END:{name}".encode()) for name in names}
    source = iter(partial(stream.readline, LINE), b"")
    for line in source:
        opened = wanted.get(line[:32].strip().upper()) if line[:1] in b"Bb" else None
        while opened is not None:
            block, following = _block(source, line, *opened)
            yield block
            line, opened = following, wanted.get(following.strip().upper())  # noqa: PLW2901 - a component without end
        if line:
            yield Block("", line)


def _block(source: Iterator[bytes], first: bytes, name: str, end: bytes) -> tuple[Block, bytes]:
    """The component, and the line that began another before this one had ended."""
    parts, size, begin = [first], len(first), b"BEGIN:" + end[4:]
    depth = 1
    for line in source:
        mark = line[:32].strip().upper() if line[:1] in b"BEbe" else b""
        is_inner = mark == begin and parts[-1][:5].upper() == b"AGENT"  # vCard 2.1: a card inside a card
        if mark in _OUTER or (mark == begin and not is_inner):
            return Block(name, b"".join(parts), "it has no end"), line
        depth += is_inner
        size += len(line)
        if size <= LARGEST:
            parts.append(line)
        if mark == end:
            depth -= 1
            if depth == 0:
                fault = "" if size <= LARGEST else f"it is larger than {LARGEST:,} bytes"
                return Block(name, b"".join(parts), fault), b""
    return Block(name, b"".join(parts), "the file is cut off in the middle of it"), b""
