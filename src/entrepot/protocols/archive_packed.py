"""Entries of zip, tar and gzip files. What is missing, locked or climbs out is found before the first entry is read."""

import gzip
import re
import struct
import tarfile
import zipfile
from contextlib import ExitStack
from functools import partial
from stat import S_ISLNK
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import BUFFER, ODD, StoredEntry, explained
from entrepot.protocols.archive_limits import Limits, Meter
from entrepot.protocols.archive_names import FreeNames, clean_name, repaired_zip_name

_ROW_OF_ZIP = b"PK\x01\x02"
_END_OF_ZIP = b"PK\x05\x06"
_END_OF_ZIP64 = b"PK\x06\x06"
_PLACE_OF_ZIP64 = b"PK\x06\x07"
_LENGTH_OF_ZIP64 = 76
"""Of its end record and the locator behind it, where zipfile looks for them: right before the ordinary end."""
_END_OF_ZIP_REACH = 65_557 + _LENGTH_OF_ZIP64
_DIRECTORY_ROW = 256
_IN_MEMORY = 16 << 20
_TAR_BLOCK = 512
_ABOUT = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)
"""Members that tell of the one behind them: its long name, its times."""
_LONGEST_ABOUT = 1 << 20
_MANY_DIGITS = re.compile(rb"\d{40}")
_ENCRYPTED = 0x1


def zip_entries(source: BinaryIO, name: str, meter: Meter, limits: Limits, resources: ExitStack) -> list[StoredEntry]:
    with explained(name, *ODD):
        _refuse_long_directory(source, name, limits)
        packed = resources.enter_context(zipfile.ZipFile(source))
    found: list[StoredEntry] = []
    names = FreeNames()
    seen: set[tuple[str, int, int]] = set()
    for info in packed.infolist():
        cleaned = clean_name(repaired_zip_name(info.filename, info.flag_bits), name, limits.name_length)
        mode = info.external_attr >> 16
        same = (cleaned or "", info.CRC, info.file_size)
        if cleaned is None or info.is_dir() or S_ISLNK(mode) or same in seen:
            continue
        if info.flag_bits & _ENCRYPTED:
            raise PersonMustFix(f"{name} is locked with a password; unpack it yourself and give the folder.")
        seen.add(same)
        opener = partial(_open_zipped, packed, info)
        found.append(StoredEntry(name, names.take(cleaned), info.file_size, opener, meter))
    return found


def is_tar(start: bytes) -> bool:
    return start[257:262] == b"ustar"


def tar_entries(source: BinaryIO, name: str, meter: Meter, limits: Limits, resources: ExitStack) -> list[StoredEntry]:
    """Links, devices and files with holes are left out: they may point anywhere and be of any size, and no export
    holds any.
    """
    with explained(name, *ODD):
        packed = resources.enter_context(tarfile.TarFile(fileobj=source, tarinfo=Member))
        found: list[StoredEntry] = []
        names = FreeNames()
        for count, member in enumerate(packed, start=1):
            if count > limits.entries:
                raise PersonMustFix(f"{name} holds more than {limits.entries:,} files.")
            cleaned = clean_name(member.name, name, limits.name_length)
            if cleaned is None or not member.isreg() or member.issparse():
                continue
            opener = partial(_open_tarred, packed, member)
            found.append(StoredEntry(name, names.take(cleaned), member.size, opener, meter))
        source.seek(packed.offset)
        if source.read(_TAR_BLOCK) != bytes(_TAR_BLOCK):
            raise tarfile.ReadError("no end mark")
    return found


def gzip_entries(source: BinaryIO, name: str, meter: Meter, limits: Limits, resources: ExitStack) -> list[StoredEntry]:
    """Unpacked once to a temporary file: gzip has no index, and a cut-off file must be noticed before any record."""
    unpacked = cast("BinaryIO", resources.enter_context(SpooledTemporaryFile(_IN_MEMORY)))  # noqa: SIM115 - the stack closes it
    with explained(name), gzip.open(source) as stream:
        while chunk := stream.read(BUFFER):
            meter.add(len(chunk))
            unpacked.write(chunk)
    size = unpacked.tell()
    unpacked.seek(0)
    start = unpacked.read(_TAR_BLOCK)
    unpacked.seek(0)
    inner = Meter(name, size, limits)
    if is_tar(start):
        return tar_entries(unpacked, name, inner, limits, resources)
    plain = name[:-3] if name.lower().endswith(".gz") else name
    return [StoredEntry(name, plain, size, partial(_open_view, unpacked, size), inner)]


def _open_zipped(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    return cast("BinaryIO", packed.open(info))


def _open_tarred(packed: tarfile.TarFile, member: tarfile.TarInfo) -> BinaryIO:
    stream = packed.extractfile(member)
    assert stream is not None  # only regular members are kept
    return cast("BinaryIO", stream)


def _open_view(source: BinaryIO, size: int) -> BinaryIO:
    return cast("BinaryIO", _View(source, size))


def _refuse_long_directory(source: BinaryIO, name: str, limits: Limits) -> None:
    """Zipfile loads the whole directory at once, whatever its end says of it, so its rows are counted before."""
    size = source.seek(0, 2)
    begin = source.seek(max(0, size - _END_OF_ZIP_REACH))
    tail = source.read()
    end = tail.rfind(_END_OF_ZIP)
    if end < 0 or len(tail) < end + 22:
        raise zipfile.BadZipFile("no end of central directory")
    (length,) = struct.unpack_from("<L", tail, end + 12)
    large = tail[max(0, end - _LENGTH_OF_ZIP64) : end]
    if len(large) == _LENGTH_OF_ZIP64 and (large[:4], large[56:60]) == (_END_OF_ZIP64, _PLACE_OF_ZIP64):
        (length,) = struct.unpack_from("<Q", large, 40)
        end -= _LENGTH_OF_ZIP64
    source.seek(max(0, begin + end - length))
    if length > limits.entries * _DIRECTORY_ROW or _count(source, length) > limits.entries:
        raise PersonMustFix(f"{name} holds more than {limits.entries:,} files; unpack it yourself and give a part.")


def _count(source: BinaryIO, length: int) -> int:
    found, kept = 0, b""
    while length > 0 and (piece := source.read(min(BUFFER, length))):
        length -= len(piece)
        found += (kept + piece).count(_ROW_OF_ZIP)
        kept = piece[-len(_ROW_OF_ZIP) + 1 :]
    return found


class Member(tarfile.TarInfo):
    """Refuses what Python's own reader would hang on (CVE-2024-6232, CVE-2025-8194), mended there or not."""

    def _proc_member(self, archive: Any) -> tarfile.TarInfo:
        """The hook that the source of tarfile names for subclasses."""
        if self.size < 0 or (self.type in _ABOUT and not self._is_honest(archive.fileobj)):
            raise tarfile.ReadError("a header that no program writes")
        return cast("Any", super())._proc_member(archive)  # noqa: SLF001 - the stubs do not know the hook

    def _is_honest(self, file: BinaryIO) -> bool:
        if self.size > _LONGEST_ABOUT:
            return False
        at = file.tell()
        found = _MANY_DIGITS.search(file.read(self.size))
        file.seek(at)
        return found is None


class _View:
    """Several readers over one temporary file, each at its own place."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source = source
        self._size = size
        self._position = 0

    def read(self, count: int = -1) -> bytes:
        self._source.seek(self._position)
        data = self._source.read(count if count >= 0 else self._size - self._position)
        self._position += len(data)
        return data

    def close(self) -> None:
        """The archive closes the temporary file."""
