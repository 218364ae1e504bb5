import gzip
from collections import Counter
from pathlib import Path

import pytest

from entrepot.connectors.myanimelist.importer import MyAnimeList
from entrepot.connectors.myanimelist.mending import mend
from entrepot.core.change import BadRow, Change
from entrepot.core.life import LibraryEntry
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Account, Match, Options

FIXTURES = Path(__file__).parents[2] / "src/entrepot/connectors/myanimelist/fixtures"


def read(path: Path) -> tuple[list[Change], list[BadRow]]:
    with open_archive(path) as archive:
        found = list(MyAnimeList().read(archive, Options()))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, BadRow)]


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return MyAnimeList().recognise(archive)


def entries(tmp_path: Path, fields: str | bytes, kind: str = "anime") -> list[LibraryEntry]:
    inner = fields.encode() if isinstance(fields, str) else fields
    number = b"series_animedb_id" if kind == "anime" else b"manga_mangadb_id"
    tag = kind.encode()
    path = tmp_path / "list.xml"
    path.write_bytes(b"<myanimelist><%s><%s>7</%s>%s</%s></myanimelist>" % (tag, number, number, inner, tag))
    return [change.data for change in read(path)[0] if isinstance(change.data, LibraryEntry)]


def test_an_anime_list() -> None:
    changes, bad = read(FIXTURES / "animelist.xml")
    assert [change.ref.id for change in changes] == ["900001", "900002"]
    assert changes[0].data == LibraryEntry(
        medium="anime",
        title="Probe: Kōhen³ & mehr",
        status="repeating",
        score=70,
        progress=26,
        total=26,
        repeats=2,
        started="2014-05",
        finished="2014-06-30",
        notes="Schön<br />und gut",
        tags=["sf", "classic"],
        identifiers={"mal": "900001"},
        format="TV",
        url="https://myanimelist.net/anime/900001",
        extra={"storage": "NAS"},
    )
    planned = changes[1].data
    assert isinstance(planned, LibraryEntry)
    assert (planned.status, planned.score, planned.started, planned.finished) == ("planned", None, None, "2014")
    assert (planned.total, planned.priority) == (None, 2)
    assert changes[0].native.startswith(b"<anime>")
    assert [(row.where, row.reason) for row in bad] == [
        ("animelist.xml, entry 3 (A day that was not)", "my_start_date: year 2014, month 2, day 30 is not a date"),
        ("animelist.xml, entry 4 (By hand)", "it has no number of MyAnimeList"),
    ]


def test_a_manga_list() -> None:
    (change,), bad = read(FIXTURES / "mangalist.xml")
    manga = change.data
    assert isinstance(manga, LibraryEntry)
    assert (change.stream, manga.medium, manga.status, manga.score) == ("manga", "manga", "paused", 100)
    assert (manga.progress, manga.progress_volumes, manga.total, manga.total_volumes) == (12, 1, 30, 3)
    assert bad == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [("Watching", "current"), ("1", "current"), ("Completed", "completed"), ("2", "completed"), ("On-Hold", "paused"),
     ("3", "paused"), ("Dropped", "dropped"), ("4", "dropped"), ("Plan to Watch", "planned"), ("6", "planned")],
)  # fmt: skip
def test_a_status_is_a_word_or_a_number(tmp_path: Path, written: str, expected: str) -> None:
    assert entries(tmp_path, f"<my_status>{written}</my_status>")[0].status == expected


@pytest.mark.parametrize(
    "field", ["<my_score>11</my_score>", "<my_score>good</my_score>", "<my_watched_episodes>-1</my_watched_episodes>"]
)
def test_values_that_cannot_be_are_set_aside(tmp_path: Path, field: str) -> None:
    assert entries(tmp_path, f"<my_status>1</my_status>{field}") == []
    assert entries(tmp_path, "<my_status>Considering</my_status>") == []


def test_half_points_of_other_services_are_read(tmp_path: Path) -> None:
    assert entries(tmp_path, "<my_status>1</my_status><my_score>7.5</my_score>")[0].score == 75


def test_old_exports_are_put_right(tmp_path: Path) -> None:
    broken = b"<my_status>1</my_status><my_comments><![CDATA[&atilde;\x81\x93&atilde;\x82\x93 caf&eacute; \x01&amp; Stra\xdfe]]></my_comments>"
    assert entries(tmp_path, broken)[0].notes == "こん café  &amp; Straße"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("schon gültig: こん".encode(), "schon gültig: こん"),
        (b"&atilde;\x81\x93", "こ"),
        (b"&atilde;&#129;", "ã&#129;"),
        (b"\x93quoted\x94", "“quoted”"),
        (b"&lt;b&gt; &amp; &unknown;", "&lt;b&gt; &amp; &unknown;"),
        ("Ü".encode() + b"&nbsp;x", "Ü\u00a0x"),
    ],
)
def test_mending_leaves_what_is_valid_and_repairs_what_is_not(line: bytes, expected: str) -> None:
    assert mend(line).decode() == expected


def test_lists_are_recognised_by_their_root_in_any_packing(tmp_path: Path) -> None:
    packed = gzip.compress((FIXTURES / "animelist.xml").read_bytes())
    (tmp_path / "animelist_1_-_1.xml.gz").write_bytes(packed)
    account = Account("1000001", "someone")
    assert recognise(tmp_path) == Match(1.0, account, ["1 list"])
    assert recognise(tmp_path / "animelist_1_-_1.xml.gz") == Match(1.0, account, ["1 list"])
    assert len(read(tmp_path)[0]) == len(read(tmp_path / "animelist_1_-_1.xml.gz")[0]) == 2
    (tmp_path / "animelist_1_-_1.xml.gz").unlink()
    (tmp_path / "other.xml").write_text("<opml/>")
    assert recognise(tmp_path) is None


@pytest.mark.parametrize("given", ["", "animelist_export.xml.gz"])
def test_the_sample(shared: Path, given: str) -> None:
    path = shared / "samples/myanimelist" / given
    assert recognise(path) == Match(1.0, Account("2132187", "Nuck"), ["1 list"])
    changes, bad = read(path)
    assert bad == []
    found = {change.ref.id: change.data for change in changes if isinstance(change.data, LibraryEntry)}
    assert len(found) == len(changes) == 109
    assert Counter(entry.status for entry in found.values()) == {
        "completed": 70, "planned": 21, "current": 12, "dropped": 3, "repeating": 3,
    }  # fmt: skip
    assert any(entry.title == "Stella Jogakuin Koutou-ka C³-bu" for entry in found.values())
    assert (found["48"].title, found["48"].score, found["48"].tags) == (".hack//Sign", 60, ["cyberpunk", "classic"])
