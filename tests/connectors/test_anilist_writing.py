"""AniList written to: entries found by the work, points of 100 whatever is shown, dates in part, nothing else touched."""

import msgspec
import pytest
import pytest_asyncio
from graphql import DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode, parse, print_ast
from tests.connectors.lists_hand import opened, told
from tests.services.anilist import POINTS, AniList

from entrepot.checks.graphql_document import GraphQLDocument
from entrepot.connectors.anilist.connector import WORK
from entrepot.core.errors import NeedsConsent, RecordRefused, Stale, TryLater
from entrepot.core.life import LibraryEntry
from entrepot.sdk.catalog import Catalog

STATUSES = ("current", "planned", "completed", "paused", "dropped", "repeating")
GIVEN = {
    "POINT_100": range(101),
    "POINT_10_DECIMAL": [tenth / 10 for tenth in range(101)],
    "POINT_10": range(11),
    "POINT_5": range(6),
    "POINT_3": range(4),
}
"""All that a person can give in each format."""


@pytest.fixture
def anilist():
    service = AniList()
    service.add_work(30, 300, episodes=26)
    service.add_work(31, kind="MANGA", chapters=100)
    return service


@pytest_asyncio.fixture
async def hand(anilist):
    async with opened("anilist", anilist) as opened_hand:
        yield opened_hand


def sent(hand) -> dict:
    return msgspec.json.decode(hand.faults.bodies[-1])["variables"]


FULL = LibraryEntry(
    title="Anything",
    status="completed",
    score=85,
    progress=26,
    repeats=2,
    started="2024-03",
    finished="2024-05-06",
    notes="Schön",
    is_private=True,
    priority=1,
    identifiers={"mal": "300"},
)


async def test_an_entry_is_made_by_the_number_of_another_service_and_reads_the_same(hand):
    made = await hand.create(FULL)
    assert made.data == msgspec.structs.replace(
        FULL,
        title="Work 30",
        titles={"romaji": "Work 30"},
        total=26,
        identifiers={"anilist": "30", "mal": "300"},
        url="https://anilist.co/anime/30",
        created=made.data.created,
        updated=made.data.updated,
        extra=made.data.extra,
    )
    assert told(await hand.one()) == told(made)
    assert sent(hand)["mediaId"] == 30


async def test_a_manga_is_made_by_its_own_number(hand):
    entry = LibraryEntry(medium="manga", progress=4, progress_volumes=1, identifiers={"anilist": "31"})
    made = await hand.create(entry, "manga")
    assert (made.data.status, made.data.progress, made.data.progress_volumes) == ("planned", 4, 1)
    assert told(await hand.one("manga")) == told(made)


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, anilist):
    anilist.edit(30, customLists=["Best of"], hiddenFromStatusLists=True, score=85, notes="old")
    held = await hand.one()
    changed = await hand.update(held, progress=3)
    assert sent(hand) == {"id": int(held.ref.id), "progress": 3}
    assert anilist.entry(30)["customLists"] == {"Best of": True}
    assert anilist.entry(30)["hiddenFromStatusLists"] is True
    assert (changed.data.score, changed.data.notes, changed.data.progress) == (85, "old", 3)
    assert told(await hand.one()) == told(changed)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("status", STATUSES),
        ("score", (*range(1, 101), None)),
        ("progress", (0, 1, 26)),
        ("repeats", (0, 1, 1000, 1001)),
        ("priority", (None, 0, 2, 255, 300)),
        ("started", ("2024", "2024-03", "2024-03-09", "--03-09", "---09", "2024---09", None)),
        ("finished", ("2024-02-29", None)),
        ("notes", ("", "Schön\n2", "🙂")),
        ("is_private", (True, False)),
    ],
)
async def test_every_value_comes_back_as_it_is_foretold(hand, anilist, field, values):
    anilist.edit(30, status="PAUSED", score=50, progress=5, repeat=3, priority=1, notes="n")
    held, project = await hand.one(), hand.writing().project
    for value in values:
        held = await hand.update(held, **{field: value})
        assert getattr(held.data, field) == project(field, value)
        assert told(await hand.one()) == told(held)
    assert hand.writing().fields >= {field}


