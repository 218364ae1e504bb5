"""Puts old exports right: in them some bytes of UTF-8 became HTML entities (`&atilde;` for E3) and others stayed."""

import io
import re
from html.entities import name2codepoint
from typing import Any, BinaryIO, cast

_LATIN = {name.encode(): bytes([code]) for name, code in name2codepoint.items() if 0x80 <= code <= 0xFF}
_RUN = re.compile(rb"(?:[\x80-\xff]|&(?:" + b"|".join(sorted(_LATIN)) + rb");)+")
_ENTITY = re.compile(rb"&([A-Za-z0-9]+);")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BUFFER = 1 << 17
_LONGEST = 1 << 24


def mended(stream: BinaryIO) -> BinaryIO:
    """A filter for `archive_xml.elements`: always valid UTF-8, and unchanged where it was."""
    return cast("BinaryIO", io.BufferedReader(_Mended(stream), _BUFFER))


def mend(line: bytes) -> bytes:
    """High bytes and Latin-1 entities that together are UTF-8 become it; other bytes are read as Windows-1252."""
    return _CONTROLS.sub(b" ", _RUN.sub(_mend_run, line))


def _mend_run(run: re.Match[bytes]) -> bytes:
    together = _ENTITY.sub(lambda entity: _LATIN[entity.group(1)], run.group())
    if _is_utf8(together):
        return together
    pieces = _ENTITY.split(run.group())
    return b"".join(
        _LATIN[piece].decode("latin-1").encode() if number % 2 else _readable(piece)
        for number, piece in enumerate(pieces)
    )


def _readable(raw: bytes) -> bytes:
    return raw if _is_utf8(raw) else raw.decode("cp1252", "replace").encode()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Mended(io.RawIOBase):
    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._ready:
            self._ready = mend(self._inner.readline(_LONGEST))
        view = memoryview(buffer)
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
