from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from entrepot.connectors.netflix.importer import Netflix
from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.life import Play
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Match, Options

FIXTURES = Path(__file__).parents[2] / "src/entrepot/connectors/netflix/fixtures"
SHORT = "NetflixViewingHistory.csv"


def read(path: Path, **options: str) -> tuple[list[Change], list[BadRow]]:
    with open_archive(path) as archive:
        found = list(Netflix().read(archive, Options(options)))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, BadRow)]


def plays(path: Path, **options: str) -> list[Play]:
    return [change.data for change in read(path, **options)[0] if isinstance(change.data, Play)]


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return Netflix().recognise(archive)


def short(tmp_path: Path, *lines: str, header: str = "Title,Date") -> Path:
    path = tmp_path / SHORT
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_sessions_of_the_full_download() -> None:
    changes, bad = read(FIXTURES / "ViewingActivity.csv")
    first, second = (change.data for change in changes)
    assert first == Play(
        verb="View",
        title="Das Haus: Staffel 1: Der Keller",
        series="Das Haus",
        object_type="episode",
        started=datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
        seconds=2467.0,
        device="Test TV 2020",
        country="DE",
        profile="Küche",
        extra={"bookmark": "0:41:07", "latestBookmark": "0:41:07"},
    )
    assert isinstance(second, Play)
    assert (second.title, second.series) == ("Stadt: Der Film", None)
    assert [(row.where, row.reason) for row in bad] == [
        ("ViewingActivity.csv, line 5", "day is out of range for month")
    ]


def test_the_short_history_proves_its_order_and_counts_repetitions() -> None:
    changes, bad = read(FIXTURES / SHORT)
    assert [change.data.date for change in changes if isinstance(change.data, Play)] == [
        "2021-10-22", "2021-10-22", "2021-03-04", "2020-01-05",
    ]  # fmt: skip
    assert changes[1].ref.id == f"{changes[0].ref.id}-2"
    assert changes[0].native == b'{"Title":"Stadt: Der Film","Date":"10/22/21"}'
    assert plays(FIXTURES / SHORT)[3].title == ": Episode 10"
    assert bad == []


def test_rows_keep_their_ids_when_a_later_export_has_more(tmp_path: Path) -> None:
    older = short(tmp_path, "Stadt,22.10.21", "Stadt,22.10.21", "Haus,3.4.21")
    before = [change.ref for change in read(older)[0]]
    newer = short(
        tmp_path, "Haus,24.10.21", "Stadt,24.10.21", "Stadt,22.10.21", "Stadt,22.10.21", "Haus,3.4.21", "A,1.1.20"
    )
    after = [change.ref for change in read(newer)[0]]
    assert after[2:5] == before
    assert len(set(after)) == 6


def test_a_profile_that_was_named_keeps_two_histories_apart(tmp_path: Path) -> None:
    path = short(tmp_path, "Stadt,22.10.21")
    refs = {read(path, profile=profile)[0][0].ref for profile in ("", "Flur", "Küche")}
    assert len(refs) == 3
    assert [play.profile for play in plays(path, profile="Flur")] == ["Flur"]


def test_searches() -> None:
    (search,) = plays(FIXTURES / "SearchHistory.csv")
    assert (search.verb, search.title, search.started) == (
        "Search",
        "stadt",
        datetime(2024, 3, 29, 20, 11, 12, tzinfo=UTC),
    )


def test_an_open_order_is_asked_for(tmp_path: Path) -> None:
    path = short(tmp_path, '"One","04/03/21"', '"Two","04/03/21"')
    with pytest.raises(PersonMustFix, match="--set date_order=dmy"):
        read(path)
    assert plays(path, date_order="dmy")[0].date == "2021-03-04"
    assert plays(path, date_order="mdy")[0].date == "2021-04-03"


def test_a_history_in_another_language_is_known_by_its_name(tmp_path: Path) -> None:
    path = short(tmp_path, '"Eins","22.10.21"', header="Titel,Datum")
    assert recognise(path)
    assert plays(path)[0].date == "2021-10-22"


def test_a_date_that_cannot_be_is_set_aside(tmp_path: Path) -> None:
    changes, bad = read(short(tmp_path, '"One","10/22/21"', '"Two","02/30/21"', '"Three"'))
    assert len(changes) == 1
    assert [row.where for row in bad] == [f"{SHORT}, line 3", f"{SHORT}, line 4"]


def test_other_files_are_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Title,Date,Rating\nx,1/2/21,3\n")
    (tmp_path / "b.json").write_text("[]")
    assert recognise(tmp_path) is None
    (tmp_path / "c.csv").write_text("Title,Date\n")
    found = recognise(tmp_path)
    assert found
    assert found.score < 1
    assert recognise(FIXTURES) == Match(1.0, found=["viewing activity", "viewing history", "search history"])


def test_the_sample_of_the_full_download(shared: Path) -> None:
    changes, bad = read(shared / "samples/netflix/full-download")
    assert Counter(change.stream for change in changes) == {"viewing": 178}
    assert len({change.ref.id for change in changes}) == 178
    assert bad == []
    first = changes[0].data
    assert isinstance(first, Play)
    assert (first.title, first.profile, first.country, first.seconds) == (
        "The Time Traveler's Wife",
        "John",
        "FR",
        1438.0,
    )
    assert first.started == datetime(2018, 5, 1, 8, 26, 30, tzinfo=UTC)


def test_the_sample_of_the_short_history(shared: Path) -> None:
    found = plays(shared / "samples/netflix/in-app")
    assert [(play.title, play.date, play.series) for play in found] == [
        ("Money Heist: Part 5: A Family Tradition", "2021-10-22", "Money Heist"),
        ("The Big Short", "2019-03-14", None),
        ("Spider-Man: Across the Spider-Verse", "2023-06-02", None),
        (": Episode 10", "2020-01-05", None),
    ]
