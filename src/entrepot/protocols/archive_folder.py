"""Entries of a plain folder, or of one single file. Links are not followed: they may lead anywhere."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import StoredEntry
from entrepot.protocols.archive_limits import Limits, Meter
from entrepot.protocols.archive_names import FreeNames, clean_name


def folder_entries(folder: Path, name: str, meter: Meter, limits: Limits) -> list[StoredEntry]:
    found: list[StoredEntry] = []
    names = FreeNames()
    for path, size in _regular_files(folder):
        relative = os.path.relpath(path, folder).replace(os.sep, "/")
        readable = relative.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        cleaned = clean_name(readable, name, limits.name_length)
        if cleaned is None:
            continue
        found.append(StoredEntry(name, names.take(cleaned), size, partial(_open_unlinked, path), meter))
        if len(found) > limits.entries:
            raise PersonMustFix(f"{name} holds more than {limits.entries:,} files; give the folder of one export.")
    return found


def file_entries(path: Path, name: str, meter: Meter) -> list[StoredEntry]:
    return [StoredEntry(name, name, path.stat().st_size, partial(path.open, "rb"), meter)]


def _regular_files(folder: Path) -> Iterator[tuple[str, int]]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = os.path.join(parent, file)  # noqa: PTH118 - a Path per file costs more than the walk itself
            status = os.lstat(path)
            if S_ISREG(status.st_mode):
                yield path, status.st_size


def _open_unlinked(path: str) -> BinaryIO:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")
