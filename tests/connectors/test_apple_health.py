from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from entrepot.connectors.apple_health.importer import AppleHealth
from entrepot.connectors.apple_health.keys import NearKeys
from entrepot.connectors.apple_health.mending import mend
from entrepot.connectors.apple_health.route import MOST_POINTS
from entrepot.core.change import BadRow, Change
from entrepot.core.errors import PersonMustFix
from entrepot.core.kinds import decode, encode
from entrepot.core.life import HealthSample, TrackPoint, Workout
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Match, Options

FIXTURES = Path(__file__).parents[2] / "src/entrepot/connectors/apple_health/fixtures"
HEAD = '<HealthData locale="en_US">'
STEPS = (
    '<Record type="HKQuantityTypeIdentifierStepCount" sourceName="Watch" unit="count" startDate="2026-05-01 08:00:00 {offset}"'
    ' endDate="2026-05-01 08:09:00 {offset}" value="{value}"/>'
)


def read(path: Path) -> tuple[list[Change], list[BadRow]]:
    with open_archive(path) as archive:
        found = list(AppleHealth().read(archive, Options({})))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, BadRow)]


def read_text(folder: Path, body: str | bytes) -> tuple[list[Change], list[BadRow]]:
    path = folder / "export.xml"
    path.write_bytes(body if isinstance(body, bytes) else (HEAD + body + "</HealthData>").encode())
    return read(path)


def samples(changes: list[Change]) -> list[HealthSample]:
    return [change.data for change in changes if isinstance(change.data, HealthSample)]


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return AppleHealth().recognise(archive)


def steps(value: object = 512, offset: str = "+0200") -> str:
    return STEPS.format(value=value, offset=offset)


@pytest.fixture(scope="module")
def fixture() -> tuple[list[Change], list[BadRow]]:
    return read(FIXTURES / "apple_health_export")


def test_an_export_is_known_by_its_root_whatever_its_name() -> None:
    assert recognise(FIXTURES / "apple_health_export") == Match(1.0, None, ["health records", "1 routes"])


def test_other_xml_is_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "export.xml").write_text("<ClinicalDocument/>")
    (tmp_path / "export_cda.xml").write_text("HealthData")
    assert recognise(tmp_path) is None


def test_equal_rows_are_counted_and_the_device_address_is_in_no_key(fixture: tuple[list[Change], list[BadRow]]) -> None:
    first, second, phone = fixture[0][:3]
    assert second.ref.id == f"{first.ref.id}-2"
    assert phone.ref.id not in {first.ref.id, second.ref.id}
    assert first.data == second.data == HealthSample(
        type="step-count",
        start=datetime(2026, 5, 1, 6, tzinfo=UTC),
        end=datetime(2026, 5, 1, 6, 9, tzinfo=UTC),
        value=512.0,
        unit="count",
        source="Reloj\u00a0de prueba",
        device="Apple Watch (Watch6,2)",
        extra={"sourceVersion": "11.1"},
    )  # fmt: skip
    assert first.native == b""


def test_a_source_has_the_name_that_health_writes(tmp_path: Path) -> None:
    changes, _ = read_text(tmp_path, steps().replace('"Watch"', '"Kim’s Apple Watch"'))
    assert samples(changes)[0].source == "Kim’s Apple Watch"


def test_a_blood_pressure_is_one_sample_and_a_single_pressure_stays(fixture: tuple[list[Change], list[BadRow]]) -> None:
    pressures = [one for one in samples(fixture[0]) if "ressure" in one.type]
    assert [(one.type, one.value, one.components) for one in pressures] == [
        ("blood-pressure", None, {"systolic": 121.0, "diastolic": 79.0}),
        ("HKQuantityTypeIdentifierBloodPressureSystolic", 118.0, {}),
    ]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_reading_takes_its_records_wherever_it_stands(tmp_path: Path, is_first: bool) -> None:
    record = steps(120).replace("StepCount", "BloodPressureSystolic")
    reading = f'<Correlation type="HKCorrelationTypeIdentifierBloodPressure" startDate="2026-05-01 08:00:00 +0200" endDate="2026-05-01 08:09:00 +0200">{record}</Correlation>'
    changes, _ = read_text(tmp_path, reading + record * 2 if is_first else record * 2 + reading)
    assert sorted(one.type for one in samples(changes)) == [
        "HKQuantityTypeIdentifierBloodPressureSystolic",
        "blood-pressure",
    ]


def test_sleep_and_sessions_are_words_and_beats_are_kept(fixture: tuple[list[Change], list[BadRow]]) -> None:
    by_type = {one.type: one for one in samples(fixture[0])}
    sleep = by_type["HKCategoryTypeIdentifierSleepAnalysis"]
    assert (sleep.text, sleep.value, sleep.metadata) == ("AsleepCore", None, {"HKTimeZone": "Europe/Madrid"})
    assert by_type["HKCategoryTypeIdentifierMindfulSession"].text is None
    assert by_type["HKCorrelationTypeIdentifierFood"].text == "Lentejas"
    assert by_type["HKQuantityTypeIdentifierHeartRateVariabilitySDNN"].extra["beats"][1] == {
        "bpm": "68",
        "time": "8:02:02,05",
    }
    assert by_type["body-fat-percentage"].source == "Báscula   de prueba"


