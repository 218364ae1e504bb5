"""MyAnimeList written to: a form under the number of the title, scores of ten, dates in part, a flag for seen again."""

from urllib.parse import parse_qsl

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.lists_hand import opened, told
from tests.services.myanimelist import MyAnimeList

from entrepot.core.errors import RecordRefused, TryLater
from entrepot.core.life import LibraryEntry

STATUSES = ("current", "planned", "completed", "paused", "dropped", "repeating")


@pytest.fixture
def lists():
    service = MyAnimeList()
    service.add_work(30, total=26)
    service.add_work(31, kind="manga", total=100, nsfw=True)
    return service


@pytest_asyncio.fixture
async def hand(lists):
    async with opened("myanimelist", lists) as opened_hand:
        yield opened_hand


def sent(hand) -> dict:
    return dict(parse_qsl(hand.faults.bodies[-1].decode(), keep_blank_values=True))


FULL = LibraryEntry(
    title="Anything",
    status="repeating",
    score=85,
    progress=26,
    repeats=2,
    started="2024-03",
    finished="2024-05-06",
    notes="Schön",
    tags=["sf", "a b"],
    priority=2,
    identifiers={"mal": "30", "anilist": "7"},
)


async def test_an_entry_is_made_under_its_number_and_reads_the_same(hand, lists):
    made = await hand.create(FULL)
    assert made.data == msgspec.structs.replace(
        FULL,
        title="Work 30",
        score=90,
        total=26,
        identifiers={"mal": "30"},
        format="tv",
        url="https://myanimelist.net/anime/30",
        updated=made.data.updated,
    )
    assert told(await hand.one()) == told(made)
    assert lists.entries["anime", 30]["is_rewatching"] is True
    assert sent(hand)["num_watched_episodes"] == "26"


async def test_a_manga_is_made_with_chapters_and_volumes(hand):
    entry = LibraryEntry(medium="manga", progress=4, progress_volumes=1, identifiers={"mal": "31"})
    made = await hand.create(entry, "manga")
    assert (made.data.status, made.data.progress, made.data.progress_volumes) == ("planned", 4, 1)
    assert told(await hand.one("manga")) == told(made)


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, lists):
    lists.edit(30, rewatch_value=4, score=7, comments="old", num_watched_episodes=2)
    held = await hand.one()
    changed = await hand.update(held, progress=3)
    assert sent(hand) == {"num_watched_episodes": "3"}
    assert lists.entries["anime", 30]["rewatch_value"] == 4
    assert (changed.data.score, changed.data.notes, changed.data.progress) == (70, "old", 3)
    assert told(await hand.one()) == told(changed)


@pytest.mark.parametrize(("stream", "number"), [("anime", 30), ("manga", 31)])
async def test_every_status_goes_there_and_back_from_every_other(hand, lists, stream, number):
    lists.edit(number, kind=stream)
    held = await hand.one(stream)
    for before in STATUSES:
        for after in STATUSES:
            held = await hand.update(held, status=before)
            held = await hand.update(held, status=after)
            assert held.data.status == after == hand.writing(stream).project("status", after)
            assert told(await hand.one(stream)) == told(held)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("score", (*range(1, 101), None)),
        ("progress", (0, 1, 26)),
        ("repeats", (0, 1, 300)),
        ("priority", (None, 0, 1, 2, 255)),
        ("started", ("2024", "2024-03", "2024-03-09", "--03-09", "2024---09", "---09", None)),
        ("finished", ("2024-02-29", None)),
        ("notes", ("", "Schön\n2", "🙂 & + %")),
        ("tags", (["a"], ["b", "a c"], [])),
    ],
)
async def test_every_value_comes_back_as_it_is_foretold(hand, lists, field, values):
    lists.edit(30, score=5, priority=1, tags="x", comments="n", start_date="2020", finish_date="2020-02")
    held, project = await hand.one(), hand.writing().project
    for value in values:
        if project(field, value) != getattr(held.data, field):
            held = await hand.update(held, **{field: value})
        assert (getattr(held.data, field) or None) == (project(field, value) or None)
        assert told(await hand.one()) == told(held)
    assert hand.writing().fields >= {field}


async def test_a_score_that_nobody_changed_is_never_sent(hand, lists):
    for score in range(11):
        lists.edit(30, score=score, comments="")
        held = await hand.one()
        await hand.update(held, notes="seen", score=held.data.score)
        assert sent(hand) == {"comments": "seen"}


async def test_an_entry_is_taken_off_the_list_once(hand, lists):
    held = await hand.create(FULL)
    assert (await hand.delete(held)).data is None
    assert lists.entries == {}
    assert (await hand.delete(held)).data is None


async def test_a_title_on_no_list_is_gone_when_asked_for(hand, lists):
    held = await hand.create(FULL)
    assert await hand.reader.confirm("anime", held.ref) == held
    lists.remove(30)
    assert (await hand.reader.confirm("anime", held.ref)).data is None


async def test_a_lost_answer_makes_no_second_entry(hand, lists):
    write = hand.creation(FULL)
    hand.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    made = await hand.reader.write(write)
    assert (len(lists.entries), made.ref.id) == (1, "30")
    assert hand.writing().repeatable


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (LibraryEntry(title="Rare", identifiers={"anilist": "9"}), "Rare: MyAnimeList's number of it is not known"),
        (LibraryEntry(title="Rare", medium="book"), "Rare: MyAnimeList's list of anime cannot hold a book"),
        (LibraryEntry(title="Rare", identifiers={"mal": "999"}), "404"),
        (LibraryEntry(tags=["a,b"], identifiers={"mal": "30"}), "cannot keep the tag 'a,b'"),
    ],
)
async def test_what_has_no_place_is_refused_with_its_reason(hand, lists, entry, words):
    with pytest.raises(RecordRefused, match=words):
        await hand.create(entry)
    assert lists.entries == {}


async def test_a_busy_service_is_asked_later(hand):
    hand.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(FULL)


async def test_facts_of_the_title_are_not_written(hand):
    assert hand.writing().fields == {
        *("status", "score", "progress", "repeats", "started", "finished", "notes", "tags", "priority")
    }
    assert hand.writing("manga").fields == hand.writing().fields | {"progress_volumes"}
