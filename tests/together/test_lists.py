"""One library at AniList, MyAnimeList and Kitsu: what a person does at one arrives at all, and then there is peace."""

from typing import Any

import pytest
from tests.services.anilist import AniList
from tests.services.kitsu import Kitsu
from tests.services.myanimelist import MyAnimeList
from tests.together.world import Remote, World

WORKS = range(1, 6)
EPISODES, CHAPTERS = 26, 40
STATUSES = ("current", "planned", "completed", "paused", "dropped", "repeating")
ANILIST = dict(zip(STATUSES, ("CURRENT", "PLANNING", "COMPLETED", "PAUSED", "DROPPED", "REPEATING"), strict=True))
MAL = dict(zip(STATUSES, ("reading", "plan_to_read", "completed", "on_hold", "dropped", "completed"), strict=True))
KITSU = {**{status: status for status in STATUSES}, "paused": "on_hold", "repeating": "current"}


class Lists(World):
    """Manga 1 to 5 and the anime 30 are known everywhere, by MyAnimeList's numbers."""

    def __init__(self, folder: Any) -> None:
        self.anilist, self.mal, self.kitsu = AniList(), MyAnimeList(), Kitsu()
        for number in WORKS:
            self.anilist.add_work(100 + number, number, kind="MANGA", chapters=CHAPTERS)
            self.mal.add_work(number, kind="manga", total=CHAPTERS)
            self.kitsu.add_work(str(200 + number), kind="manga", total=CHAPTERS, myanimelist=str(number))
        self.anilist.add_work(130, 30, episodes=EPISODES)
        self.mal.add_work(30, total=EPISODES)
        self.kitsu.add_work("230", total=EPISODES, myanimelist="30", anilist="130")
        services = {"anilist": self.anilist, "myanimelist": self.mal, "kitsu": self.kitsu}
        remotes = [Remote(name, service, "anime", "manga") for name, service in services.items()]
        super().__init__(folder, *remotes, kind="library_entry")
        for name in services:
            self.attach(name, stream="manga")
            self.attach(name, stream="anime", into="Anime")

    def set_status(self, where: str, work: int, status: str) -> None:
        progress = CHAPTERS if status == "completed" else 2
        match where:
            case "anilist":
                self.anilist.edit(100 + work, status=ANILIST[status], progress=progress)
            case "myanimelist":
                again = str(status == "repeating").lower()
                form = {"status": MAL[status], "is_rereading": again, "num_chapters_read": progress}
                self.mal.edit(work, kind="manga", **form)
            case _:
                told = {"status": KITSU[status], "reconsuming": status == "repeating", "progress": progress}
                self.kitsu.edit(str(200 + work), kind="manga", **told)

    def statuses(self, work: int) -> tuple[str, str, str]:
        anilist, mal, kitsu = self.entries(work)
        return (
            next(status for status, word in ANILIST.items() if word == anilist["status"]),
            "repeating" if mal["is_rereading"] else next(name for name, word in MAL.items() if word == mal["status"]),
            "repeating" if kitsu["reconsuming"] else next(s for s, word in KITSU.items() if word == kitsu["status"]),
        )

    def entries(self, work: int) -> tuple[Any, Any, Any]:
        return (
            self.anilist.entry(100 + work),
            self.mal.entries.get(("manga", work)),
            self.kitsu.entry(str(200 + work), "manga"),
        )

    def entry(self, work: int) -> dict[str, Any]:
        wanted = str(work)
        (found,) = [item for item in self.items().values() if item["identifiers"].get("mal") == wanted]  # type: ignore[attr-defined]
        return found


@pytest.fixture
def lists(tmp_path):
    with Lists(tmp_path) as made:
        yield made


def test_the_same_works_everywhere_are_linked_by_their_numbers_and_nothing_is_written(lists):
    for number in WORKS:
        began = {"year": 2024, "month": 3, "day": number}
        lists.anilist.edit(100 + number, status="CURRENT", score=85, progress=number, startedAt=began)
        mal = {"status": "reading", "score": 9, "num_chapters_read": number, "start_date": f"2024-03-0{number}"}
        lists.mal.edit(number, kind="manga", **mal)
        kitsu = {"status": "current", "ratingTwenty": 17, "progress": number}
        lists.kitsu.edit(str(200 + number), kind="manga", **kitsu, startedAt=f"2024-03-0{number}T00:00:00.000Z")
    lists.settle()
    assert (lists.writes(), lists.rest(), lists.conflicts()) == (0, 0, [])
    assert [lists.entry(number)["score"] for number in WORKS] == [85] * 5
    requests = lists.calls_of_a_round()
    assert {name: len(calls) for name, calls in requests.items()} == {"anilist": 3, "myanimelist": 2, "kitsu": 3}, (
        "one for each list, and one for who it is"
    )


