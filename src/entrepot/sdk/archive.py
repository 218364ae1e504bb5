"""What an importer is given to read: named entries of a zip, a tar, a folder or one file, all looked at alike."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol


class Entry(Protocol):
    """One file in an archive. `name` is its path with forward slashes, NFC, without any leading slash."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def damage(self) -> str:
        """What is wrong with it, once `head` or `peek` has met it; else empty."""
        ...

    def open(self) -> BinaryIO:
        """A fresh stream of the decompressed bytes, which stops with PersonMustFix at the size limits."""
        ...

    def head(self, size: int = 4096) -> bytes:
        """The first bytes, for recognising; kept. None of a damaged file, which then has its `damage`."""
        ...

    def peek(self, size: int) -> bytes:
        """As `head`, but not kept: for archives of very many files."""
        ...


class Archive(Protocol):
    """`name` is the file or folder the person gave, for messages and for names that only it carries."""

    @property
    def name(self) -> str: ...

    def entries(self, *patterns: str) -> Iterator[Entry]:
        """Entries whose path or file name matches one of the shell patterns (case-insensitive), in sorted order."""
        ...

    def entry(self, name: str) -> Entry | None:
        """The entry with exactly this name, or None."""
        ...
