import json
import tarfile
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from entrepot.connectors.google_takeout.importer import GoogleTakeout
from entrepot.connectors.google_takeout.naming import pair
from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.kinds import decode, encode
from entrepot.core.life import Play, Visit
from entrepot.core.writing import Media
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Match, Options

T = TypeVar("T")
FIXTURES = Path(__file__).parents[2] / "src/entrepot/connectors/google_takeout/fixtures"


def read(path: Path, **options: str) -> tuple[list[Change], list[BadRow]]:
    with open_archive(path) as archive:
        found = list(GoogleTakeout().read(archive, Options(options)))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, BadRow)]


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return GoogleTakeout().recognise(archive)


def read_json(folder: Path, data: object, name: str = "file.json") -> tuple[list[Change], list[BadRow]]:
    (folder / name).write_text(json.dumps(data))
    return read(folder)


def of(kind: type[T], changes: list[Change]) -> list[T]:
    return [change.data for change in changes if isinstance(change.data, kind)]


@pytest.fixture(scope="module")
def fixture() -> tuple[list[Change], list[BadRow]]:
    return read(FIXTURES / "Takeout")


def test_an_archive_in_another_language_is_known_by_its_contents() -> None:
    found = recognise(FIXTURES / "Takeout")
    assert found == Match(
        1.0, None, ["photos", "browser history", "activity", "location history", "timeline", "activity (HTML)"]
    )


def test_everything_is_read_and_what_is_broken_is_named(fixture: tuple[list[Change], list[BadRow]]) -> None:
    changes, bad = fixture
    assert Counter(change.stream for change in changes) == {
        "photos": 6, "places": 10, "activity": 7, "events": 1, "tasks": 1, "contacts": 1,
    }  # fmt: skip
    assert [(row.where.rpartition("/")[2], row.reason[:40]) for row in bad] == [
        ("fehlt.png.json", "the picture fehlt.png is not in this arc"),
        ("Verlauf.json, visit 2", "Expected `int`, got `str` - at `$.time_u"),
        ("Records.json, location 3", "there are no coordinates"),
        ("2024_JUNE.json, object 3", "it says neither where nor what it was"),
        ("Wiedergabeverlauf.html, activity 4", "'02/06/2024,' could be two dates; say wh"),
        ("Wiedergabeverlauf.html, activity 5", "'IST' is no time zone that means only on"),
        ("Wiedergabeverlauf.json, record 4", "Object missing required field `time`"),
    ]
    assert len({(change.stream, change.ref.id) for change in changes}) == len(changes)
    assert all(decode(type(change.data).kind, encode(change.data)) == change.data for change in changes if change.data)


def test_copies_of_a_picture_are_one_item_with_its_album_and_its_edited_version(
    fixture: tuple[list[Change], list[BadRow]],
) -> None:
    change = next(change for change in fixture[0] if isinstance(change.data, Media) and change.data.albums)
    media = change.data
    assert isinstance(media, Media)
    assert change.ref.id == media.sha256
    assert (media.file_name, media.albums, media.people, media.is_favorite) == (
        "IMG_0001.png",
        ["Hafen & Boote"],
        ["A"],
        True,
    )
    assert (media.latitude, media.longitude, media.description) == (53.54, 9.98, "Kräne & Kähne")
    assert media.date_time_original == datetime(2024, 6, 1, 12, tzinfo=UTC)
    assert [one.name for one in media.edited] == ["IMG_0001-bearbeitet.png"]
    assert [file.sha256 for file in change.files] == [media.sha256, media.edited[0].sha256]


