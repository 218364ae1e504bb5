"""Calendar files of any size: one pass to learn what belongs together, one to read record by record.

An override may stand anywhere in a file, far from its series. The first pass puts overrides aside on disk, and counts
UIDs that come again: of records with the same UID in calendars of the same name the last is read.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Task
from entrepot.protocols.component_stream import Block, blocks
from entrepot.protocols.content_line import lines, unescaped
from entrepot.protocols.ical import RECORDS, read
from entrepot.protocols.ical_zone import iana

_IN_MEMORY = 8 << 20
_NAMES = (*RECORDS, "VTIMEZONE", "VJOURNAL", "VFREEBUSY")
_UID = re.compile(rb"(?im)^UID(?:;[^:\r\n]*)?:((?:[^\r\n]|\r?\n[ \t])*)")
_OVERRIDE = re.compile(rb"(?im)^RECURRENCE-ID[;:]")
_ALARM = re.compile(rb"(?is)BEGIN:VALARM.*?END:VALARM\s*")
_PASSING = re.compile(rb"(?im)^(?:DTSTAMP|CREATED|LAST-MODIFIED|SEQUENCE)[;:].*\r?\n?")
_ZONE = re.compile(rb'(?i);TZID="?([^":;\r\n]+)')
_TZID = re.compile(rb"(?im)^TZID(?:;[^:\r\n]*)?:(.*?)\r?$")
_FOLD = re.compile(rb"\r?\n[ \t]")

Open = Callable[[], BinaryIO]


class Source(msgspec.Struct, frozen=True):
    """A file: what to call it in messages, and a way to open it (it is read twice)."""

    name: str
    open: Open


class Record(msgspec.Struct, frozen=True):
    """`id` is stable: the UID, together with the calendar's name where it has one. `data` is None where it is bad."""

    id: str
    component: str
    data: Event | Task | None
    native: bytes
    calendar: str | None
    where: str
    reason: str = ""


class _Calendar:
    """What the first pass learned about one VCALENDAR."""

    def __init__(self) -> None:
        self.name = ""
        self.zones: dict[bytes, bytes] = {}
        self.is_open = True

    def learn(self, line: bytes) -> None:
        """Only the name is looked for: X-WR-CALNAME, or NAME (RFC 7986), before the first record."""
        if self.is_open and line[:1] in b"XNxn":
            for found in lines(line):
                if found.name in {"X-WR-CALNAME", "NAME"} and not self.name:
                    self.name = unescaped(found.value).strip()


def records(sources: Iterable[Source]) -> Iterator[Record]:
    """Every event and task, in the order of the files; overrides without their series come last."""
    files = list(sources)
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as aside:
        reading = _Reading(aside)
        for file in files:
            reading.learn(file)
        for file in files:
            yield from reading.read(file)
        yield from reading.orphans()


