"""Two real calendar servers kept in step: what happens when, at the other one too, wherever the machine stands."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events
from tests.protocols.calendars import calendar, event, occurrences
from tests.protocols.test_ical_corpus import OTHERWISE, records_in, when
from tests.sync.calendar_world import CalendarWorld, Hub, clock, hub, servers

from entrepot.protocols import ical

__all__ = ["clock", "hub", "servers"]

FIRST, LAST = datetime(2026, 1, 1), datetime(2027, 6, 1)  # noqa: DTZ001 -- the oracle takes floating times
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC", "floating", "day")
RULES = (
    "FREQ=DAILY;COUNT=9",
    "FREQ=DAILY;INTERVAL=3;UNTIL={until}",
    "FREQ=WEEKLY;BYDAY=MO,WE,SU;COUNT=14",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO;COUNT=8",
    "FREQ=MONTHLY;BYDAY=-1FR;COUNT=7",
    "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=5",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=6",
    "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU;COUNT=3",
)


def by_uid(texts: dict[str, str]) -> dict[str, str]:
    return {ical.read(text.encode()).uid or href: text for href, text in texts.items()}


def spread(world: CalendarWorld, texts: list[str | bytes]) -> int:
    """Every other one to each server; how many they took."""
    places = list(world.calendars.values())
    return sum(places[n % len(places)].put(f"made-{n}", text) in {201, 204} for n, text in enumerate(texts))


@pytest.mark.filterwarnings("ignore")
def test_events_of_other_programs_happen_when_they_did_at_the_other_server_too(hub: Hub, shared: Path, clock: str):
    assert exchanged(hub(), shared) > 20, clock


@pytest.mark.filterwarnings("ignore")
def test_tasks_of_other_programs_are_at_the_other_server_too(hub: Hub, shared: Path):
    assert exchanged(hub(kind="task"), shared) > 3


def exchanged(world: CalendarWorld, shared: Path) -> int:
    """How many the servers took of the CalDAV testers' records."""
    component = {"event": "VEVENT", "task": "VTODO"}[world.kind]
    known: dict[str, tuple[str, bytes]] = {}
    for path in sorted((shared / "samples" / "caldav").rglob("*.ics")):
        for record in records_in(path):
            if record.component == component and record.data and record.data.uid not in known:
                known[record.data.uid or ""] = ("/".join(path.parts[-2:]), record.native)
    taken = spread(world, [native for _, native in known.values()])
    before = {name: place.all() for name, place in world.calendars.items()}
    world.attach_all(match=False)  # some say the same under another UID
    world.settle()
    told = [by_uid(place.all()) for place in world.calendars.values()]
    assert world.aside() == []
    assert told[0].keys() == told[1].keys() <= known.keys()
    for place, there in zip(world.calendars.values(), before.values(), strict=True):
        now = place.all()
        assert {href: now[href] for href in there} == there
    for uid in told[0].keys() & told[1].keys():
        where, native = known[uid]
        if where in OTHERWISE:
            continue
        data = ical.read(native)
        try:
            expected = occurrences(native, *when(data))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # the oracle does not understand the original
        assert [occurrences(each[uid], *when(data)) for each in told] == [expected, expected], where
    assert world.rest(1) == 0
    return taken


def test_generated_recurrences_happen_when_they_did(hub: Hub, clock: str):
    check(hub(), list(generated(random.Random(clock), 14)))


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_many_generated_recurrences_happen_when_they_did(hub: Hub, clock: str, seed: int):
    check(hub(), list(generated(random.Random(f"{seed} {clock}"), 400)))


def check(world: CalendarWorld, texts: list[str]) -> None:
    """Exchanged, then one field of every one edited at the other server, which moves no occurrence."""
    assert spread(world, list(texts)) == len(texts)
    world.attach_all()
    world.settle()
    expected = {ical.read(text.encode()).uid: occurrences(text, FIRST, LAST) for text in texts}
    for place in world.calendars.values():
        told = {uid: occurrences(text, FIRST, LAST) for uid, text in by_uid(place.all()).items()}
        assert told == expected, place.name
    for public in list(world.items())[::3]:
        world.edit(public, description="edited in the hub")
    world.settle()
    edited = set()
    for place in world.calendars.values():
        texts_now = by_uid(place.all())
        assert {uid: occurrences(text, FIRST, LAST) for uid, text in texts_now.items()} == expected, place.name
        edited |= {uid for uid, text in texts_now.items() if "edited in the hub" in text}
    assert len(edited) == len(list(world.items())[::3])
    assert world.rest(1) == 0


def generated(chance: random.Random, how_many: int) -> Iterator[str]:
    """Series with days left out, added, moved and renamed, in zones where the clock changes and where it does not."""
    for number in range(how_many):
        zone = ZONES[number % len(ZONES)]
        day = FIRST + timedelta(days=chance.randint(0, 100) + chance.choice((0, 240)))
        start = day.replace(hour=chance.choice((0, 8, 13, 23)), minute=30)
        rule = chance.choice(RULES).replace("{until}", _until(zone, start + timedelta(days=chance.randint(10, 80))))
        uid = f"series-{number}@example.org"
        length = "P1D" if zone == "day" else chance.choice(("PT45M", "PT26H"))
        head = f"DTSTART{_at(zone, start)}\nDURATION:{length}\nSUMMARY:Series {number}\nRRULE:{rule}"
        days = [each.start for each in recurring_ical_events.of(_parsed(head, uid)).between(FIRST, LAST)]
        picked = chance.sample(days[1:], k=min(3, len(days) - 1))
        lines, overrides = head, []
        for how, one in zip(chance.sample(["left out", "moved", "renamed"], k=3), picked, strict=False):
            if how == "left out":
                lines += f"\nEXDATE{_at(zone, one)}"
            else:
                begins = one + timedelta(days=1) if how == "moved" else one
                title = f"Series {number}" if how == "moved" else f"Another {number}"
                overrides.append(
                    event(
                        f"RECURRENCE-ID{_at(zone, one)}\nDTSTART{_at(zone, begins)}\nDURATION:{length}\nSUMMARY:{title}",
                        uid,
                    )
                )
        yield calendar(event(lines, uid), *overrides)


def _parsed(head: str, uid: str) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(calendar(event(head, uid)))


def _at(zone: str, at: date) -> str:
    if zone == "day":
        return f";VALUE=DATE:{at:%Y%m%d}"
    if zone in {"UTC", "floating"}:
        return f":{at:%Y%m%dT%H%M%S}{'Z' if zone == 'UTC' else ''}"
    return f";TZID={zone}:{at:%Y%m%dT%H%M%S}"


def _until(zone: str, at: datetime) -> str:
    if zone == "day":
        return f"{at:%Y%m%d}"
    return f"{at:%Y%m%dT%H%M%S}{'' if zone == 'floating' else 'Z'}"
