"""Kitsu written to: works found by the numbers of others, half points, whole days, and what the server adds itself."""

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.lists_hand import opened, told
from tests.services.kitsu import Kitsu

from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.life import LibraryEntry

STATUSES = ("current", "planned", "completed", "paused", "dropped", "repeating")


@pytest.fixture
def library():
    service = Kitsu()
    service.add_work("1", total=26, myanimelist="30", anilist="40")
    service.add_work("2", kind="manga", total=100, anilist="41")
    return service


@pytest_asyncio.fixture
async def hand(library):
    async with opened("kitsu", library) as opened_hand:
        yield opened_hand


def sent(hand) -> dict:
    return msgspec.json.decode(hand.faults.bodies[-1])["data"]["attributes"]


FULL = LibraryEntry(
    title="Anything",
    status="repeating",
    score=87,
    progress=20,
    repeats=60,
    started="2024-03-01",
    finished="2024-05-06",
    notes="Schön",
    is_private=True,
    identifiers={"mal": "30"},
)


async def test_an_entry_is_made_by_the_number_of_another_service_and_reads_the_same(hand):
    made = await hand.create(FULL)
    assert made.data == msgspec.structs.replace(
        FULL,
        title="Work 1",
        titles={"romaji": "Work 1"},
        score=85,
        repeats=50,
        total=26,
        identifiers={"kitsu": "1", "mal": "30", "anilist": "40"},
        format="TV",
        url="https://kitsu.app/anime/work-1",
        created=made.data.created,
        updated=made.data.updated,
    )
    assert told(await hand.one()) == told(made)
    assert b"averageRating" not in made.native


async def test_a_manga_is_found_by_its_number_at_anilist(hand):
    entry = LibraryEntry(medium="manga", progress=4, identifiers={"mal": "5", "anilist": "41"})
    made = await hand.create(entry, "manga")
    assert (made.data.status, made.data.progress, made.data.identifiers) == (
        "planned",
        4,
        {"kitsu": "2", "anilist": "41"},
    )
    assert told(await hand.one("manga")) == told(made)


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, library):
    library.edit("1", status="current", volumesOwned=3, reactionSkipped="skipped", ratingTwenty=13)
    held = await hand.one()
    changed = await hand.update(held, progress=3)
    assert sent(hand) == {"progress": 3}
    assert (library.entry("1")["volumesOwned"], library.entry("1")["reactionSkipped"]) == (3, "skipped")
    assert (changed.data.score, changed.data.progress) == (65, 3)
    assert told(await hand.one()) == told(changed)


async def test_every_status_goes_there_and_back_from_every_other(hand, library):
    library.edit("1", status="current")
    held = await hand.one()
    for before in STATUSES:
        for after in STATUSES:
            held = await hand.update(held, status=before)
            held = await hand.update(held, status=after, progress=1 if after != "completed" else 26)
            assert held.data.status == after == hand.writing().project("status", after)
            assert told(await hand.one()) == told(held)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("score", (*range(1, 101), None)),
        ("progress", (0, 1, 25)),
        ("repeats", (0, 1, 50, 51, 1000)),
        ("started", ("2024-03-09", "2024-03", "2024-03-10", "2024", "---09", "2024-02-29", None)),
        ("finished", ("2024-02-29", None)),
        ("notes", ("", "Schön\n2", "🙂")),
        ("is_private", (True, False)),
    ],
)
async def test_every_value_comes_back_as_it_is_foretold(hand, library, field, values):
    library.edit("1", status="on_hold", ratingTwenty=5, progress=3, notes="n")
    held, project = await hand.one(), hand.writing().project
    for value in values:
        if project(field, value) != getattr(held.data, field):
            held = await hand.update(held, **{field: value})
        assert getattr(held.data, field) == project(field, value)
        assert told(await hand.one()) == told(held)
    assert hand.writing().fields >= {field}


async def test_a_score_or_a_day_that_nobody_changed_is_never_sent(hand, library):
    library.edit("1", status="current", startedAt="2024-03-01T17:20:11.482Z")
    for rating in (None, *range(2, 21)):
        library.edit("1", ratingTwenty=rating, notes=None)
        held = await hand.one()
        await hand.update(held, notes="seen", score=held.data.score, started=held.data.started)
        assert sent(hand) == {"notes": "seen"}
    assert library.entry("1")["startedAt"] == "2024-03-01T17:20:11.482Z"


async def test_what_the_server_adds_is_told_by_the_write(hand, library):
    library.edit("1", status="current", progress=3)
    held = await hand.one()
    done = await hand.update(held, status="completed")
    assert (done.data.status, done.data.progress, done.data.finished) == ("completed", 26, "2026-10-01")
    assert told(await hand.one()) == told(done)
    begun = await hand.update(done, status="current", progress=25)
    done = await hand.update(begun, progress=26)
    assert (done.data.status, done.data.progress) == ("completed", 26)


async def test_an_entry_is_taken_off_the_list_once(hand, library):
    held = await hand.create(FULL)
    assert (await hand.delete(held)).data is None
    assert library.entries == {}
    assert (await hand.delete(held)).data is None
    with pytest.raises(Stale):
        await hand.update(held, progress=1)


async def test_what_was_made_before_its_answer_was_lost_is_found(hand, library):
    write = hand.creation(FULL)
    assert await hand.reader.find(write) is None
    hand.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    found = await hand.reader.find(write)
    assert (found.ref.id, len(library.entries)) == ("1001", 1)
    assert told(found) == told(await hand.one())
    assert await hand.reader.confirm("anime", found.ref) == found
    with pytest.raises(RecordRefused, match="already been taken"):
        await hand.reader.write(write)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (LibraryEntry(title="Rare", identifiers={"mal": "9"}), "Rare: Kitsu knows no anime for myanimelist 9"),
        (LibraryEntry(title="Rare"), "Rare: no number of it is known"),
        (LibraryEntry(title="Rare", medium="game"), "Rare: Kitsu's list of anime cannot hold a game"),
        (LibraryEntry(progress=27, identifiers={"mal": "30"}), "cannot exceed length of media"),
    ],
)
async def test_what_has_no_place_is_refused_with_its_reason(hand, library, entry, words):
    with pytest.raises(RecordRefused, match=words):
        await hand.create(entry)
    assert library.entries == {}


async def test_a_busy_service_is_asked_later(hand):
    hand.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(FULL)


async def test_facts_of_the_work_are_not_written(hand):
    fields = {"status", "score", "progress", "repeats", "started", "finished", "notes", "is_private"}
    assert hand.writing().fields == hand.writing("manga").fields == fields
