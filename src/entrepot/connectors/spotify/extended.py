"""The extended streaming history: one record per play, of music, video, podcast or audiobook."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.core.planner import Instant
from entrepot.protocols.archive_keys import key_of

STREAM = "plays"
ADDRESSES = ("ip_addr", "ip_addr_decrypted")
_MILLISECONDS = 100_000_000_000
"""`offline_timestamp` is in seconds, in some years in milliseconds; above this it cannot be seconds."""


class _Record(msgspec.Struct):
    ts: Instant
    """When the play ended, or for an offline play when it was sent."""
    ms_played: int
    platform: str | None = None
    conn_country: str | None = None
    master_metadata_track_name: str | None = None
    master_metadata_album_artist_name: str | None = None
    master_metadata_album_album_name: str | None = None
    spotify_track_uri: str | None = None
    episode_name: str | None = None
    episode_show_name: str | None = None
    spotify_episode_uri: str | None = None
    audiobook_title: str | None = None
    audiobook_uri: str | None = None
    audiobook_chapter_uri: str | None = None
    audiobook_chapter_title: str | None = None
    reason_start: str | None = None
    reason_end: str | None = None
    shuffle: bool | None = None
    skipped: bool | int | None = None
    offline: bool | None = None
    offline_timestamp: int | float | None = None
    incognito_mode: bool | None = None


_DECODER = msgspec.json.Decoder(_Record)
_KEPT = {
    "reason_start": "reasonStart",
    "reason_end": "reasonEnd",
    "shuffle": "shuffle",
    "incognito_mode": "incognitoMode",
}


class PlayReader:
    def __init__(self, *, keeps_addresses: bool) -> None:
        self._keeps_addresses = keeps_addresses

    def read(self, raw: bytes, where: str, *, is_video: bool) -> Change | BadRow:
        """Spotify repeats rows; the same end, title and length is the same play.

        What was played offline is sent together, so there only its own start tells two whole plays of a title apart.
        """
        try:
            record = _DECODER.decode(raw)
            play = _play(record, is_video=is_video)
            native = self._native(raw)
        except (msgspec.MsgspecError, ValueError, OverflowError, OSError, RecursionError) as error:
            return BadRow(STREAM, where, str(error))
        what = (play.uri or play.title, str(record.ms_played))
        sent = record.ts.astimezone(UTC).isoformat()
        own = _offline_start(record)
        key = key_of(sent, *what, own.isoformat(timespec="seconds")) if own else key_of(sent, *what)
        return Change(STREAM, Ref(key), play, native)

    def _native(self, raw: bytes) -> bytes:
        if self._keeps_addresses:
            return msgspec.json.format(raw, indent=-1)
        record = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        return msgspec.json.encode({name: value for name, value in record.items() if name not in ADDRESSES})


def _play(record: _Record, *, is_video: bool) -> Play:
    started, ended = _times(record)
    uri = record.spotify_episode_uri or record.audiobook_chapter_uri or record.audiobook_uri or record.spotify_track_uri
    object_type, title, series = _object(record)
    return Play(
        verb="View" if is_video else "Listen",
        title=title,
        series=series,
        object_type=object_type,
        started=started,
        ended=ended,
        seconds=record.ms_played / 1000,
        artist=record.master_metadata_album_artist_name,
        album=record.master_metadata_album_album_name,
        uri=uri,
        url=_web_address(uri),
        device=record.platform,
        country=record.conn_country if record.conn_country != "ZZ" else None,
        skipped=None if record.skipped is None else bool(record.skipped),
        offline=record.offline,
        extra={name: value for field, name in _KEPT.items() if (value := getattr(record, field)) is not None},
    )


def _object(record: _Record) -> tuple[Literal["track", "episode", "audiobook"], str, str | None]:
    if record.audiobook_title or record.audiobook_uri or record.audiobook_chapter_uri:
        return "audiobook", record.audiobook_chapter_title or record.audiobook_title or "", record.audiobook_title
    if record.episode_name or record.episode_show_name or record.spotify_episode_uri:
        return "episode", record.episode_name or "", record.episode_show_name
    return "track", record.master_metadata_track_name or "", None


def _times(record: _Record) -> tuple[datetime, datetime]:
    """An offline play is sent later, so its own start counts."""
    length = timedelta(milliseconds=record.ms_played)
    started = _offline_start(record)
    return (started, started + length) if started else (record.ts - length, record.ts)


def _offline_start(record: _Record) -> datetime | None:
    stamp = record.offline_timestamp
    if not record.offline or not stamp:
        return None
    return datetime.fromtimestamp(stamp / 1000 if stamp > _MILLISECONDS else stamp, UTC)


def _web_address(uri: str | None) -> str | None:
    """`spotify:track:ID` is https://open.spotify.com/track/ID; local files have no address."""
    parts = (uri or "").split(":")
    return f"https://open.spotify.com/{parts[1]}/{parts[2]}" if len(parts) == 3 and parts[1] != "local" else None