def test_counters_cut_names_live_photos_and_titles_find_their_sidecars(
    fixture: tuple[list[Change], list[BadRow]],
) -> None:
    times = {media.file_name: media.date_time_original for media in of(Media, fixture[0]) if not media.albums}
    assert {name: at and int(at.timestamp()) - 1717243200 for name, at in times.items()} == {
        "IMG_0001.png": 3600,
        "IMG_0002.HEIC": 7200,
        "PXL_20240601_120000000.PORTRAIT-01.COVER.png": 7260,
        "Was&ist das?.png": 7320,
        "ohne.png": None,
    }
    live = next(media for media in of(Media, fixture[0]) if media.file_name == "IMG_0002.HEIC")
    assert live.extra["liveVideo"]["name"] == "IMG_0002.MP4"
    assert (live.type, live.media_type, live.latitude) == ("photo", "image/heic", None)


def test_positions_are_put_right_and_keep_no_raw_record(fixture: tuple[list[Change], list[BadRow]]) -> None:
    points = [change for change in fixture[0] if isinstance(change.data, Visit) and change.data.type == "point"]
    assert [change.native for change in points] == [b"", b"", b""]
    first, wrapped, signal = of(Visit, points)
    assert (first.coordinates, first.activity, first.accuracy) == ([9.98, 53.54], "STILL", 20)
    assert (wrapped.coordinates, wrapped.start) == ([-0.01, 53.54], datetime(2024, 6, 1, 12, 1, tzinfo=UTC))
    assert (signal.altitude, signal.source) == (8.5, "GPS")


def test_visits_and_moves_of_all_three_forms(fixture: tuple[list[Change], list[BadRow]]) -> None:
    visits = [visit for visit in of(Visit, fixture[0]) if visit.type != "point"]
    assert [
        (visit.type, visit.geometry_type, visit.activity, visit.distance, visit.probability) for visit in visits
    ] == [
        ("place", "Point", None, None, 0.855),
        ("move", "LineString", "CYCLING", 1400, 0.92),
        ("place", "Point", None, None, 0.9),
        ("move", "LineString", "CYCLING", 1400.5, 0.8),
        ("move", "Point", None, None, None),
        ("place", "Point", None, None, 0.75),
        ("move", "LineString", "walking", 1400.5, 0.9),
    ]
    assert visits[1].coordinates == [[9.98, 53.54], [9.985, 53.545], [9.99, 53.55]]
    assert (visits[0].name, visits[0].address, visits[0].place_id) == ("Speicher", "Kai 1", "ChIJexample")


def test_a_visit_of_one_second_is_told_by_the_first_of_two_forms(tmp_path: Path) -> None:
    start, end = "2024-06-01T10:00:00Z", "2024-06-01T11:00:00Z"
    place = {"location": {"latitudeE7": 1, "longitudeE7": 1, "name": "Kai"}}
    old = {"placeVisit": {**place, "duration": {"startTimestamp": start, "endTimestamp": end}}}
    new = {"startTime": start, "endTime": end, "visit": {"topCandidate": {"placeLocation": {"latLng": "1.0°, 1.0°"}}}}
    (tmp_path / "2024_JUNE.json").write_text(json.dumps({"timelineObjects": [old]}))
    (tmp_path / "Timeline.json").write_text(json.dumps({"semanticSegments": [new]}))
    assert [visit.name for visit in of(Visit, read(tmp_path)[0])] == ["Kai"]


def test_html_and_json_of_one_history_are_the_same_plays(fixture: tuple[list[Change], list[BadRow]]) -> None:
    films = [play for play in of(Play, fixture[0]) if play.url and "watch" in play.url]
    assert [(play.title, play.verb, play.artist, play.object_type) for play in films] == [
        ("Ein Film", "View", "Ein Kanal", "video"),
        ("More & more", "View", "Ein Kanal", "video"),
        ("Ein Lied", "Listen", None, "track"),
    ]
    assert films[0].started == datetime(2024, 6, 1, 18, tzinfo=UTC)


