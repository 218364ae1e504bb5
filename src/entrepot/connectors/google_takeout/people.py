"""Calendars and contacts of a Takeout, which are iCalendar and vCard like everybody's."""

from collections.abc import Iterator
from functools import partial
from hashlib import blake2b

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.errors import RecordRefused
from entrepot.protocols import vcard
from entrepot.protocols.archive_damage import damage_in, unless_damaged
from entrepot.protocols.component_stream import Block, blocks
from entrepot.protocols.ical_file import Record, Source, records
from entrepot.sdk.archive import Archive, Entry

CONTACTS = "contacts"
EVENTS = "events"
_STREAMS = {"VEVENT": EVENTS, "VTODO": "tasks"}
_CALENDAR = b"BEGIN:VCALENDAR"
_CARD = b"BEGIN:VCARD"


def calendars(archive: Archive) -> list[Entry]:
    return [entry for entry in archive.entries("*.ics") if _CALENDAR in entry.head(512)]


def address_books(archive: Archive) -> list[Entry]:
    return [entry for entry in archive.entries("*.vcf") if _CARD in entry.head(512)]


def read_calendars(entries: list[Entry]) -> Iterator[Change | BadRow]:
    """All together, because a calendar may stand in two files; so those that are damaged are left out beforehand."""
    damage = {entry.name: damage_in(entry) for entry in entries}
    sound = [Source(entry.name, partial(entry.open)) for entry in entries if not damage[entry.name]]
    yield from map(_calendar_change, records(sound))
    yield from (BadRow(EVENTS, name, reason) for name, reason in damage.items() if reason)


def read_contacts(archive: Archive, entries: list[Entry]) -> Iterator[Change | BadRow]:
    """Google puts a contact into the file of each of its groups, so the same card comes several times."""
    seen: set[str] = set()
    for entry in entries:
        for change in unless_damaged(archive, entry.name, CONTACTS, _cards(entry)):
            if isinstance(change, BadRow):
                yield change
            elif change.ref.id not in seen:
                seen.add(change.ref.id)
                yield change


def _cards(entry: Entry) -> Iterator[Change | BadRow]:
    with entry.open() as stream:
        cards = (block for block in blocks(stream, ["VCARD"]) if block.name)
        for number, block in enumerate(cards, start=1):
            yield _contact(block, f"{entry.name}: card {number}")


def _calendar_change(record: Record) -> Change | BadRow:
    stream = _STREAMS[record.component]
    if record.data is None:
        return BadRow(stream, record.where, record.reason)
    return Change(stream, Ref(record.id), record.data, record.native, record.calendar)


def _contact(block: Block, where: str) -> Change | BadRow:
    if block.fault:
        return BadRow(CONTACTS, where, f"The card is broken: {block.fault}.")
    try:
        card = vcard.read_card(block.data)
    except RecordRefused as why:
        return BadRow(CONTACTS, where, why.message)
    name = card.data.uid or blake2b(block.data.strip(), digest_size=16).hexdigest()
    return Change(CONTACTS, Ref(name), card.data, block.data, files=(card.photo,) if card.photo else ())
