"""Evernote: notebooks exported as ENEX files."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_keys import RepeatedKeys
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

from .note import STREAM, change_of
from .notes import Damage, notes_of
from .spool import Spool

_ROOT = "<en-export"


class Evernote:
    """One file is one notebook, and the file's name is the only place that names it."""

    def recognise(self, archive: Archive) -> Match | None:
        notebooks = sum(1 for _ in _exports(archive))
        if not notebooks:
            return None
        return Match(score=1.0, found=[f"{notebooks} notebook{'s' if notebooks > 1 else ''}"])

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        entries = list(_exports(archive))
        if not entries:
            raise PersonMustFix(f"{archive.name} holds no Evernote export (a file ending in .enex).")
        spool = Spool()
        for entry in entries:
            notebook = options.values.get("notebook") or _notebook(entry)
            yield from unless_damaged(archive, entry.name, STREAM, _read_notebook(entry, notebook, spool))
        yield from unreadable(archive.entries(), STREAM)


def _read_notebook(entry: Entry, notebook: str, spool: Spool) -> Iterator[Change | BadRow]:
    keys = RepeatedKeys()
    for found in notes_of(entry, spool):
        where = f"{entry.name}, line {found.line}"
        if isinstance(found, Damage):
            yield BadRow(STREAM, where, found.reason)
            continue
        for reason in found.broken:
            yield BadRow(STREAM, where, f"{reason}; the note {found.fields.get('title', '')!r} came without it")
        yield change_of(found, notebook, keys.key_of)


def _notebook(entry: Entry) -> str:
    name = PurePosixPath(entry.name).name
    return name[:-5] if name.lower().endswith(".enex") else name


def _exports(archive: Archive) -> Iterator[Entry]:
    for entry in archive.entries("*.enex"):
        head = entry.head()
        encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "latin-1"
        if _ROOT in head[: len(head) // 2 * 2].decode(encoding, "replace"):
            yield entry
