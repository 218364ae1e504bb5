"""Entries of zip, tar and gzip files. What is missing, locked or climbs out is found before the first entry is read."""

import gzip
import struct
import tarfile
import zipfile
from contextlib import ExitStack
from functools import partial
from stat import S_ISLNK
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import BUFFER, StoredEntry, explained
from entrepot.protocols.archive_limits import Limits, Meter
from entrepot.protocols.archive_names import clean_name, free_name, repaired_zip_name

_END_OF_ZIP = b"PK\x05\x06"
_END_OF_ZIP_REACH = 65_557
_DIRECTORY_ROW = 256
_IN_MEMORY = 16 << 20
_TAR_BLOCK = 512
_ENCRYPTED = 0x1


def zip_entries(source: BinaryIO, name: str, meter: Meter, limits: Limits, resources: ExitStack) -> list[StoredEntry]:
    with explained(name):
        _refuse_long_directory(source, name, limits)
        packed = resources.enter_context(zipfile.ZipFile(source))
    found: dict[str, StoredEntry] = {}
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
        unique = free_name(cleaned, found)
        found[unique] = StoredEntry(name, unique, info.file_size, partial(_open_zipped, packed, info), meter)
    return list(found.values())


def is_tar(start: bytes) -> bool:
    return start[257:262] == b"ustar"


def tar_entries(source: BinaryIO, name: str, meter: Meter, limits: Limits, resources: ExitStack) -> list[StoredEntry]:
    """Links and devices are left out: a link may point anywhere, and exports hold none."""
    with explained(name):
        packed = resources.enter_context(tarfile.TarFile(fileobj=source))
        found: dict[str, StoredEntry] = {}
        for count, member in enumerate(packed, start=1):
            if count > limits.entries:
                raise PersonMustFix(f"{name} holds more than {limits.entries:,} files.")
            cleaned = clean_name(member.name, name, limits.name_length)
            if cleaned is None or not member.isreg():
                continue
            unique = free_name(cleaned, found)
            found[unique] = StoredEntry(name, unique, member.size, partial(_open_tarred, packed, member), meter)
        source.seek(packed.offset)
        if source.read(_TAR_BLOCK) != bytes(_TAR_BLOCK):
            raise tarfile.ReadError("no end mark")
    return list(found.values())


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
    inner = Meter(name, None, limits)
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
    """Zipfile loads the whole directory at once, so its length is looked at before."""
    size = source.seek(0, 2)
    source.seek(max(0, size - _END_OF_ZIP_REACH))
    tail = source.read()
    end = tail.rfind(_END_OF_ZIP)
    if end < 0 or len(tail) < end + 22:
        raise zipfile.BadZipFile("no end of central directory")
    count, length = struct.unpack_from("<HL", tail, end + 10)
    too_long = length != 0xFFFFFFFF and length > limits.entries * _DIRECTORY_ROW
    if too_long or (count != 0xFFFF and count > limits.entries):
        raise PersonMustFix(f"{name} holds more than {limits.entries:,} files; unpack it yourself and give a part.")


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
