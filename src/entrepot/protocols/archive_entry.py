"""One file of an archive as importers see it, whatever it lies in: metered, and with errors people can act on."""

import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_limits import Meter

BUFFER = 1 << 18
ODD = (struct.error, ValueError, OverflowError, IndexError, KeyError, RecursionError)
"""What zipfile and tarfile also raise where a file was made to confuse them."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, tarfile.TarError)


class Damaged(PersonMustFix):
    """One file cannot be read, or not to its end; the others of its archive may be whole (see archive_damage)."""


class StoredEntry:
    """`open_raw` gives the decompressed bytes without limits; `size` is what the archive claims.

    `damage` says what is wrong with the file once `head` or `peek` has met it.
    """

    __slots__ = ("_furthest", "_head", "_meter", "_open_raw", "archive", "damage", "name", "size")

    def __init__(self, archive: str, name: str, size: int, open_raw: Callable[[], BinaryIO], meter: Meter) -> None:
        self.archive = archive
        self.name = name
        self.size = size
        self.damage = ""
        self._open_raw = open_raw
        self._meter = meter
        self._furthest = 0
        self._head = b""

    def open(self) -> BinaryIO:
        return self._buffered(BUFFER)

    def head(self, size: int = 4096) -> bytes:
        if len(self._head) < min(size, self.size) or not self._head:
            self._head = self.peek(size)
        return self._head[:size]

    def peek(self, size: int) -> bytes:
        if self.damage:
            return b""
        try:
            with self._buffered(size) as stream:  # no further, for what comes behind may be damaged
                return stream.read(size)
        except Damaged as error:
            self.damage = error.message
            return b""

    def _buffered(self, size: int) -> BinaryIO:
        with explained(f"{self.archive}: {self.name}", *ODD):
            inner = self._open_raw()
        return cast("BinaryIO", io.BufferedReader(_MeteredStream(inner, self), size))

    def reached(self, position: int) -> None:
        """Bytes count once, however often they are read again."""
        if position > self._furthest:
            self._meter.add(position - self._furthest)
            self._furthest = position

    def __repr__(self) -> str:
        return f"<{self.archive}: {self.name}>"


@contextmanager
def explained(what: str, *odd: type[Exception]) -> Generator[None]:
    """Turns what the unpacking libraries raise into Damaged."""
    try:
        yield
    except (*_DAMAGE, *odd) as error:
        raise Damaged(
            f"{what} is damaged or was cut off while downloading; download it again.", detail=repr(error)
        ) from error
    except NotImplementedError as error:
        raise Damaged(
            f"{what} is packed with a method that cannot be read here; unpack it yourself and give the folder.",
            detail=repr(error),
        ) from error
    except OSError as error:
        raise Damaged(f"{what} cannot be read: {error.strerror or error}.", detail=repr(error)) from error


class _MeteredStream(io.RawIOBase):
    def __init__(self, inner: BinaryIO, entry: StoredEntry) -> None:
        self._inner = inner
        self._entry = entry
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        with explained(f"{self._entry.archive}: {self._entry.name}"):
            data = self._inner.read(len(view))
        count = len(data)
        view[:count] = data
        self._position += count
        self._entry.reached(self._position)
        return count

    def close(self) -> None:
        self._inner.close()
        super().close()
