"""One entry at AniList, MyAnimeList and Kitsu, each behind its connector: what a person does at one arrives at all."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from tests.connectors.lists_hand import Hand, opened
from tests.services.anilist import AniList
from tests.services.kitsu import Kitsu
from tests.services.myanimelist import MyAnimeList

from entrepot.core.change import Change
from entrepot.core.conflict import Mark
from entrepot.core.fields import fields_of, record_of
from entrepot.core.life import LibraryEntry
from entrepot.core.plan import plan
from entrepot.core.plan_outcome import settle
from entrepot.core.plan_sides import ABSENT, Base, Present, State, Terms

STATUSES = ("current", "planned", "completed", "paused", "dropped", "repeating")
ANILIST_WORDS = ("CURRENT", "PLANNING", "COMPLETED", "PAUSED", "DROPPED", "REPEATING")
EPISODES = 26


class Place:
    """A service as the engine sees it: the connector, and what was last agreed on."""

    def __init__(self, hand: Hand) -> None:
        writing = hand.writing()
        self.hand = hand
        self.terms = Terms(
            kind="library_entry", fields=writing.fields, writable=writing.fields, project=writing.project
        )
        self.base: Base | None = None


class Lists:
    def __init__(self, anilist: AniList, mal: MyAnimeList, kitsu: Kitsu) -> None:
        self.anilist, self.mal, self.kitsu = anilist, mal, kitsu
        self.places: list[Place] = []
        self.hub: dict[str, Any] | None = None

    async def settled(self) -> int:
        """How many rounds it took until a whole one wrote nothing."""
        for rounds in range(6):
            before, hub = self.bodies(), self.hub
            for place in self.places:
                await self._sync(place)
            if (before, hub) == (self.bodies(), self.hub):
                return rounds
        raise AssertionError("there is no end to it")

    def bodies(self) -> int:
        return sum(len(place.hand.faults.bodies) for place in self.places)

    async def _sync(self, place: Place) -> None:
        held = next(iter((await place.hand.everything()).values()), None)
        here: State = ABSENT if self.hub is None else Present(fields=self.hub, mark=Mark("hub"))
        found = plan(place.base, here, _present(held) if held else ABSENT, place.terms)
        assert not found.conflicts
        if found.hub:
            self.hub = {**fields_of(LibraryEntry(identifiers={"mal": "30"})), **(self.hub or {}), **found.hub}
        returned: Change | None = None
        if found.remote and held is None:
            whole = {**(self.hub or {}), **found.remote}
            returned = await place.hand.create(record_of("library_entry", whole))
        elif found.remote and held is not None:
            returned = await place.hand.update(held, **found.remote)
        place.base = settle(found, place.terms, _present(returned) if returned else None)


def _present(change: Change) -> Present:
    assert change.data is not None
    return Present(fields=fields_of(change.data), mark=Mark("service"), version=change.ref.version)


@pytest_asyncio.fixture
async def lists() -> AsyncIterator[Lists]:
    made = Lists(AniList(), MyAnimeList(), Kitsu())
    made.anilist.add_work(7, 30, episodes=EPISODES)
    made.mal.add_work(30, total=EPISODES)
    made.kitsu.add_work("1", total=EPISODES, myanimelist="30", anilist="7")
    async with AsyncExitStack() as stack:
        for name, service in (("anilist", made.anilist), ("myanimelist", made.mal), ("kitsu", made.kitsu)):
            made.places.append(Place(await stack.enter_async_context(opened(name, service))))
        yield made


def everywhere(lists: Lists) -> tuple[Any, Any, Any]:
    return lists.anilist.entry(7), lists.mal.entries["anime", 30], lists.kitsu.entry("1")


async def test_every_score_arrives_and_none_comes_back_rounded(lists):
    for points in (85, *range(1, 101, 3), 0):
        lists.anilist.edit(7, status="CURRENT", score=points, progress=3)
        await lists.settled()
        anilist, mal, kitsu = everywhere(lists)
        assert (anilist["points"], lists.hub["score"]) == (points, points or None)
        assert mal["score"] == (max((points + 5) // 10, 1) if points else 0)
        assert kitsu["ratingTwenty"] == (max((2 * points + 5) // 10, 2) if points else None)


async def test_every_rating_of_kitsu_stays_what_it_is(lists):
    for rating in (*range(2, 21), None):
        lists.kitsu.edit("1", status="current", ratingTwenty=rating)
        await lists.settled()
        assert lists.kitsu.entry("1")["ratingTwenty"] == rating
        assert lists.anilist.entry(7)["points"] == 5 * (rating or 0)


@pytest.mark.parametrize("before", STATUSES)
async def test_every_status_given_anywhere_arrives_everywhere(lists, before):
    words = dict(zip(STATUSES, ANILIST_WORDS, strict=True))
    lists.anilist.edit(7, status=words[before], progress=EPISODES if before == "completed" else 2)
    await lists.settled()
    for after in STATUSES:
        # Kitsu takes what is completed to its last episode, and that arrives too; from there nothing is left to watch.
        lists.anilist.edit(7, status=words[after], progress=EPISODES if after == "completed" else 2)
        assert await lists.settled() <= 3
        anilist, mal, kitsu = everywhere(lists)
        assert (anilist["status"], lists.hub["status"]) == (words[after], after)
        assert mal["is_rewatching"] is (after == "repeating")
        assert kitsu["reconsuming"] is (after == "repeating")
        assert anilist["progress"] == mal["num_episodes_watched"] == kitsu["progress"]


async def test_what_kitsu_completes_by_itself_arrives_at_the_others(lists):
    lists.anilist.edit(7, status="CURRENT", progress=25)
    await lists.settled()
    lists.mal.edit(30, num_watched_episodes=EPISODES)
    assert await lists.settled() <= 3
    anilist, mal, kitsu = everywhere(lists)
    assert (anilist["status"], mal["status"], kitsu["status"]) == ("COMPLETED", "completed", "completed")
    assert anilist["completedAt"] == {"year": 2026, "month": 10, "day": 1}
    assert mal["finish_date"] == "2026-10-01"


async def test_a_date_in_part_stays_in_part_where_it_can_be_and_is_made_up_nowhere(lists):
    for year, month, day in ((2024, 3, None), (2024, None, None), (None, 3, 9), (2024, 3, 9)):
        lists.anilist.edit(7, status="PAUSED", startedAt={"year": year, "month": month, "day": day})
        await lists.settled()
        anilist, mal, kitsu = everywhere(lists)
        assert anilist["startedAt"] == {"year": year, "month": month, "day": day}
        assert (mal["start_date"] or "") == {2024: "2024-03" if month else "2024"}.get(year, "") + (
            "-09" * bool(year and day)
        )
        assert (kitsu["startedAt"] is None) == (not (year and day))


async def test_edits_at_two_services_at_once_are_brought_together(lists):
    lists.anilist.edit(7, status="CURRENT", progress=3, score=85)
    await lists.settled()
    lists.mal.edit(30, score=4)
    lists.kitsu.edit("1", progress=9)
    lists.anilist.edit(7, notes="from here")
    await lists.settled()
    anilist, mal, kitsu = everywhere(lists)
    assert (anilist["points"], anilist["progress"], anilist["notes"]) == (40, 9, "from here")
    assert (mal["score"], mal["num_episodes_watched"], mal["comments"]) == (4, 9, "from here")
    assert (kitsu["ratingTwenty"], kitsu["notes"]) == (8, "from here")