def test_a_workout_has_metres_seconds_kilocalories_and_its_route(fixture: tuple[list[Change], list[BadRow]]) -> None:
    change = next(change for change in fixture[0] if change.stream == "workouts")
    workout = change.data
    assert isinstance(workout, Workout)
    assert (workout.sport, workout.total_elapsed_time, workout.total_timer_time) == ("cross_country_skiing", 2040, 1890)
    assert (workout.total_distance, workout.total_calories, workout.total_ascent) == (5250, 300, 42.5)
    assert (workout.avg_heart_rate, workout.max_heart_rate) == (141.5, 171)
    assert workout.route[0] == TrackPoint(
        at=datetime(2026, 5, 1, 5, 10, 3, tzinfo=UTC), latitude=40.101, longitude=-3.701, altitude=1830.5
    )
    assert len(workout.route) == 2
    assert workout.extra["events"] == [{"type": "HKWorkoutEventTypePause", "date": "2026-05-01T05:20:00+00:00"}]
    assert [file.media_type for file in change.files] == ["application/gpx+xml"]
    assert decode("workout", encode(workout)) == workout


def test_an_old_workout_tells_its_totals_and_points_itself(fixture: tuple[list[Change], list[BadRow]]) -> None:
    workout = [change.data for change in fixture[0] if change.stream == "workouts"][1]
    assert isinstance(workout, Workout)
    assert (workout.sport, workout.total_distance, workout.total_calories) == ("yoga", None, 60)
    assert [point.altitude for point in workout.route] == [655.5]
    assert workout.extra["missingRoutes"] == ["/workout-routes/route_missing.gpx"]


def test_the_rings_of_a_day_are_one_sample(fixture: tuple[list[Change], list[BadRow]]) -> None:
    (rings,) = [change.data for change in fixture[0] if change.stream == "activity_summaries"]
    assert isinstance(rings, HealthSample)
    assert rings.metadata == {"date": "2026-05-01", "activeEnergyBurnedUnit": "kcal"}
    assert rings.components["appleStandHours"] == 13


def test_what_cannot_be_read_is_set_aside_with_its_place(fixture: tuple[list[Change], list[BadRow]]) -> None:
    assert [(row.stream, row.where.partition(", ")[2]) for row in fixture[1]] == [
        ("samples", "element 5 (Record HKQuantityTypeIdentifierHeartRate)"),
        ("workouts", "element 21 (Workout HKWorkoutActivityTypeRowing)"),
        ("activity_summaries", "element 23 (ActivitySummary ayer)"),
    ]


def test_the_offset_of_the_export_changes_nothing(tmp_path: Path) -> None:
    summer, _ = read_text(tmp_path, steps())
    winter, _ = read_text(tmp_path, steps(offset="+0100").replace("08:0", "07:0"))
    assert [(one.ref, one.data) for one in summer] == [(one.ref, one.data) for one in winter]


@pytest.mark.parametrize(
    "bad",
    [
        steps("nan"), steps("1e999"), steps(""), steps(offset=""), steps(offset="+9900"), steps().replace("2026", "0000"),
        steps().replace("2026-05-01 08:00:00 +0200", "0001-01-01 00:00:00 +0200"), steps().replace("startDate", "start"),
        steps().replace("type=", "kind="), "<Record/>", "<Workout/>", "<ActivitySummary/>", "<Correlation/>",
        '<Correlation type="HKCorrelationTypeIdentifierBloodPressure"><Record/></Correlation>',
        '<Workout workoutActivityType="" startDate="x" endDate="y"/>',
    ],
)  # fmt: skip
def test_one_broken_element_is_one_bad_row(tmp_path: Path, bad: str) -> None:
    changes, refused = read_text(tmp_path, steps(1) + bad + steps(2))
    assert (len(changes), len(refused)) == (2, 1)


@pytest.mark.parametrize(
    "noise",
    ["\x0b", "&#11;", "&#xB;", "&#x0000b;", "&#xFFFF;", "&#xD800;", "&#99999999;", "\ufffe", "\uffff"],
)
def test_characters_that_are_no_xml_become_blanks(tmp_path: Path, noise: str) -> None:
    changes, refused = read_text(tmp_path, steps().replace("Watch", f"My{noise}Watch"))
    assert [one.source for one in samples(changes)] == ["My Watch"]
    assert refused == []


def test_bytes_that_are_no_utf8_and_names_with_blanks_are_mended(tmp_path: Path) -> None:
    record = steps().replace('unit="count"', 'unit="count" Was User Entered="1"').encode()
    changes, _ = read_text(tmp_path, HEAD.encode() + record.replace(b"Watch", b"W\xe9tch \xf0\x9f") + b"</HealthData>")
    assert [one.source for one in samples(changes)] == ["W\ufffdtch \ufffd"]
    assert mend(b'<a b="c &#65;" d="e"/>') == b'<a b="c &#65;" d="e"/>'


