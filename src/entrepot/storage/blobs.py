"""Files that travel with records, kept once under their own hash; a crash leaves a whole file or none."""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from entrepot.core.change import Attachment
from entrepot.core.errors import PersonMustFix

CHUNK = 1 << 20
HASH_DIGITS = 64
UNFINISHED = "unfinished"


class Blobs:
    """A folder of files named by SHA-256, spread over 256 folders. Processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, files: Iterable[Attachment]) -> None:
        """Store what is not here yet. Call it before the page that speaks of them is applied."""
        for file in files:
            self.put(file.sha256, file.open)

    def put(self, digest: str, open_: Callable[[], BinaryIO]) -> None:
        """`open_` is called only if the bytes are not here yet; bytes of another hash are refused."""
        target = self.path(digest)
        try:
            if not _is_here(target):
                with open_() as source:
                    self._write(source, digest, target)
        except OSError as why:
            raise PersonMustFix(f"A file could not be stored under {self._folder}: {why.strerror}.") from why

    def open(self, digest: str) -> BinaryIO:
        return self.path(digest).open("rb")

    def path(self, digest: str) -> Path:
        """Where it is, if it is here."""
        if len(digest) != HASH_DIGITS or not set(digest) <= set("0123456789abcdef"):
            raise ValueError(f"not a SHA-256 in lower-case hex: {digest!r}")
        return self._folder / digest[:2] / digest

    def older_than(self, seconds: float) -> Iterator[Path]:
        """Files that nobody has put for so long: whole ones, named by their hash, and unfinished ones."""
        before = time.time() - seconds
        for file in self._folder.glob("*/*"):
            if file.stat().st_mtime < before:
                yield file

    def discard(self, file: Path, seconds: float) -> bool:
        """Remove a file that `older_than` told, unless somebody has put it again since; True if it is gone.

        It is first taken out of its place: whoever puts it from then on finds nothing there, and stores it anew.
        """
        aside = self._folder / UNFINISHED / secrets.token_hex(16)
        try:
            aside.parent.mkdir(exist_ok=True, mode=0o700)
            file.rename(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime >= time.time() - seconds:
            aside.rename(file)
            return False
        aside.unlink()
        return True

    def _write(self, source: BinaryIO, digest: str, target: Path) -> None:
        unfinished = self._folder / UNFINISHED / secrets.token_hex(16)
        for folder in (unfinished.parent, target.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        hashed = sha256()
        try:
            with open(unfinished, "xb", opener=_private) as file:
                while chunk := source.read(CHUNK):
                    hashed.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if hashed.hexdigest() != digest:
                raise PersonMustFix("A file changed while it was being read. Import it again.", detail=digest)
            unfinished.rename(target)
            _sync_folder(target.parent)
        finally:
            unfinished.unlink(missing_ok=True)


def _is_here(target: Path) -> bool:
    """If it is, it is wanted again and young from now on: young files are never taken for orphans."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    # A rename is only durable once its folder is; without this a power cut may lose a file whose row is kept.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