def test_a_list_is_brought_to_two_empty_ones_and_comes_back_as_it_was(lists):
    for number in WORKS:
        lists.anilist.edit(100 + number, status="PAUSED", score=10 * number + 3, progress=number, notes="So *schön*")
    lists.anilist.edit(130, status="COMPLETED", progress=EPISODES, score=77, repeat=2)
    before = {number: {**entry} for number, entry in lists.anilist.entries.items()}
    lists.settle()
    assert lists.anilist.entries == before
    assert len(lists.mal.entries) == len(lists.kitsu.entries) == 6
    assert (lists.kitsu.entry("230")["ratingTwenty"], lists.mal.entries["anime", 30]["score"]) == (15, 8)
    assert lists.mal.entries["anime", 30]["num_times_rewatched"] == lists.kitsu.entry("230")["reconsumeCount"] == 2
    assert lists.rest() == 0


@pytest.mark.parametrize("where", ["anilist", "myanimelist", "kitsu"])
def test_every_status_given_anywhere_arrives_everywhere_and_is_left_alone(lists, where):
    for number in WORKS:
        lists.set_status(where, number, "current")
    lists.settle()
    for turn in range(0, len(STATUSES), 2):
        given = {number: STATUSES[(turn + number) % len(STATUSES)] for number in WORKS}
        for number, status in given.items():
            lists.set_status(where, number, status)
        lists.settle()
        assert {number: lists.statuses(number) for number in WORKS} == {n: (s, s, s) for n, s in given.items()}
    assert lists.rest() == 0


