"""The encoding of a text file, found from its first bytes, and its bytes as UTF-8."""

import codecs
import io
from typing import Any, BinaryIO, cast

from entrepot.sdk.archive import Entry

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHUNK = 1 << 18
_FEW = 0.1
_MANY = 0.3


def find_encoding(start: bytes) -> tuple[str, int]:
    """The encoding and the length of its mark. Without a mark: UTF-16 where every other byte is 0, else UTF-8."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    sample = start[: len(start) // 2 * 2]
    if sample:
        even, odd = (sample[side::2].count(0) * 2 / len(sample) for side in (0, 1))
        if odd > _MANY and even < _FEW:
            return "utf-16-le", 0
        if even > _MANY and odd < _FEW:
            return "utf-16-be", 0
    return "utf-8", 0


def open_utf8(entry: Entry) -> BinaryIO:
    """The entry's bytes without a mark; UTF-16 and UTF-32 become UTF-8, anything else stays as it is."""
    encoding, mark = find_encoding(entry.head())
    stream = entry.open()
    stream.read(mark)
    if encoding == "utf-8":
        return stream
    return cast("BinaryIO", io.BufferedReader(_AsUtf8(stream, encoding), _CHUNK))


class _AsUtf8(io.RawIOBase):
    def __init__(self, inner: BinaryIO, encoding: str) -> None:
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        while not self._ready:
            chunk = self._inner.read(_CHUNK)
            self._ready = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._inner.close()
        super().close()