@pytest.mark.parametrize("keeps_points", [True, False])
@pytest.mark.parametrize("stars", ["mal-sync", "mihon"])
@pytest.mark.parametrize("chosen", sorted(POINTS))
async def test_a_score_given_in_any_format_stays_what_it_is(chosen, stars, keeps_points):
    service = AniList(chosen, keeps_points=keeps_points, stars=stars)
    service.add_work(30)
    async with opened("anilist", service) as hand:
        for given in GIVEN[chosen]:
            service.edit(30, score=given, notes="")
            held = await hand.one()
            again = await hand.update(held, notes="seen", score=held.data.score)
            assert "scoreRaw" not in sent(hand)
            assert (service.shown(service.entry(30)), again.data.score) == (given, held.data.score)
            if again.data.score:
                other = await hand.update(again, score=100 if again.data.score < 50 else 1)
                back = await hand.update(other, score=held.data.score)
                assert service.shown(service.entry(30)) == given
                assert back.data.score == held.data.score


async def test_no_score_no_date_and_no_notes_are_said_as_such(hand):
    held = await hand.create(FULL)
    cleared = await hand.update(held, score=None, started=None, finished=None, notes="", priority=None)
    assert (cleared.data.score, cleared.data.started, cleared.data.finished, cleared.data.notes) == (
        None,
        None,
        None,
        "",
    )
    assert sent(hand)["scoreRaw"] == 0
    assert sent(hand)["completedAt"] == {"year": None, "month": None, "day": None}


async def test_what_is_made_as_completed_gets_no_day_that_nobody_gave(hand):
    made = await hand.create(LibraryEntry(status="completed", identifiers={"anilist": "30"}))
    assert (made.data.status, made.data.finished) == ("completed", None)


async def test_an_entry_is_taken_off_the_list_once(hand, anilist):
    held = await hand.create(FULL)
    assert (await hand.delete(held)).data is None
    assert anilist.entries == {}
    assert (await hand.delete(held)).data is None
    with pytest.raises(Stale):
        await hand.update(held, progress=1)


async def test_a_lost_answer_makes_no_second_entry(hand, anilist):
    write = hand.creation(FULL)
    hand.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    made = await hand.reader.write(write)
    assert (list(anilist.entries), made.ref.id) == ([1001], "1001")
    assert hand.writing().repeatable


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (LibraryEntry(title="Rare", identifiers={"mal": "999"}), "Rare: AniList does not have MyAnimeList's anime 999"),
        (LibraryEntry(title="Rare", identifiers={"kitsu": "1"}), "Rare: neither AniList's nor MyAnimeList's number"),
        (LibraryEntry(title="Rare", medium="film"), "Rare: AniList's list of anime cannot hold a film"),
        (LibraryEntry(identifiers={"mal": "300"}, notes="x" * 6001), "6000 characters"),
    ],
)
async def test_what_has_no_place_is_refused_with_its_reason(hand, anilist, entry, words):
    with pytest.raises(RecordRefused, match=words):
        await hand.create(entry)
    assert hand.faults.writes() == (1 if "6000" in words else 0)


async def test_a_busy_service_is_asked_later(hand):
    hand.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(FULL)


async def test_a_permission_that_was_taken_back_is_not_a_work_that_is_missing(hand, anilist):
    anilist.is_allowed = False
    with pytest.raises(NeedsConsent):
        await hand.create(FULL)


async def test_facts_of_the_work_are_not_written(hand):
    assert hand.writing().fields == {
        *("status", "score", "progress", "repeats", "started", "finished", "notes", "is_private", "priority")
    }
    assert hand.writing("manga").fields == hand.writing().fields | {"progress_volumes"}


async def test_every_question_and_mutation_holds_the_schema(hand, shared):
    document = GraphQLDocument(shared / "contracts/anilist/anilist.schema.graphqls")
    held = await hand.create(FULL)
    await hand.delete(await hand.update(held, progress=2, started=None))
    assert document.problems(WORK, {"mal": 300, "type": "ANIME"}) == []
    for body in map(msgspec.json.decode, hand.faults.bodies):
        assert document.problems(body["query"], body["variables"]) == []
    assert len(hand.faults.bodies) == 3


def test_an_entry_is_asked_for_in_the_same_fields_wherever_it_is_asked_for():
    """Or it would read otherwise after a write than in a list."""
    folder = Catalog().entry("anilist").folder
    asked = {name: _entry_in(parse((folder / f"{name}.graphql").read_text())) for name in ("entries", "entry", "save")}
    assert asked["entries"] == asked["entry"] == asked["save"]


def _entry_in(document: DocumentNode) -> str:
    """The fields of the innermost record that has a score, as the query has them."""
    found: list[str] = []

    def look(selected: SelectionSetNode) -> None:
        fields = [one for one in selected.selections if isinstance(one, FieldNode)]
        if "score" in [field.name.value for field in fields]:
            found.append(print_ast(selected))
        for field in fields:
            if field.selection_set:
                look(field.selection_set)

    for definition in document.definitions:
        assert isinstance(definition, OperationDefinitionNode)
        look(definition.selection_set)
    (fields,) = found
    return fields
