"""Spotify: the extended streaming history, and the last year's plays of the account data."""

import re
from collections.abc import Iterator

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_json import records
from entrepot.protocols.archive_keys import Once
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Account, Match, Options

from . import extended, recent
from .extended import PlayReader
from .recent import RecentReader

EXTENDED = ("*Streaming_History_*.json", "*endsong*.json")
RECENT = ("StreamingHistory*.json",)
_EXTENDED_RECORD = re.compile(rb'"ts"\s*:.*"ms_played"\s*:', re.DOTALL)
_RECENT_RECORD = re.compile(rb'"(?:endTime|msPlayed)"\s*:')
_USER = re.compile(rb'"username"\s*:\s*"([^"\\]+)"')


class Spotify:
    """Streams `plays` (extended history) and `recent_plays` (account data)."""

    def recognise(self, archive: Archive) -> Match | None:
        whole, last_year = list(_extended(archive)), list(_recent(archive))
        found = [
            name
            for name, entries in (("extended streaming history", whole), ("recent streaming history", last_year))
            if entries
        ]
        if not found:
            return None
        user = next((named for entry in whole if (named := _USER.search(entry.head()))), None)
        account = Account(user.group(1).decode("utf-8", "replace")) if user else None
        return Match(1.0, account, found)

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        plays = PlayReader(keeps_addresses=options.values.get("ip_addresses", "keep") != "drop")
        once = Once()  # old and new files tell the same plays
        for entry in _extended(archive):
            yield from once.of(unless_damaged(archive, entry.name, extended.STREAM, _plays(entry, plays)))
        for entry in _recent(archive):
            yield from once.of(unless_damaged(archive, entry.name, recent.STREAM, _recent_plays(entry)))
        yield from unreadable(archive.entries(), extended.STREAM)


def _plays(entry: Entry, reader: PlayReader) -> Iterator[Change | BadRow]:
    is_video = "_video_" in entry.name.lower()
    for number, raw in enumerate(records(entry), start=1):
        yield reader.read(raw, f"{entry.name}, record {number}", is_video=is_video)


def _recent_plays(entry: Entry) -> Iterator[Change | BadRow]:
    """Equal rows are counted in each file by itself: packages of two months tell the same plays."""
    reader = RecentReader()
    for number, raw in enumerate(records(entry), start=1):
        yield reader.read(raw, f"{entry.name}, record {number}")


def _extended(archive: Archive) -> Iterator[Entry]:
    """By name and first record; a file that is given alone may have any name."""
    alone = archive.entry(archive.name)
    entries = iter([alone]) if alone else archive.entries(*EXTENDED)
    return (entry for entry in entries if _is_extended(entry))


def _is_extended(entry: Entry) -> bool:
    return bool(_EXTENDED_RECORD.search(entry.head()))


def _recent(archive: Archive) -> Iterator[Entry]:
    return (entry for entry in archive.entries(*RECENT) if _is_recent(entry))


def _is_recent(entry: Entry) -> bool:
    return bool(_RECENT_RECORD.search(entry.head())) and not _is_extended(entry)