def test_searches_are_told_by_their_address(fixture: tuple[list[Change], list[BadRow]]) -> None:
    searches = [play for play in of(Play, fixture[0]) if play.verb == "Search"]
    assert [(play.title, play.started) for play in searches] == [
        ("leuchtturm", datetime(2024, 6, 1, 21, tzinfo=UTC)),
        ("kähne", datetime(2024, 6, 2, 18, 15, tzinfo=UTC)),
    ]


def test_what_the_person_says_of_dates_settles_them() -> None:
    changes, bad = read(FIXTURES / "Takeout", date_order="dmy", time_zone="Asia/Kolkata")
    assert not any("html" in row.where for row in bad)
    by_title = {play.title: play.started for play in of(Play, changes)}
    assert by_title["Which day"] == datetime(2024, 6, 2, 20, tzinfo=UTC)
    assert by_title["Which zone"] == datetime(2024, 6, 3, 14, 30, tzinfo=UTC)
    with pytest.raises(PersonMustFix, match="Europe/Berlin"):
        read(FIXTURES / "Takeout", time_zone="Atlantis")


@pytest.mark.parametrize("form", ["zip", "tgz"])
def test_a_packed_export_reads_as_its_folder_does(
    tmp_path: Path, form: str, fixture: tuple[list[Change], list[BadRow]]
) -> None:
    path = tmp_path / f"takeout-20241031T120000Z-001.{form}"
    files = sorted(file for file in (FIXTURES / "Takeout").rglob("*") if file.is_file())
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in files:
                packed.write(file, file.relative_to(FIXTURES))
    else:
        with tarfile.open(path, "w:gz") as packed:
            for file in files:
                packed.add(file, file.relative_to(FIXTURES))
    assert {(one.stream, one.ref.id, encode(one.data)) for one in read(path)[0] if one.data} == {
        (one.stream, one.ref.id, encode(one.data)) for one in fixture[0] if one.data
    }


def test_a_part_with_pictures_only_and_a_part_with_sidecars_only(tmp_path: Path) -> None:
    one, two = (
        tmp_path / "1/Takeout/Google Photos/Photos from 2024",
        tmp_path / "2/Takeout/Google Photos/Photos from 2024",
    )
    one.mkdir(parents=True)
    two.mkdir(parents=True)
    (one / "IMG_1.jpg").write_bytes(b"picture")
    (two / "IMG_1.jpg.json").write_text('{"title": "IMG_1.jpg", "photoTakenTime": {"timestamp": "1"}}')
    (change,), bad = read(tmp_path / "1")
    assert isinstance(change.data, Media)
    assert (change.data.file_name, change.data.date_time_original, change.data.albums, bad) == (
        "IMG_1.jpg",
        None,
        [],
        [],
    )
    changes, (lonely,) = read(tmp_path / "2")
    assert changes == []
    assert "IMG_1.jpg" in lonely.reason


@pytest.mark.parametrize(
    "sidecar",
    [
        '{"title": "IMG.jpg", "photoTakenTime": {"timestamp": "99999999999999999"}}',
        '{"title": "IMG.jpg", "photoTakenTime": {"timestamp": "noon"}}',
        '{"title": 5, "photoTakenTime": {"timestamp": "1"}}',
        '{"title": "IMG.jpg", "photoTakenTime": {"timestamp": "1"}',
        '{"title": "\\ud800", "photoTakenTime": {"timestamp": "1"}}',
        "[" * 5000,
    ],
)
def test_a_picture_with_a_broken_sidecar_is_kept_and_told(tmp_path: Path, sidecar: str) -> None:
    folder = tmp_path / "Google Photos/Photos from 2024"
    folder.mkdir(parents=True)
    (folder / "IMG.jpg").write_bytes(b"picture")
    (folder / "IMG.jpg.supplemental-metadata.json").write_text(sidecar)
    (change,), (bad,) = read(tmp_path)
    assert isinstance(change.data, Media)
    assert change.data.file_name == "IMG.jpg"
    assert "kept without" in bad.reason


