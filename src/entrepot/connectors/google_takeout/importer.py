"""Google Takeout: the archive of everything, as zip, tgz or unpacked folder, or single files out of it."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_keys import Once
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

from . import activity, positions
from .activity import read_activity, read_browser
from .activity_html import read_html
from .contents import SHOWN, Content, Known, known_files
from .folders import Folder, photo_folders
from .people import address_books, calendars, read_calendars, read_contacts
from .photos import STREAM as PHOTOS
from .photos import read_photos
from .positions import read_positions, read_signals
from .semantic import read_semantic
from .timeline import read_timeline
from .written_times import Writing, zone_named

Reading = Iterator[Change | BadRow]


class GoogleTakeout:
    """Streams `photos`, `places`, `activity`, `events`, `tasks`, `contacts`."""

    def recognise(self, archive: Archive) -> Match | None:
        """Calendars and contacts alone are no Takeout: other importers read them."""
        folders = photo_folders(archive)
        found = ["photos"] if any(folder.media for folder in folders) else ["sidecars"] if folders else []
        found += dict.fromkeys(SHOWN[known.content] for known in known_files(archive, _paths(folders)))
        return Match(1.0, found=found) if found else None

    def read(self, archive: Archive, options: Options) -> Reading:
        writing = _writing(options)
        folders = photo_folders(archive)
        yield from read_photos(folders)
        once = Once()  # YouTube's history is in My Activity too, and a visit in the Timeline of the phone
        for known in known_files(archive, _paths(folders)):
            stream = _STREAMS.get(known.content, positions.STREAM)
            rows = unless_damaged(archive, known.entry.name, stream, _read(known, writing))
            yield from rows if known.content == "positions" else once.of(rows)  # positions are too many
        yield from read_calendars(calendars(archive))
        yield from read_contacts(archive, address_books(archive))
        yield from unreadable(archive.entries(), PHOTOS)


_READERS: Mapping[Content, Callable[[Entry], Reading]] = {
    "positions": read_positions,
    "semantic": read_semantic,
    "segments": partial(read_timeline, path="semanticSegments"),
    "phone": partial(read_timeline, path=""),
    "edits": partial(read_signals, path="timelineEdits"),
    "activity": read_activity,
    "browser": read_browser,
}


_STREAMS: Mapping[Content, str] = dict.fromkeys(("activity", "browser", "html"), activity.STREAM)


def _read(known: Known, writing: Writing) -> Reading:
    if known.content == "html":
        return read_html(known.entry, writing)
    return _READERS[known.content](known.entry)


def _paths(folders: list[Folder]) -> set[str]:
    return {folder.path for folder in folders}


def _writing(options: Options) -> Writing:
    try:
        return Writing(zone_named(options.values.get("time_zone", "")), options.values.get("date_order", ""))
    except ValueError as error:
        raise PersonMustFix(f"{error}.") from error
