"""Health writes bytes that are no XML: control characters, cut UTF-8, and in old exports names with blanks."""

import io
import re
from typing import Any, BinaryIO, cast

_CHUNK = 1 << 18
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_NO_CONTROLS = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))
_REFERENCE = re.compile(rb"&#(?:x0*([0-9a-fA-F]{1,8})|0*([0-9]{1,10}));")
_NAME_WITH_BLANKS = re.compile(rb'" ([A-Za-z_][\w.-]*+(?: [\w.-]++)++)="')
_FORBIDDEN = {0xFFFE, 0xFFFF}


def mended(stream: BinaryIO) -> BinaryIO:
    """A filter for `archive_xml.elements`."""
    return cast("BinaryIO", io.BufferedReader(_Mended(stream), _CHUNK))


def mend(text: bytes) -> bytes:
    """`text` must not end inside a tag's name, a reference or a character."""
    text = text.translate(_NO_CONTROLS)
    if b"&#" in text:
        text = _REFERENCE.sub(_readable_reference, text)
    if not text.isascii():
        text = _readable(text)
    return _NAME_WITH_BLANKS.sub(_joined_name, text)


def _readable_reference(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    is_allowed = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xDFFF < code <= 0x10FFFF
    return found[0] if is_allowed and code not in _FORBIDDEN else b" "


def _readable(text: bytes) -> bytes:
    """U+FFFE and U+FFFF are valid UTF-8 and no valid XML."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        text = text.decode("utf-8", "replace").encode()
    return text.replace(b"\xef\xbf\xbe", b" ").replace(b"\xef\xbf\xbf", b" ")


def _joined_name(found: re.Match[bytes]) -> bytes:
    return b'" ' + found[1].replace(b" ", b"_") + b'="'


class _Mended(io.RawIOBase):
    """Mends piece by piece; a piece ends behind a `>`, so that nothing to be mended is cut in two."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._rest = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._ready:
            self._ready = memoryview(self._next())
        view = memoryview(buffer)
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        pieces = [self._rest]
        while chunk := self._inner.read(_CHUNK):
            end = chunk.rfind(b">") + 1
            if end:
                self._rest = chunk[end:]
                return mend(b"".join([*pieces, chunk[:end]]))
            pieces.append(chunk)
            if len(pieces) > _CHUNK >> 8:
                break
        self._rest = b""
        return mend(b"".join(pieces))
