"""Opens what people download (a zip, a tar, a gzip, a folder, one file) so that importers see only named entries."""

import gzip
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fnmatch import translate
from functools import lru_cache, partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import StoredEntry, explained
from entrepot.protocols.archive_folder import file_entries, folder_entries
from entrepot.protocols.archive_limits import STANDARD, Limits, Meter
from entrepot.protocols.archive_packed import gzip_entries, is_tar, tar_entries, zip_entries
from entrepot.sdk.archive import Entry

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"


class OpenArchive:
    """Implements sdk.archive.Archive. Closing it closes every file; entries must not be opened after that."""

    def __init__(self, name: str, entries: Sequence[StoredEntry], resources: ExitStack) -> None:
        self._name = name
        self._entries = sorted(entries, key=lambda entry: entry.name)
        self._by_name = {entry.name: entry for entry in self._entries}
        self._resources = resources

    @property
    def name(self) -> str:
        return self._name

    def entries(self, *patterns: str) -> Iterator[StoredEntry]:
        """A pattern matches from the start of any part of the path: `data/*.js` finds `x-2026/data/tweets.js`."""
        if not patterns:
            return iter(self._entries)
        matches = _matcher(patterns).match
        return (entry for entry in self._entries if matches(entry.name))

    def entry(self, name: str) -> StoredEntry | None:
        return self._by_name.get(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()


def open_archive(path: Path, limits: Limits = STANDARD) -> OpenArchive:
    """Looks at the first bytes, never at the suffix. Raises PersonMustFix where there is nothing readable.

    Names that climb out, encryption and a missing end are found here, before any record is read; size limits
    are counted while entries are read.
    """
    with ExitStack() as guarded:
        entries = _entries_of(path, path.name or str(path), limits, guarded)
        if len(entries) > limits.entries:
            raise PersonMustFix(f"{path.name} holds {len(entries):,} files; {limits.entries:,} is the limit.")
        return OpenArchive(path.name or str(path), entries, guarded.pop_all())


def gunzip(entry: Entry, limits: Limits = STANDARD) -> StoredEntry:
    """A gzipped file that lies in an archive or folder (`list.xml.gz`), unpacked while it is read."""
    name = entry.name[:-3] if entry.name.lower().endswith(".gz") else entry.name
    return StoredEntry(entry.name, name, entry.size, partial(_open_gzip, entry), Meter(entry.name, entry.size, limits))


def _open_gzip(entry: Entry) -> BinaryIO:
    return cast("BinaryIO", _Gunzipped(entry.open()))


class _Gunzipped:
    """GzipFile leaves the stream below it open."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self.read = gzip.GzipFile(fileobj=packed).read

    def close(self) -> None:
        self._packed.close()


def _entries_of(path: Path, name: str, limits: Limits, resources: ExitStack) -> list[StoredEntry]:
    with explained(name):
        if not path.exists():
            raise PersonMustFix(f"There is no file or folder {path}.")
        if path.is_dir():
            return folder_entries(path, name, Meter(name, None, limits), limits)
        if not path.is_file():
            raise PersonMustFix(f"{path} is neither a file nor a folder.")
        size = path.stat().st_size
        if not size:
            raise PersonMustFix(f"{name} is empty (0 bytes); download it again.")
        source = resources.enter_context(path.open("rb"))
        start = source.read(512)
        source.seek(0)
        meter = Meter(name, size, limits)
        if start.startswith(_ZIP):
            return zip_entries(source, name, meter, limits, resources)
        if path.suffix.lower() == ".zip":
            raise PersonMustFix(f"{name} is not a zip file, although it is called so; download it again.")
        if start.startswith(_GZIP):
            return gzip_entries(source, name, meter, limits, resources)
        if is_tar(start):
            return tar_entries(source, name, meter, limits, resources)
        resources.close()
        return file_entries(path, name, Meter(name, None, limits))


@lru_cache(maxsize=256)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?:.*/)?(?:" + "|".join(translate(pattern) for pattern in patterns) + ")", re.IGNORECASE)
