"""Names of sidecars, written times and wordings of Google Takeout, one by one."""

from datetime import UTC, datetime

import pytest

from entrepot.connectors.google_takeout.measures import from_e7, from_text, instant
from entrepot.connectors.google_takeout.naming import SUFFIX, pair
from entrepot.connectors.google_takeout.wording import wording_of
from entrepot.connectors.google_takeout.written_times import Writing, read_written, zone_named

LONG = "PXL_20230809_203029137.PORTRAIT-01.COVER.jpg"
LONGER = "A_very_long_name_that_somebody_gave_to_a_pictu.jpg"


@pytest.mark.parametrize(
    ("picture", "sidecar"),
    [
        ("IMG.jpg", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG(1).jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json"),
        ("IMG(1).jpg", "IMG(1).jpg.json"),
        ("IMG(1).jpg", "IMG(1).jpg.supplemental-metadata.json"),
        ("IMG.jpg", "IMG.json"),
        ("IMG_20240601_120000.jpg", "IMG_20240601_120000.jpg.supplemental-metadata.json"),
        ("IMG_20240601_120000_HDR~2.jpg", "IMG_20240601_120000_HDR~2.jpg.supplemental-met.json"),
        (LONG, f"{(LONG + SUFFIX)[:46]}.json"),
        (LONG, f"{LONG}..json"),
        (LONG, f"{LONG}.json"),
        (LONGER, f"{LONGER[:46]}.json"),
        (LONGER.replace(".jpg", "(1).jpg"), f"{LONGER[:46]}(1).json"),
        ("IMG-edited.jpg", "IMG.jpg.json"),
        ("IMG-bearbeitet(1).jpg", "IMG.jpg.supplemental-metadata(1).json"),
        ("IMG-modifié.jpg", "IMG.jpg.supplemental-metadata.json"),
    ],
)
def test_a_sidecar_is_found(picture: str, sidecar: str) -> None:
    assert pair([picture], [sidecar]) == ({picture: sidecar}, {}, [])


def test_numbered_pictures_keep_their_own_sidecars() -> None:
    sidecars = {
        "IMG.jpg": "IMG.jpg.json",
        "IMG(1).jpg": "IMG.jpg(1).json",
        "IMG(2).jpg": "IMG.jpg(2).json",
        "IMG_1.jpg": "IMG_1.jpg.json",
    }
    assert pair(sidecars, sidecars.values()).sidecars == sidecars


@pytest.mark.parametrize(
    ("other", "original"),
    [
        ("IMG-edited.jpg", "IMG.jpg"), ("IMG-edited(1).jpg", "IMG(1).jpg"), ("IMG-unbekannt.jpg", "IMG.jpg"),
        ("IMG-edited.jpg", "IMG.heic"), ("IMG.MP4", "IMG.HEIC"), ("IMG(1).mov", "IMG(1).jpg"), ("IMG.MP", "IMG.MP.jpg"),
    ],
)  # fmt: skip
def test_edited_versions_and_live_videos_belong_to_their_original(other: str, original: str) -> None:
    pairs = pair([other, original], [f"{original}.json"])
    assert (pairs.sidecars, pairs.originals) == ({original: f"{original}.json"}, {other: original})


def test_what_has_no_partner_stays_alone() -> None:
    assert pair(["a.jpg", "b-edited.jpg", "c.mp4"], ["d.jpg.json", "metadata.json"]) == (
        {},
        {},
        ["d.jpg.json", "metadata.json"],
    )
    assert pair([], []) == ({}, {}, [])
    assert pair(["noending", ".jpg", "(1)", "(1).jpg"], [".json", "(1).json"]).originals == {}


@pytest.mark.parametrize(
    "text",
    [
        "Jan 15, 2024, 3:14:21\u202fAM UTC", "15 Jan 2024, 03:14:21 GMT", "15.01.2024, 04:14:21 MEZ", "15 janv. 2024, 04:14:21 CET",
        "2024/01/15 12:14:21 JST", "2024年1月15日 12:14:21 JST", "2024. 1. 15. 오후 12:14:21 KST", "15/01/2024, 03:14:21 UTC",
        "1/15/2024, 3:14:21 AM UTC", "15 ene 2024, 4:14:21 GMT+01:00", "15 de jan. de 2024, 00:14:21 BRT", "15 gen 2024, 04:14:21 CET",
        "15. tammikuuta 2024 klo 5.14.21 UTC+2", "14 jan. 2024 22:14:21 GMT-5", "15 янв. 2024 г., 06:14:21 MSK", "15 jan. 2024 05:44:21 UTC+02:30",
    ],
)  # fmt: skip
def test_a_written_time_is_read(text: str) -> None:
    assert read_written(text, Writing()) == datetime(2024, 1, 15, 3, 14, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2024, 03:14:21 UTC", "Jan 15, 2024, 3:14:21 AM IST", "Jan 15, 2024, 3:14:21 AM", "15 sty 2024, 03:14:21 CET",
        "Jan 15, 2024", "Jan 32, 2024, 3:14:21 AM UTC", "Jan 15, 24, 3:14:21 AM UTC", "Jan 15, 2024, 25:14:21 UTC", "13:14:21", "",
        "Jan 15, 2024, 13:14:21 PM UTC", "Jan 15, 2024, 3:14:21 AM GMT+99:00",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_written(text, Writing())


def test_a_zone_that_was_named_settles_what_names_none() -> None:
    writing = Writing(zone_named("Europe/Dublin"), "mdy")
    assert read_written("06/07/2024, 03:14:21 IST", writing) == datetime(2024, 6, 7, 2, 14, 21, tzinfo=UTC)
    assert read_written("Jan 15, 2024, 3:14:21 AM CET", writing) == datetime(2024, 1, 15, 2, 14, 21, tzinfo=UTC)
    for name in ("Atlantis", "../etc/passwd", "\0"):
        with pytest.raises(ValueError, match="time zone"):
            zone_named(name)


@pytest.mark.parametrize(
    ("title", "url", "expected"),
    [
        ("Watched A film", "https://www.youtube.com/watch?v=1", ("View", "A film", "video")),
        ("A film angesehen", "https://www.youtube.com/watch?v=1", ("View", "A film", "video")),
        ("Something unknown", "https://www.youtube.com/watch?v=1", ("View", "Something unknown", "video")),
        ("Watched a video that has been removed", None, ("View", "a video that has been removed", None)),
        ("Hledáno: x", "https://www.youtube.com/results?search_query=x+y", ("Search", "x y", None)),
        ("Searched for x", None, ("Search", "x", None)),
        ("Visited x", "https://www.google.com/url?q=https://example.org/search?q%3Dx", ("Search", "x", None)),
        ("Visited x", "http://[broken", ("View", "x", None)),
        ("Visited x", "https://www.youtube.com:port/watch", ("View", "x", None)),
        ("", "", ("View", "", None)),
    ],
)
def test_wordings(title: str, url: str | None, expected: tuple[str, str, str | None]) -> None:
    assert wording_of(title, url) == expected


def test_measures() -> None:
    assert from_e7(535400000, 99800000) == [9.98, 53.54]
    assert from_e7(535400000, -1221400000 + (1 << 32)) == [-122.14, 53.54]
    assert from_e7(-335000000 + (1 << 32), 1512000000) == [151.2, -33.5]
    assert from_text("48.833657°, 2.256223°") == from_text("geo:48.833657,2.256223;u=35") == [2.256223, 48.833657]
    assert from_text({"latLng": "-33.5°, -70.1°"}) == [-70.1, -33.5]
    assert from_text(None) is None
    assert from_e7(True, None) is None
    moment = datetime(2024, 6, 1, 12, tzinfo=UTC)
    forms = [
        "1717243200",
        "1717243200000",
        "1717243200000000",
        1717243200,
        "2024-06-01T12:00:00Z",
        "2024-06-01 14:00:00 +0200",
    ]
    assert [instant(form) for form in forms] == [moment] * len(forms)
    for wrong in ("", None, "noon", "2024-06-01T12:00:00"):
        with pytest.raises(ValueError, match=r"."):
            instant(wrong)
