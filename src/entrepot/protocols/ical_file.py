"""Calendar files of any size: one pass to learn what belongs together, one to read record by record.

An override may stand anywhere in a file, far from its series. The first pass puts overrides aside on disk, and counts
UIDs that come again: of records with the same UID in calendars of the same name the last is read.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Task
from entrepot.protocols.component_stream import LARGEST, Block, blocks
from entrepot.protocols.content_line import lines, unescaped, without_folds
from entrepot.protocols.ical import RECORDS, read
from entrepot.protocols.ical_zone import iana

_IN_MEMORY = 8 << 20
_NAMES = (*RECORDS, "VTIMEZONE", "VJOURNAL", "VFREEBUSY")
_UID = re.compile(rb"(?im)^UID(?:;[^:\r\n]*)?:([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*+)")
_OVERRIDE = re.compile(rb"(?im)^RECURRENCE-ID[;:]")
_ALARM = re.compile(rb"(?im)^(BEGIN|END):VALARM")
_PASSING = re.compile(rb"(?im)^(?:DTSTAMP|CREATED|LAST-MODIFIED|SEQUENCE)[;:].*\r?\n?")
_ZONE = re.compile(rb'(?i);TZID="?([^":;\r\n]+)')
_TZID = re.compile(rb"(?im)^TZID(?:;[^:\r\n]*)?:(.*?)\r?$")
_LONGEST_UID = 500
_SHOWN = 80
_NAMED = (b"X-WR-CALNAME", b"NAME")
_MOST_ZONES = 16 << 20
"""Bytes of time zones of one import that are remembered: as many as all the world has, a hundred times."""

Open = Callable[[], BinaryIO]


class Source(msgspec.Struct, frozen=True):
    """A file: what to call it in messages, and a way to open it (it is read twice) without a mark, in UTF-8."""

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

    __slots__ = ("is_open", "name", "zones")

    def __init__(self) -> None:
        self.name = ""
        self.zones: dict[bytes, bytes] = {}
        self.is_open = True

    def learn(self, line: bytes) -> None:
        """Only the name is looked for: X-WR-CALNAME, or NAME (RFC 7986), before the first record."""
        if self.is_open and not self.name and line[:12].upper().startswith(_NAMED):
            for found in lines(line):
                if found.name in {"X-WR-CALNAME", "NAME"}:
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


class _Whose(msgspec.Struct, frozen=True):
    """Which record some lines belong to; `key` stands for component, calendar and UID."""

    component: str
    uid: str
    calendar: _Calendar
    where: str
    key: int


class _Reading:
    def __init__(self, aside: "SpooledTemporaryFile[bytes]") -> None:
        self._aside = aside
        self._calendars: dict[tuple[str, int], _Calendar] = {}
        self._zones_left = _MOST_ZONES
        self._seen: set[int] = set()
        self._again: Counter[int] = Counter()
        self._overrides: dict[int, list[tuple[int, int]]] = {}
        self._homes: dict[int, _Whose] = {}
        self._unnamed: Counter[str] = Counter()

    def learn(self, file: Source) -> None:
        for block, calendar, number in self._walk(file):
            if not block.name:
                calendar.learn(block.data)
            elif block.name in RECORDS:
                calendar.is_open = False
                if not block.fault:
                    self._count(block.data, _whose(block, calendar, file))
            elif block.name == "VTIMEZONE":
                self._learn_zone(block.data, calendar)
            if calendar.name or calendar.zones:
                self._calendars[file.name, number] = calendar

    def _learn_zone(self, data: bytes, calendar: _Calendar) -> None:
        found = _TZID.search(without_folds(data)) if len(data) <= self._zones_left else None
        if found:
            self._zones_left -= len(data)
            calendar.zones[found[1].strip()] = data

    def _count(self, data: bytes, whose: _Whose) -> None:
        if not whose.uid:
            return
        if _OVERRIDE.search(data):
            self._overrides.setdefault(whose.key, []).append((self._aside.tell(), len(data)))
            self._homes.setdefault(whose.key, whose)
            self._aside.write(data)
        elif whose.key in self._seen:
            self._again[whose.key] += 1
        else:
            self._seen.add(whose.key)

    def read(self, file: Source) -> Iterator[Record]:
        for block, calendar, _ in self._walk(file):
            if block.name not in RECORDS:
                continue
            whose = _whose(block, calendar, file)
            if block.fault:
                yield _bad(whose, whose.uid, f"The record is broken: {block.fault}.")
            elif whose.uid and _OVERRIDE.search(block.data):
                continue
            elif whose.uid and self._again[whose.key]:
                self._again[whose.key] -= 1
            else:
                yield self._record(whose, block.data)

    def orphans(self) -> Iterator[Record]:
        for key in list(self._overrides):
            yield self._record(self._homes[key])

    def _taken(self, whose: _Whose) -> list[bytes]:
        places = self._overrides.pop(whose.key, ()) if whose.uid else ()
        if sum(size for _, size in places) > LARGEST:
            raise RecordRefused(f"The record was left out: its changed occurrences have more than {LARGEST:,} bytes.")
        parts: list[bytes] = []
        for offset, size in places:
            self._aside.seek(offset)
            parts.append(self._aside.read(size))
        return parts

    def _record(self, whose: _Whose, *data: bytes) -> Record:
        name = self._id(whose, data)
        calendar = whose.calendar
        native = b""
        try:
            native = _native([*data, *self._taken(whose)], calendar)
            return Record(name, whose.component, read(native), native, calendar.name or None, whose.where)
        except RecordRefused as why:
            return _bad(whose, name, why.message, native)

    def _id(self, whose: _Whose, data: Sequence[bytes]) -> str:
        uid, calendar = whose.uid, whose.calendar
        if uid:
            return _hashed(calendar.name, uid) if calendar.name or len(uid) > _LONGEST_UID else uid
        content = _hashed(calendar.name, _PASSING.sub(b"", data[0]).decode("utf-8", "replace"))
        self._unnamed[content] += 1
        return content if self._unnamed[content] == 1 else f"{content}-{self._unnamed[content]}"

    def _walk(self, file: Source) -> Iterator[tuple[Block, _Calendar, int]]:
        number, calendar = 0, _Calendar()
        with file.open() as stream:
            for block in blocks(stream, _NAMES):
                if not block.name and block.data[:15].upper() == b"BEGIN:VCALENDAR":
                    number += 1
                    calendar = self._calendars.get((file.name, number)) or _Calendar()
                yield block, calendar, number


def _whose(block: Block, calendar: _Calendar, file: Source) -> _Whose:
    uid = _uid(block.data)
    where = f"{file.name}: {uid[:_SHOWN] or _title(block)}"
    return _Whose(block.name, uid, calendar, where, _key(block.name, calendar.name, uid))


def _bad(whose: _Whose, name: str, reason: str, native: bytes = b"") -> Record:
    return Record(name, whose.component, None, native, whose.calendar.name or None, whose.where, reason)


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
    found = _UID.search(data.split(b"BEGIN:VALARM", 1)[0]) or _UID.search(_without_alarms(data))
    return without_folds(found[1]).decode("utf-8", "replace").strip() if found else ""


def _without_alarms(data: bytes) -> bytes:
    """An alarm that has no end takes the rest with it; the record is refused later, for the same reason."""
    start, *marked = _ALARM.split(data)
    kept, depth = [start], 0
    for mark, text in zip(marked[::2], marked[1::2], strict=True):
        depth = max(0, depth + (1 if mark.upper() == b"BEGIN" else -1))
        if depth == 0:
            kept.append(text)
    return b"".join(kept)


def _title(block: Block) -> str:
    return next(
        (unescaped(line.value)[:_SHOWN] for line in lines(block.data[: 1 << 16]) if line.name == "SUMMARY"),
        "a record without UID",
    )


def _key(component: str, calendar: str, uid: str) -> int:
    """64 bits instead of the texts: a file with a million UIDs must not fill the memory."""
    return int.from_bytes(blake2b(f"{component}\x1f{calendar}\x1f{uid}".encode(), digest_size=8).digest(), "big")


def _hashed(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
