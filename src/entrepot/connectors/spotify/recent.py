"""The last year's plays of the account data: end to the minute in UTC, names, milliseconds."""

from datetime import UTC, datetime, timedelta

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.protocols.archive_keys import RepeatedKeys

STREAM = "recent_plays"


class _Record(msgspec.Struct, rename="camel"):
    end_time: str
    ms_played: int
    artist_name: str | None = None
    track_name: str | None = None
    podcast_name: str | None = None
    episode_name: str | None = None


_DECODER = msgspec.json.Decoder(_Record)


class RecentReader:
    """Two plays of the same title may end in the same minute after the same time: skipped twice at once."""

    def __init__(self) -> None:
        self._keys = RepeatedKeys()

    def read(self, raw: bytes, where: str) -> Change | BadRow:
        try:
            record = _DECODER.decode(raw)
            ended = datetime.strptime(record.end_time, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
            play = _play(record, ended)
            native = msgspec.json.format(raw, indent=-1)
        except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
            return BadRow(STREAM, where, str(error))
        key = self._keys.key_of(record.end_time, play.artist or play.series or "", play.title, str(record.ms_played))
        return Change(STREAM, Ref(key), play, native)


def _play(record: _Record, ended: datetime) -> Play:
    is_episode = record.episode_name is not None or record.podcast_name is not None
    return Play(
        verb="Listen",
        title=(record.episode_name if is_episode else record.track_name) or "",
        object_type="episode" if is_episode else "track",
        artist=record.artist_name,
        series=record.podcast_name,
        started=ended - timedelta(milliseconds=record.ms_played),
        ended=ended,
        seconds=record.ms_played / 1000,
    )