def test_folders_without_metadata_are_albums_unless_they_are_years_or_the_bin(tmp_path: Path) -> None:
    for folder in ("Fotos von 2024", "2024-06-01 #2", "Rome 2019", "Papierkorb", "Sommer"):
        (tmp_path / "Google Fotos" / folder).mkdir(parents=True)
        (tmp_path / "Google Fotos" / folder / "IMG.jpg").write_bytes(folder.encode())
    assert sorted(media.albums for media in of(Media, read(tmp_path)[0])) == [[], [], [], [], ["Sommer"]]


RECORDS = [
    {"latitudeE7": 1, "longitudeE7": 1}, {"timestamp": "2024-06-01T12:00:00", "latitudeE7": 1, "longitudeE7": 1},
    {"timestampMs": "9" * 40, "latitudeE7": 1, "longitudeE7": 1}, {"timestamp": "2024-06-01T12:00:00Z", "latitudeE7": "x"},
    {"timestamp": "2024-06-01T12:00:00Z", "latitudeE7": 10**12, "longitudeE7": 1}, 5, "text", None, [],
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS)
def test_one_broken_location_is_one_bad_row(tmp_path: Path, record: object) -> None:
    good = {"timestampMs": "1717243200000", "latitudeE7": 1, "longitudeE7": 1}
    changes, bad = read_json(tmp_path, {"locations": [good, record, good]})
    assert (len(changes), len(bad), len({change.ref.id for change in changes})) == (2, 1, 1)


@pytest.mark.parametrize("key", ["timelineObjects", "semanticSegments"])
@pytest.mark.parametrize(
    "record",
    [
        {"placeVisit": 5, "visit": 5},
        {
            "placeVisit": {"location": {"placeId": {}}, "duration": {"startTimestamp": "1717243200"}},
            "visit": {"topCandidate": {"placeId": 5}},
            "startTime": "1717243200",
        },
        {"placeVisit": {"location": []}, "visit": {"topCandidate": []}}, 7, None,
        {"activitySegment": {"duration": {"startTimestamp": "yesterday"}, "distance": 5}, "activity": {"distanceMeters": "far"}},
        {"activitySegment": {"waypointPath": {"waypoints": [5]}}, "timelinePath": ["x"]}, {"placeVisit": "x", "timelinePath": [{}]},
    ],
)  # fmt: skip
def test_one_broken_segment_is_one_bad_row(tmp_path: Path, key: str, record: object) -> None:
    changes, bad = read_json(tmp_path, {key: [record]})
    assert (changes, len(bad)) == ([], 1)


@pytest.mark.parametrize("end", ["", "]", '{"locations": 5}'])
def test_cut_off_json_says_which_file(tmp_path: Path, end: str) -> None:
    (tmp_path / "Records.json").write_text('{"locations": [{"timestampMs": "1", "latitudeE7": 1, "longi' + end)
    with pytest.raises(PersonMustFix, match=r"Records\.json"):
        read(tmp_path)


@pytest.mark.parametrize(
    "cell", ["", "</div>", "x" * 3_000_000, '<div class="content-cell mdl-typography--body-1">12:00:00</div>', "\xff"]
)
def test_one_broken_cell_is_one_bad_row(tmp_path: Path, cell: str) -> None:
    start = '<div class="outer-cell mdl-cell">'
    good = '<div class="content-cell mdl-typography--body-1">Used Maps<br>Jun 2, 2024, 8:00:00 PM UTC</div>'
    (tmp_path / "MyActivity.html").write_text(f"<html>{start}{good}{start}{cell}{start}{good}", "latin-1")
    changes, bad = read(tmp_path)
    assert (len(changes), len(bad)) == (1, 1)


def test_other_archives_are_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "Bilder").mkdir()
    (tmp_path / "Bilder/IMG.jpg").write_bytes(b"")
    (tmp_path / "a.json").write_text('[{"header": 1}]')
    (tmp_path / "b.json").write_text("")
    (tmp_path / "c.html").write_text("<html></html>")
    (tmp_path / "d.ics").write_text("BEGIN:VCALENDAR")
    assert recognise(tmp_path) is None


