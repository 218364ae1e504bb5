"""My Activity and YouTube's history as JSON, and what both forms of it become."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.core.planner import Instant
from entrepot.protocols.archive_json import records
from entrepot.protocols.archive_keys import key_of
from entrepot.sdk.archive import Entry

from .wording import target_of, wording_of

STREAM = "activity"
BROKEN = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, OSError, RecursionError)


class Subtitle(msgspec.Struct):
    name: str = ""
    url: str | None = None


class Activity(msgspec.Struct, rename="camel", omit_defaults=True):
    """One line of My Activity. `title` holds words around the name unless `is_name`."""

    time: Instant
    header: str = ""
    title: str = ""
    title_url: str | None = None
    subtitles: list[Subtitle] = []
    products: list[str] = []
    details: list[Subtitle] = []


class _Visit(msgspec.Struct):
    """Chrome's own history; `time_usec` counts from 1970."""

    url: str
    time_usec: int
    title: str | None = None
    page_transition: str | None = None


_ACTIVITY = msgspec.json.Decoder(Activity)
_VISIT = msgspec.json.Decoder(_Visit)
_MICRO = 1_000_000


def read_activity(entry: Entry) -> Iterator[Change | BadRow]:
    for number, raw in enumerate(records(entry), start=1):
        try:
            yield activity_change(_ACTIVITY.decode(raw), msgspec.json.format(raw, indent=-1))
        except BROKEN as error:
            yield BadRow(STREAM, f"{entry.name}, record {number}", str(error))


def activity_change(activity: Activity, native: bytes, *, is_name: bool = False) -> Change:
    """JSON and HTML of one activity have the same key: the second and the address, or the title where there is none."""
    url = activity.title_url
    wording = wording_of(activity.title, url, is_name=is_name)
    by = activity.subtitles[0] if activity.subtitles else None
    is_youtube = wording.object_type in {"video", "track"}
    extra: dict[str, object] = {"product": activity.header} if activity.header else {}
    if activity.details:
        extra["details"] = [detail.name for detail in activity.details]
    if by and by.url and is_youtube:
        extra["channelUrl"] = by.url
    play = Play(
        verb=wording.verb,
        title=wording.title,
        started=activity.time,
        object_type=wording.object_type,
        artist=by.name if by and is_youtube else None,
        url=(target_of(url) or url) if url else None,
        extra=extra,
    )
    return Change(STREAM, Ref(_key(activity.time, url or activity.title)), play, native)


def read_browser(entry: Entry) -> Iterator[Change | BadRow]:
    """`BrowserHistory.json`, now `History.json`; its name and folder are translated."""
    for number, raw in enumerate(records(entry, "Browser History"), start=1):
        try:
            yield _visited(_VISIT.decode(raw), msgspec.json.format(raw, indent=-1))
        except BROKEN as error:
            yield BadRow(STREAM, f"{entry.name}, visit {number}", str(error))


def _visited(visit: _Visit, native: bytes) -> Change:
    extra = {"product": "Chrome", **({"pageTransition": visit.page_transition} if visit.page_transition else {})}
    play = Play(
        verb="View",
        title=visit.title or "",
        started=datetime.fromtimestamp(visit.time_usec / _MICRO, UTC),
        object_type="page",
        url=visit.url,
        extra=extra,
    )
    return Change(STREAM, Ref(key_of(str(visit.time_usec), visit.url)), play, native)


def _key(at: datetime, what: str) -> str:
    return key_of(str(int(at.timestamp())), what)