def test_every_score_given_anywhere_arrives_and_none_comes_back_rounded(lists):
    for number in WORKS:
        lists.anilist.edit(100 + number, status="CURRENT", score=50)
    lists.settle()
    for begin in (1, 30, 88):
        for number in WORKS:
            lists.anilist.edit(100 + number, score=begin + 3 * number - 3)
        lists.settle()
        for number in WORKS:
            points = begin + 3 * number - 3
            anilist, mal, kitsu = lists.entries(number)
            assert (anilist["points"], lists.entry(number)["score"]) == (points, points)
            assert (mal["score"], kitsu["ratingTwenty"]) == (
                max((points + 5) // 10, 1), max((2 * points + 5) // 10, 2),
            )  # fmt: skip
    for rating, score in ((2, 1), (13, 3), (20, 7), (None, 0)):
        lists.kitsu.edit("201", kind="manga", ratingTwenty=rating)
        lists.mal.edit(2, kind="manga", score=score)
        lists.settle()
        assert (lists.entries(1)[0]["points"], lists.entries(2)[0]["points"]) == (5 * (rating or 0), 10 * score)
    assert lists.rest() == 0


def test_a_date_in_part_is_made_up_nowhere(lists):
    for number in WORKS:
        lists.anilist.edit(100 + number, status="PAUSED")
    lists.settle()
    dates = {1: (2024, None, None), 2: (2024, 3, None), 3: (None, 3, 9), 4: (2024, 3, 9), 5: (None, None, None)}
    for number, (year, month, day) in dates.items():
        lists.anilist.edit(100 + number, startedAt={"year": year, "month": month, "day": day})
    lists.settle()
    assert [lists.entries(number)[1]["start_date"] for number in dates] == ["2024", "2024-03", None, "2024-03-09", None]
    assert [lists.entries(number)[2]["startedAt"] for number in dates if number != 4] == [None] * 4
    lists.mal.edit(2, kind="manga", start_date="2023-12")
    lists.settle()
    assert lists.entries(2)[0]["startedAt"] == {"year": 2023, "month": 12, "day": None}
    assert lists.rest() == 0


def test_a_work_that_a_service_does_not_know_is_set_aside_in_plain_words_and_kept(lists):
    lists.anilist.add_work(160, None, kind="MANGA", chapters=9)
    lists.anilist.edit(160, status="CURRENT", score=90)
    lists.anilist.edit(101, status="CURRENT")
    lists.settle()
    assert len(lists.items()) == 2
    assert len(lists.mal.entries) == len(lists.kitsu.entries) == 1
    assert lists.aside() == [
        "Work 160: MyAnimeList's number of it is not known; add it there by hand.",
        "Work 160: Kitsu knows no manga for anilist 160; add it there by hand.",
    ]
    assert lists.rest() == 0
    lists.anilist.edit(160, score=95)
    lists.settle()
    assert len(lists.aside()) == 2, "tried again when it was edited, and set aside again"
    lists.kitsu.add_work("260", kind="manga", anilist="160")
    lists.anilist.edit(160, score=96)
    lists.settle()
    assert lists.kitsu.entry("260", "manga")["ratingTwenty"] == 19
    assert len(lists.aside()) == 1
    assert lists.rest() == 0


@pytest.mark.parametrize("where", ["anilist", "myanimelist", "kitsu", "hub"])
def test_what_is_deleted_anywhere_is_deleted_everywhere(lists, where):
    for number in WORKS:
        lists.anilist.edit(100 + number, status="CURRENT")
    lists.settle()
    match where:
        case "anilist":
            lists.anilist.remove(103)
        case "myanimelist":
            lists.mal.remove(3, kind="manga")
        case "kitsu":
            lists.kitsu.remove("203", kind="manga")
        case _:
            lists.delete(next(one for one, item in lists.items().items() if item["identifiers"].get("mal") == "3"))
    if where != "hub":
        lists.sync(where, full=True)
    lists.settle()
    assert lists.entries(3) == (None, None, None)
    assert len(lists.items()) == len(lists.anilist.entries) == len(lists.mal.entries) == len(lists.kitsu.entries) == 4
    assert lists.rest() == 0
    lists.mal.edit(3, kind="manga", status="reading", score=7)
    lists.settle()
    assert lists.entries(3)[0]["points"] == 70, "put on a list again, it is back everywhere"
    assert lists.rest() == 0


def test_edits_at_three_services_at_once_are_brought_together_field_by_field(lists):
    lists.anilist.edit(101, status="CURRENT", progress=3, score=85)
    lists.settle()
    lists.mal.edit(1, kind="manga", score=4)
    lists.kitsu.edit("201", kind="manga", progress=9)
    lists.anilist.edit(101, notes="from here")
    lists.settle()
    anilist, mal, kitsu = lists.entries(1)
    assert (anilist["points"], anilist["progress"], anilist["notes"]) == (40, 9, "from here")
    assert (mal["score"], mal["num_chapters_read"], mal["comments"]) == (4, 9, "from here")
    assert (kitsu["ratingTwenty"], kitsu["progress"], kitsu["notes"]) == (8, 9, "from here")
    assert (lists.conflicts(), lists.rest()) == ([], 0)


def test_two_scores_for_one_work_are_a_question_and_the_rest_goes_on(lists):
    lists.anilist.edit(101, status="CURRENT", progress=3, score=85)
    lists.settle()
    lists.mal.edit(1, kind="manga", score=4)
    lists.kitsu.edit("201", kind="manga", ratingTwenty=20, progress=9)
    lists.settle()
    assert lists.conflicts() == ["score"]
    assert [entry["progress"] for entry in (lists.entries(1)[0], lists.entries(1)[2])] == [9, 9]
    assert lists.entries(1)[2]["ratingTwenty"] == 20, "it stays there as it is"
    assert lists.rest() == 0
    assert lists.conflicts() == ["score"]


def test_seen_again_it_counts_up_everywhere(lists):
    lists.kitsu.edit("230", status="completed", reconsumeCount=1)
    lists.settle()
    assert lists.mal.entries["anime", 30]["num_episodes_watched"] == EPISODES
    lists.mal.edit(30, is_rewatching="true", num_watched_episodes=5)
    lists.settle()
    assert (lists.anilist.entry(130)["status"], lists.anilist.entry(130)["progress"]) == ("REPEATING", 5)
    assert (lists.kitsu.entry("230")["reconsuming"], lists.kitsu.entry("230")["progress"]) == (True, 5)
    lists.anilist.edit(130, status="COMPLETED", progress=EPISODES, repeat=2)
    lists.settle()
    assert lists.kitsu.entry("230")["reconsuming"] is lists.mal.entries["anime", 30]["is_rewatching"] is False
    assert lists.mal.entries["anime", 30]["num_times_rewatched"] == lists.kitsu.entry("230")["reconsumeCount"] == 2
    assert lists.rest() == 0