def test_the_broken_dtd_is_passed_over_and_entities_are_refused(tmp_path: Path) -> None:
    dtd = b'<?xml version="1.0"?><!DOCTYPE HealthData [<!ATTLIST A b CDATA #IMPLIED <!ELEMENT C EMPTY>]>'
    body = (HEAD + steps() + "</HealthData>").encode()
    assert len(read_text(tmp_path, dtd + body)[0]) == 1
    bomb = dtd.replace(b"[", b'[<!ENTITY a "lol"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">', 1)
    path = tmp_path / "export.xml"
    path.write_bytes(bomb + body)
    assert recognise(path) is None


def test_what_came_before_the_end_of_a_cut_off_file_is_given(tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(HEAD + steps(1) + steps(2) + '<Record type="HK')
    with open_archive(path) as archive:
        given = AppleHealth().read(archive, Options({}))
        assert [isinstance(next(given), Change) for _ in range(2)] == [True, True]
        with pytest.raises(PersonMustFix, match=r"export\.xml"):
            next(given)


def test_an_empty_export_has_nothing(tmp_path: Path) -> None:
    assert read_text(tmp_path, "") == ([], [])


def test_a_long_route_is_thinned_and_a_broken_one_gives_what_it_can(tmp_path: Path) -> None:
    points = "".join(f'<trkpt lat="40.0" lon="{number / 10_000}"/>' for number in range(5000))
    for name, end in (("whole.gpx", "</trkseg></trk></gpx>"), ("cut.gpx", "<trkpt ")):
        (tmp_path / name).write_text(f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>{points}{end}')
        workout = f'<Workout workoutActivityType="HKWorkoutActivityTypeRunning" startDate="2026-05-01 07:10:00 +0200" endDate="2026-05-01 07:44:00 +0200"><WorkoutRoute><FileReference path="/workout-routes/{name}"/></WorkoutRoute></Workout>'
        (tmp_path / "export.xml").write_text(HEAD + workout + "</HealthData>")
        (change,), _ = read(tmp_path)
        assert isinstance(change.data, Workout)
        route = change.data.route
        assert MOST_POINTS // 2 < len(route) <= MOST_POINTS + 1
        assert (route[0].longitude, route[-1].longitude) == (0.0, 0.4999)
        assert change.files[0].size == (tmp_path / name).stat().st_size


def test_equal_rows_are_counted_nearby_in_constant_memory() -> None:
    keys = NearKeys(near=3)
    first = keys.key_of("a")
    assert [keys.key_of("a"), keys.key_of("b"), keys.key_of("c"), keys.key_of("a")] == [
        f"{first}-2", keys.key_of("b").removesuffix("-2"), keys.key_of("c").removesuffix("-2"), f"{first}-3",
    ]  # fmt: skip
    for number in range(9):
        keys.key_of(str(number))
    assert keys.key_of("a") == first


@pytest.mark.parametrize("before", range(5))
def test_rows_before_and_behind_change_no_number(before: int) -> None:
    """A later export has more of everything, also before what was there."""
    keys = NearKeys(near=4)
    for number in range(before):
        keys.key_of(f"new {number}")
    assert [keys.key_of(part)[32:] for part in "abcabcbxxxxaa"] == [
        "", "", "", "-2", "-2", "-2", "-3", "", "-2", "-3", "-4", "", "-2",
    ]  # fmt: skip


def test_held_back_pressures_are_given_before_a_file_turns_out_to_be_cut_off(tmp_path: Path) -> None:
    pressure = steps(120).replace("StepCount", "BloodPressureSystolic")
    (tmp_path / "other.xml").write_text("<other/>")
    (tmp_path / "export.xml").write_text(HEAD + pressure + '<Record type="HK')
    changes, bad = read(tmp_path)
    assert [one.value for one in samples(changes)] == [120.0]
    assert [row.where for row in bad] == ["export.xml"]


SAMPLES = {
    "export.xml": ({"samples": 2, "workouts": 1, "activity_summaries": 2}, 2, 0),
    "ios16-broken-dtd/export.xml": ({"samples": 1}, 0, 0),
    "zip/apple_health_export": ({"samples": 2, "workouts": 1, "activity_summaries": 2}, 3, 1),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples(shared: Path, name: str) -> None:
    streams, points, files = SAMPLES[name]
    changes, bad = read(shared / "samples/apple-health" / name)
    assert (Counter(change.stream for change in changes), bad) == (streams, [])
    assert len({(change.stream, change.ref.id) for change in changes}) == len(changes)
    assert sum(len(change.data.route) for change in changes if isinstance(change.data, Workout)) == points
    assert sum(len(change.files) for change in changes) == files


def test_the_sample_workout_in_miles(shared: Path) -> None:
    changes, _ = read(shared / "samples/apple-health/export.xml")
    (workout,) = [change.data for change in changes if isinstance(change.data, Workout)]
    assert workout.total_distance == pytest.approx(800.125658)
    assert (workout.sport, workout.start) == ("running", datetime(2016, 11, 14, 14, 25, 41, tzinfo=UTC))
