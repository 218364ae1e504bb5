"""A file of components, one component's bytes at a time: memory does not grow with the file."""

import codecs
from collections.abc import Collection, Iterator
from io import BytesIO
from typing import BinaryIO

import msgspec

from entrepot.protocols.content_line import decoded

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
    """Components of these names wherever they stand, and every line outside of them (BEGIN and END included)."""
    wanted = {f"BEGIN:{name}".encode(): (name, f"END:{name}".encode()) for name in names}
    source = _as_utf8(stream)
    for line in iter(lambda: source.readline(LINE), b""):
        opened = wanted.get(line[:32].strip().upper()) if line[:1] in b"Bb" else None
        while opened is not None:
            block, following = _block(source, line, *opened)
            yield block
            line, opened = following, wanted.get(following.strip().upper())  # noqa: PLW2901 - a component without end
        if line:
            yield Block("", line)


def _block(source: BinaryIO, first: bytes, name: str, end: bytes) -> tuple[Block, bytes]:
    """The component, and the line that began another before this one had ended."""
    parts, size, begin = [first], len(first), b"BEGIN:" + end[4:]
    nested = name == "VCARD"
    depth = 1
    for line in iter(lambda: source.readline(LINE), b""):
        mark = line[:32].strip().upper() if line[:1] in b"BEbe" else b""
        if mark in _OUTER or (mark == begin and not nested):
            return Block(name, b"".join(parts), "it has no end"), line
        depth += mark == begin
        size += len(line)
        if size <= LARGEST:
            parts.append(line)
        if mark == end:
            depth -= 1
            if depth == 0:
                fault = "" if size <= LARGEST else f"it is larger than {LARGEST:,} bytes"
                return Block(name, b"".join(parts), fault), b""
    return Block(name, b"".join(parts), "the file is cut off in the middle of it"), b""


def _as_utf8(stream: BinaryIO) -> BinaryIO:
    """Some programs write UTF-16; such files are small, so they are recoded at once."""
    first = stream.readline(LINE)
    rest = stream
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return BytesIO(decoded(first + stream.read(LARGEST)).encode())
    return _Joined(first.removeprefix(codecs.BOM_UTF8), rest)


class _Joined(BytesIO):
    """The line that was looked at, then the stream it came from."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._first = first
        self._rest = rest

    def readline(self, size: int | None = -1, /) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return self._rest.readline(-1 if size is None else size)
