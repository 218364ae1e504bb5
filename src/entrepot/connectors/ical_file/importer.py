"""iCalendar files: what every calendar program exports, alone or many in a zip."""

from collections.abc import Iterator, Sequence
from functools import partial

from entrepot.core.change import BadRow, Change, Ref
from entrepot.protocols.archive_text import open_utf8
from entrepot.protocols.ical_file import Record, Source, records
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

STREAMS = {"VEVENT": "events", "VTODO": "tasks"}
_PATTERNS = ("*.ics", "*.ical", "*.icalendar", "*.ifb")
_SIGN = b"BEGIN:VCALENDAR"


class IcalFile:
    def recognise(self, archive: Archive) -> Match | None:
        found = _calendars(archive)
        if not found:
            return None
        others = sum(1 for _ in archive.entries()) > len(found)
        return Match(0.4 if others else 0.9, found=[f"{len(found)} calendar file{'s' if len(found) > 1 else ''}"])

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:  # noqa: ARG002 - there are none
        sources = [Source(entry.name, partial(open_utf8, entry)) for entry in _calendars(archive)]
        return (_change(record) for record in records(sources))


def _calendars(archive: Archive) -> Sequence[Entry]:
    """By name, and a single file whatever it is called: mail programs save `text/calendar` under any name."""
    named = list(archive.entries(*_PATTERNS)) or list(archive.entries())[:2]
    if len(named) == 2 and not any(entry.name.lower().endswith(".ics") for entry in named):
        return []
    return [entry for entry in named if _SIGN in _head(entry)]


def _head(entry: Entry) -> bytes:
    return entry.head(512).replace(b"\x00", b"").upper()


def _change(record: Record) -> Change | BadRow:
    stream = STREAMS[record.component]
    if record.data is None:
        return BadRow(stream, record.where, record.reason)
    return Change(stream, Ref(record.id), record.data, record.native, record.calendar)
