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

    def __init__(self, segment: int = SEGMENT) -> None:
        self._longest = segment
        self._file: BinaryIO | None = None
        self._written = 0
        self._start = 0

    def begin(self) -> None:
        if self._file is None or self._written > self._longest:
            self._file = cast("BinaryIO", TemporaryFile())  # noqa: SIM115 - lives as long as an attachment points into it
            self._written = 0
        self._start = self._written

    def write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            self._written += self._file.write(data)
        except OSError as error:
            raise PersonMustFix(
                f"There is no room for attachments in the temporary folder: {error.strerror}.", detail=repr(error)
            ) from error

    def end(self) -> Callable[[], BinaryIO]:
        """A way to read, any number of times, what was written since `begin`."""
        file, start, stop = self._file, self._start, self._written
        assert file is not None
        file.flush()
        return lambda: cast("BinaryIO", io.BufferedReader(_Window(file, start, stop)))


class _Window(io.RawIOBase):
    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        self._file = file
        self._position = start
        self._stop = stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        data = os.pread(self._file.fileno(), min(len(view), self._stop - self._position), self._position)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
