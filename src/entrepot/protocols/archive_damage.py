"""Damage to one file of an archive: it is told, and costs nothing but what stands behind it in that file."""

from collections.abc import Iterable, Iterator

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive_entry import Damaged
from entrepot.sdk.archive import Archive, Entry

_CHUNK = 1 << 18


def unless_damaged(
    archive: Archive, where: str, stream: str, rows: Iterable[Change | BadRow]
) -> Iterator[Change | BadRow]:
    """The rows of one file, and a BadRow in place of what cannot be read. Alone, a damaged file ends the import."""
    try:
        yield from rows
    except Damaged as error:
        if is_alone(archive):
            raise
        yield BadRow(stream, where, f"{error.message} What follows in this file was not read.")


def unreadable(entries: Iterable[Entry], stream: str) -> Iterator[BadRow]:
    """Files whose very beginning could not be read, so that nobody knows what they are. To be asked at the end."""
    return (BadRow(stream, entry.name, entry.damage) for entry in entries if entry.damage)


def damage_in(entry: Entry) -> str:
    """What is wrong with a file, or nothing: for those that are read several times. Reads it to its end."""
    try:
        with entry.open() as stream:
            while stream.read(_CHUNK):
                pass
    except Damaged as error:
        return error.message
    return ""


def is_alone(archive: Archive) -> bool:
    entries = archive.entries()
    return next(entries, None) is not None and next(entries, None) is None
