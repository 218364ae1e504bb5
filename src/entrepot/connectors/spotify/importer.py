"""Spotify: the extended streaming history, and the last year's plays of the account data."""

import re
from collections.abc import Iterator

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive_json import records
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Account, Match, Options

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
        extended = list(_extended(archive))
        recent = [entry for entry in archive.entries(*RECENT) if _is_recent(entry)]
        found = [
            name
            for name, entries in (("extended streaming history", extended), ("recent streaming history", recent))
            if entries
        ]
        if not found:
            return None
        user = _USER.search(extended[0].head()) if extended else None
        account = Account(user.group(1).decode("utf-8", "replace")) if user else None
        return Match(1.0, account, found)

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        plays = PlayReader(keeps_addresses=options.values.get("ip_addresses", "keep") != "drop")
        for entry in _extended(archive):
            is_video = "_video_" in entry.name.lower()
            for number, raw in enumerate(records(entry), start=1):
                yield plays.read(raw, f"{entry.name}, record {number}", is_video=is_video)
        recent = RecentReader()
        for entry in archive.entries(*RECENT):
            if _is_recent(entry):
                for number, raw in enumerate(records(entry), start=1):
                    yield recent.read(raw, f"{entry.name}, record {number}")


def _extended(archive: Archive) -> Iterator[Entry]:
    """By name and first record; a file that is given alone may have any name."""
    alone = archive.entry(archive.name)
    entries = iter([alone]) if alone else archive.entries(*EXTENDED)
    return (entry for entry in entries if _is_extended(entry))


def _is_extended(entry: Entry) -> bool:
    return bool(_EXTENDED_RECORD.search(entry.head()))


def _is_recent(entry: Entry) -> bool:
    return bool(_RECENT_RECORD.search(entry.head())) and not _is_extended(entry)
