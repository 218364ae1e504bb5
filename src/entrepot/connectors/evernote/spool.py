"""Attachments of one import, in anonymous temporary files: read again at will, gone with the last reference."""

import io
import os
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from entrepot.core.errors import PersonMustFix

SEGMENT = 256 << 20
"""A new file begins when one is this long, so that the space of notes already stored is given back."""


class Spool:
    """Holds what is written between `begin` and `end`. Nothing survives a crash: the files have no names."""

    def __init__(self, longest: int = SEGMENT) -> None:
        self._longest = longest
        self._segment = _Segment()
        self._start = 0

    def begin(self) -> None:
        if self._segment.size > self._longest:
            self._segment = _Segment()
        self._start = self._segment.size

    def write(self, data: bytes) -> None:
        self._segment.write(data)

    def end(self) -> Callable[[], BinaryIO]:
        """A way to read, any number of times, what was written since `begin`."""
        segment, start, stop = self._segment, self._start, self._segment.size
        return lambda: cast("BinaryIO", io.BufferedReader(_Window(segment, start, stop)))


class _Segment:
    """Lives as long as the spool or any attachment points to it, and closes its file then."""

    def __init__(self) -> None:
        self.size = 0
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = cast("BinaryIO", TemporaryFile(buffering=0))  # noqa: SIM115 - closed by __del__
            left = memoryview(data)
            while left:  # a disk that is nearly full takes a part first, and says so only at the next attempt
                left = left[self._file.write(left) :]
            self.size += len(data)
        except OSError as error:
            raise PersonMustFix(
                f"There is no room for attachments in the temporary folder: {error.strerror}.", detail=repr(error)
            ) from error

    def read(self, size: int, position: int) -> bytes:
        return os.pread(self._file.fileno(), size, position) if self._file and size else b""

    def __del__(self) -> None:
        if self._file:
            self._file.close()


class _Window(io.RawIOBase):
    def __init__(self, segment: _Segment, start: int, stop: int) -> None:
        self._segment = segment
        self._position = start
        self._stop = stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        data = self._segment.read(min(len(view), self._stop - self._position), self._position)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
