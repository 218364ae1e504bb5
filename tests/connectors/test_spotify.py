from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from entrepot.connectors.spotify.importer import Spotify
from entrepot.core.change import BadRow, Change
from entrepot.core.life import Play
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Account, Match, Options

FIXTURES = Path(__file__).parents[2] / "src/entrepot/connectors/spotify/fixtures"


def read(path: Path, **options: str) -> tuple[list[Change], list[BadRow]]:
    with open_archive(path) as archive:
        found = list(Spotify().read(archive, Options(options)))
    return [one for one in found if isinstance(one, Change)], [one for one in found if isinstance(one, BadRow)]


def plays(path: Path) -> list[Play]:
    return [change.data for change in read(path)[0] if isinstance(change.data, Play)]


def recognise(path: Path) -> Match | None:
    with open_archive(path) as archive:
        return Spotify().recognise(archive)


def test_a_track_ends_at_its_time_stamp() -> None:
    track = plays(FIXTURES / "Streaming_History_Audio_2024_0.json")[0]
    assert track == Play(
        verb="Listen",
        title="Über den Dächern",
        object_type="track",
        started=datetime(2024, 3, 31, 1, 2, 10, tzinfo=UTC),
        ended=datetime(2024, 3, 31, 1, 5, 10, tzinfo=UTC),
        seconds=180.0,
        artist="Die Probe",
        album="Erste",
        uri="spotify:track:0000000000000000000001",
        url="https://open.spotify.com/track/0000000000000000000001",
        device="test",
        country="DE",
        skipped=False,
        offline=False,
        extra={"reasonStart": "trackdone", "reasonEnd": "trackdone", "shuffle": False, "incognitoMode": False},
    )


def test_a_repeated_row_is_the_same_play_and_a_broken_one_is_set_aside() -> None:
    changes, bad = read(FIXTURES / "Streaming_History_Audio_2024_0.json")
    assert len({change.ref.id for change in changes}) == len(changes) == 5
    assert [row.where for row in bad] == ["Streaming_History_Audio_2024_0.json, record 7"]


def test_an_offline_play_starts_at_its_own_time_in_milliseconds_too() -> None:
    offline = plays(FIXTURES / "Streaming_History_Audio_2024_0.json")[1]
    assert offline.started == datetime(2024, 3, 31, 15, 46, 40, 123000, tzinfo=UTC)
    assert offline.skipped is None


def test_podcasts_audiobooks_videos_and_plays_without_a_name() -> None:
    _, _, podcast, book, nameless = plays(FIXTURES / "Streaming_History_Audio_2024_0.json")
    assert (podcast.object_type, podcast.title, podcast.series) == ("episode", "Folge 1", "Die Reihe")
    assert podcast.url == "https://open.spotify.com/episode/0000000000000000000002"
    assert (book.object_type, book.title, book.series) == ("audiobook", "Kapitel 1", "Das Buch")
    assert (nameless.title, nameless.uri, nameless.seconds) == ("", None, 0)
    (video,) = plays(FIXTURES / "Streaming_History_Video_2024.json")
    assert (video.verb, video.title) == ("View", "Folge 2 im Bild")


def test_old_files_tell_whose_they_are() -> None:
    assert recognise(FIXTURES / "endsong_0.json") == Match(1.0, Account("user-one"), ["extended streaming history"])
    assert plays(FIXTURES / "endsong_0.json")[0].title == "Über den Dächern"


def test_addresses_are_kept_in_the_native_record_or_left_out() -> None:
    for name in ("endsong_0.json", "Streaming_History_Audio_2024_0.json"):
        kept, _ = read(FIXTURES / name)
        dropped, _ = read(FIXTURES / name, ip_addresses="drop")
        assert b"192.0.2." in kept[0].native
        assert b"192.0.2." not in dropped[0].native
        assert b'"platform":"test"' in dropped[0].native
        assert kept[0].ref == dropped[0].ref