def test_the_own_name_of_a_single_file_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "download"
    path.write_text('{"locations": [{"timestampMs": "1717243200000", "latitudeE7": 1, "longitudeE7": 1}]}')
    assert recognise(path) == Match(1.0, None, ["location history"])
    assert len(read(path)[0]) == 1


L, M = "location/", "myactivity"
SAMPLES: dict[str, tuple[dict[str, int], int]] = {
    "chrome": ({"activity": 3}, 0),
    f"{L}geojson__google_takeout_example.json": ({}, 0),
    f"{L}google__edge_cases__phone_takeout_array_timeline_path.json": ({"places": 2}, 0),
    f"{L}google__edge_cases__timeline_edits.json": ({"places": 1}, 0),
    f"{L}google__location-history__with_activitySegment_with_startLocation.json": ({"places": 1}, 0),
    f"{L}google__location-history__with_activitySegment_with_startLocation_timestamp_in_milliseconds_format.json": (
        {"places": 1},
        0,
    ),
    f"{L}google__location-history__with_activitySegment_with_startLocation_with_iso_timestamp.json": ({"places": 1}, 0),
    f"{L}google__location-history__with_activitySegment_without_startLocation_without_waypointPath.json": ({}, 1),
    f"{L}google__location-history__with_placeVisit_with_location_with_coordinates_with_iso_timestamp.json": (
        {"places": 1},
        0,
    ),
    f"{L}google__location-history__with_placeVisit_with_location_with_coordinates_with_seconds_timestamp.json": (
        {"places": 1},
        0,
    ),
    f"{L}google__location-history__with_placeVisit_without_location_with_coordinates.json": ({}, 1),
    f"{L}google__phone-takeout_w_3_duplicates.json": ({"places": 3}, 0),
    f"{L}google__semantic_history.json": ({"places": 3}, 0),
    f"{L}gpsbabel__googletakeout__2013__2013_JUNE.json": ({"places": 226}, 1),
    f"{L}gpsbabel__googletakeout__googletakeout.gpx": ({}, 0),
    "myactivity": ({"activity": 6}, 0),
    "photos/Takeout1": ({}, 8),
    "photos/Takeout3": ({}, 3),
    "photos/gophers": ({}, 10),
    "photos-naming": ({}, 3),
    "purchases": ({}, 0),
    "structure": ({}, 0),
    "youtube": ({"activity": 4}, 0),
}
"""Sidecars have no pictures here, so each is set aside. Purchases, playlists and subscriptions are not read."""


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples(shared: Path, name: str) -> None:
    changes, bad = read(shared / "samples/google-takeout" / name)
    assert (Counter(change.stream for change in changes), len(bad)) == SAMPLES[name]
    assert all(change.data and encode(change.data) for change in changes)


def test_every_sample_file_is_in_the_table(shared: Path) -> None:
    folder = shared / "samples/google-takeout"
    files = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]
    assert [file for file in files if not any(file == name or file.startswith(f"{name}/") for name in SAMPLES)] == []


def test_sample_sidecars_find_the_pictures_they_were_written_for(shared: Path) -> None:
    folder = shared / "samples/google-takeout/photos-naming"
    expected: dict[str, str] = json.loads((folder / "_expected.json").read_text())
    assert pair(expected, expected.values()).sidecars == expected


def test_names_of_a_real_german_archive_are_gone_through(shared: Path, tmp_path: Path) -> None:
    names = json.loads((shared / "samples/google-takeout/structure/RecentTakeout_ger.paths.json").read_text())
    path = tmp_path / "takeout.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(f"Takeout/{name}", b"")
    assert recognise(path) is None
    assert read(path) == ([], [])