class _Reading:
    def __init__(self, aside: "SpooledTemporaryFile[bytes]") -> None:
        self._aside = aside
        self._calendars: dict[tuple[str, int], _Calendar] = {}
        self._seen: set[int] = set()
        self._again: Counter[int] = Counter()
        self._overrides: dict[int, list[tuple[int, int]]] = {}
        self._homes: dict[int, tuple[str, str, _Calendar]] = {}
        self._unnamed: Counter[str] = Counter()

    def learn(self, file: Source) -> None:
        for block, calendar in self._walk(file):
            if not block.name:
                calendar.learn(block.data)
            elif block.name in RECORDS:
                calendar.is_open = False
                self._count(block, calendar, file)
            elif block.name == "VTIMEZONE":
                found = _TZID.search(_FOLD.sub(b"", block.data))
                if found:
                    calendar.zones[found[1].strip()] = block.data

    def _count(self, block: Block, calendar: _Calendar, file: Source) -> None:
        uid = "" if block.fault else _uid(block.data)
        if not uid:
            return
        key = _key(block.name, calendar.name, uid)
        if _OVERRIDE.search(block.data):
            self._overrides.setdefault(key, []).append((self._aside.tell(), len(block.data)))
            self._homes.setdefault(key, (file.name, uid, calendar))
            self._aside.write(block.data)
        elif key in self._seen:
            self._again[key] += 1
        else:
            self._seen.add(key)

    def read(self, file: Source) -> Iterator[Record]:
        for block, calendar in self._walk(file):
            if block.name not in RECORDS:
                continue
            uid = _uid(block.data)
            where = f"{file.name}: {uid or _title(block)}"
            if block.fault:
                yield Record(
                    uid, block.name, None, b"", calendar.name or None, where, f"The record is broken: {block.fault}."
                )
                continue
            if uid and _OVERRIDE.search(block.data):
                continue
            key = _key(block.name, calendar.name, uid)
            if uid and self._again[key]:
                self._again[key] -= 1
                continue
            overrides = self._taken(key) if uid else []
            yield self._record(block.name, uid, [block.data, *overrides], calendar, where)

    def orphans(self) -> Iterator[Record]:
        for key in list(self._overrides):
            name, uid, calendar = self._homes[key]
            data = self._taken(key)
            component = "VEVENT" if b"BEGIN:VEVENT" in data[0].upper() else "VTODO"
            yield self._record(component, uid, data, calendar, f"{name}: {uid}")

    def _taken(self, key: int) -> list[bytes]:
        parts: list[bytes] = []
        for offset, size in self._overrides.pop(key, ()):
            self._aside.seek(offset)
            parts.append(self._aside.read(size))
        return parts

    def _record(self, component: str, uid: str, data: list[bytes], calendar: _Calendar, where: str) -> Record:
        native = _native(data, calendar)
        name = self._id(uid, data[0], calendar)
        try:
            return Record(name, component, read(native), native, calendar.name or None, where)
        except RecordRefused as why:
            return Record(name, component, None, native, calendar.name or None, where, why.message)

    def _id(self, uid: str, data: bytes, calendar: _Calendar) -> str:
        if uid:
            return _hashed(calendar.name, uid) if calendar.name else uid
        content = _hashed(calendar.name, _PASSING.sub(b"", data).decode("utf-8", "replace"))
        self._unnamed[content] += 1
        return content if self._unnamed[content] == 1 else f"{content}-{self._unnamed[content]}"

    def _walk(self, file: Source) -> Iterator[tuple[Block, _Calendar]]:
        number = 0
        with file.open() as stream:
            for block in blocks(stream, _NAMES):
                if not block.name and block.data[:15].upper() == b"BEGIN:VCALENDAR":
                    number += 1
                calendar = self._calendars.get((file.name, number))
                if calendar is None:
                    calendar = self._calendars[file.name, number] = _Calendar()
                yield block, calendar


def _native(data: list[bytes], calendar: _Calendar) -> bytes:
    """A calendar of its own for the record, with the zones that nobody else could explain."""
    named = {tzid for part in data for tzid in _ZONE.findall(part)} if calendar.zones else set[bytes]()
    own = [calendar.zones[tzid] for tzid in sorted(named) if tzid in calendar.zones and _is_private(tzid)]
    ended = [part if part.endswith(b"\n") else part + b"\r\n" for part in [*own, *data]]
    return b"".join([b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", *ended, b"END:VCALENDAR\r\n"])


def _is_private(tzid: bytes) -> bool:
    return iana(tzid.decode("utf-8", "replace")) is None


def _uid(data: bytes) -> str:
    """The record's own; alarms may have one too."""
    found = _UID.search(data.split(b"BEGIN:VALARM", 1)[0]) or _UID.search(_ALARM.sub(b"", data))
    return _FOLD.sub(b"", found[1]).decode("utf-8", "replace").strip() if found else ""


def _title(block: Block) -> str:
    return next(
        (unescaped(line.value)[:80] for line in lines(block.data) if line.name == "SUMMARY"), "a record without UID"
    )


def _key(component: str, calendar: str, uid: str) -> int:
    """64 bits instead of the texts: a file with a million UIDs must not fill the memory."""
    return int.from_bytes(blake2b(f"{component}\x1f{calendar}\x1f{uid}".encode(), digest_size=8).digest(), "big")


def _hashed(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