def test_the_account_data_tells_the_last_year_to_the_minute() -> None:
    changes, bad = read(FIXTURES / "StreamingHistory_music_0.json")
    assert [change.stream for change in changes] == ["recent_plays"] * 3
    assert changes[1].ref.id == f"{changes[0].ref.id}-2"
    assert [row.where for row in bad] == ["StreamingHistory_music_0.json, record 4"]
    (podcast,) = plays(FIXTURES / "StreamingHistory_podcast_0.json")
    assert (podcast.object_type, podcast.series, podcast.seconds) == ("episode", "Die Reihe", 1800.0)


def test_two_whole_plays_of_a_title_that_were_sent_together_are_two(tmp_path: Path) -> None:
    """Offline plays share the time they were sent; old and new exports write their own start in other units."""
    record = (
        '{"ts": "2024-04-01T08:00:00Z", "ms_played": 180000, "spotify_track_uri": "spotify:track:1", "offline": true}'
    )
    path = tmp_path / "endsong_0.json"
    starts = ("1711900000", "1711900200", "1711900200123")
    rows = [record.replace("}", f', "offline_timestamp": {start}}}') for start in starts]
    path.write_text(f"[{','.join(rows)}]")
    assert len(read(path)[0]) == 2


def test_equal_rows_are_counted_in_each_file_by_itself(tmp_path: Path) -> None:
    """Two packages tell the same months; unpacked into one folder they are still the same plays."""
    row = '{"endTime": "2025-05-01 10:00", "artistName": "A", "trackName": "B", "msPlayed": 0}'
    for month, number in (("june", 2), ("july", 3)):
        (tmp_path / month).mkdir()
        (tmp_path / month / "StreamingHistory_music_0.json").write_text(f"[{','.join([row] * number)}]")
    ids = [change.ref.id for change in read(tmp_path)[0]]
    assert ids == [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"]


def test_old_and_new_files_together_tell_each_play_once(tmp_path: Path) -> None:
    """In other words each: given out twice, every import would write the one over the other again."""
    new = '{"ts": "2022-01-01T00:00:00Z", "ms_played": 1, "spotify_track_uri": "spotify:track:1", "skipped": false}'
    old = new.replace("}", ', "username": "probe"}').replace("false", "null")
    (tmp_path / "Streaming_History_Audio_2022_0.json").write_text(f"[{new}]")
    (tmp_path / "endsong_0.json").write_text(f"[{old}]")
    assert [play.skipped for play in plays(tmp_path)] == [False]


def test_whose_they_are_may_stand_in_a_later_file(tmp_path: Path) -> None:
    record = '[{"ts": "2024-01-01T00:00:00Z", "ms_played": 1}]'
    (tmp_path / "Streaming_History_Audio_2024_0.json").write_text(record)
    (tmp_path / "endsong_0.json").write_text(record.replace('"ms', '"username": "probe", "ms'))
    match = recognise(tmp_path)
    assert match is not None
    assert match.account == Account("probe")


def test_records_that_are_no_text_or_hold_impossible_numbers_are_set_aside(tmp_path: Path) -> None:
    good = '{"ts": "2024-01-01T00:00:00Z", "ms_played": 1}'
    rows = [good, good.replace("1}", "1e30}"), good.replace("}", ', "platform": "\\ud800"}'), good.replace("1}", "99999999999999999}"),
            good.replace("}", ', "offline": true, "offline_timestamp": 1e300}')]  # fmt: skip
    path = tmp_path / "endsong_0.json"
    path.write_bytes(b"[" + ",".join(rows).encode() + b"," + good.replace("}", ', "platform": "').encode() + b'\xff"}]')
    changes, bad = read(path)
    assert len(changes) == 1
    assert len(bad) == 5


def test_other_json_is_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "StreamingHistory0.json").write_text('[{"a": 1}]')
    (tmp_path / "endsong_0.json").write_text("[]")
    assert recognise(tmp_path) is None


def test_the_sample(shared: Path) -> None:
    changes, bad = read(shared / "samples/spotify/extended-history")
    assert Counter(change.stream for change in changes) == {"plays": 19}
    assert len({change.ref.id for change in changes}) == 19
    assert bad == []
    first = changes[0].data
    assert isinstance(first, Play)
    assert (first.title, first.artist, first.country, first.skipped) == ("only my railgun", "fripSide", "US", True)
    assert (first.started, first.seconds) == (datetime(2025, 4, 28, 21, 4, 33, 397000, tzinfo=UTC), 1.603)
