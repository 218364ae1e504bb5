"""One anime or manga of the export as a library entry."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from lxml import etree

from entrepot.core.change import Change, Ref
from entrepot.core.lens import LensError
from entrepot.core.life import LibraryEntry
from entrepot.core.partial_date import FUZZY_ZEROS
from entrepot.core.scales import POINT_10_DECIMAL
from entrepot.protocols.archive_xml import Element

from .address import address_of

Status = Literal["current", "planned", "completed", "paused", "dropped", "repeating"]

STATUSES: Mapping[str, Status] = MappingProxyType(
    {
        "watching": "current",
        "reading": "current",
        "completed": "completed",
        "on-hold": "paused",
        "onhold": "paused",
        "dropped": "dropped",
        "plan to watch": "planned",
        "plan to read": "planned",
        "1": "current",
        "2": "completed",
        "3": "paused",
        "4": "dropped",
        "6": "planned",
    }
)
"""Words, or in old files the numbers that stand behind them."""

_PRIORITIES = {"low": 0, "medium": 1, "high": 2}
_YES = frozenset({"1", "yes", "true"})
_KEPT = {
    "my_storage": "storage",
    "my_storage_value": "storageValue",
    "my_rated": "rated",
    "my_rewatch_value": "rewatchValue",
    "my_reread_value": "rereadValue",
    "my_rewatching_ep": "rewatchingEpisode",
    "my_scanalation_group": "scanlationGroup",
    "my_retail_volumes": "retailVolumes",
}


def read_entry(stream: str, element: Element) -> Change:
    """ValueError says what is wrong with it, or names the number that is missing."""
    fields = {str(child.tag): (child.text or "").strip() for child in element}
    number = fields.get("series_animedb_id" if stream == "anime" else "manga_mangadb_id", "")
    if not number.isdecimal() or number == "0":
        raise ValueError("it has no number of MyAnimeList")
    data = _entry(stream, number, fields)
    return Change(stream, Ref(number), data, etree.tostring(element, encoding="utf-8", with_tail=False))


def _entry(stream: str, number: str, fields: dict[str, str]) -> LibraryEntry:
    is_anime = stream == "anime"
    title, total, progress, repeats, repeating = (
        ("series_title", "series_episodes", "my_watched_episodes", "my_times_watched", "my_rewatching")
        if is_anime
        else ("manga_title", "manga_chapters", "my_read_chapters", "my_times_read", "my_rereading")
    )
    return LibraryEntry(
        medium="anime" if is_anime else "manga",
        title=fields.get(title) or fields.get("series_title", ""),
        status=_status(fields, repeating),
        score=_score(fields.get("my_score", "")),
        progress=_count(fields, progress),
        progress_volumes=None if is_anime else _count(fields, "my_read_volumes"),
        total=_count(fields, total) or None,
        total_volumes=None if is_anime else _count(fields, "manga_volumes") or None,
        repeats=_count(fields, repeats),
        started=_date(fields, "my_start_date"),
        finished=_date(fields, "my_finish_date"),
        notes=fields.get("my_comments", ""),
        tags=[tag for part in fields.get("my_tags", "").split(",") if (tag := part.strip())],
        priority=_PRIORITIES.get(fields.get("my_priority", "").lower()),
        identifiers={"mal": number},
        format=fields.get("series_type") or None,
        url=address_of(stream, number),
        extra={name: value for tag, name in _KEPT.items() if (value := fields.get(tag, "")) not in {"", "0", "0.00"}},
    )


def _status(fields: dict[str, str], repeating: str) -> Status:
    """MyAnimeList writes what is seen again as completed, with a mark beside it."""
    written = fields.get("my_status", "")
    status = STATUSES.get(written.lower())
    if status is None:
        raise ValueError(f"{written!r} is not a status of MyAnimeList")
    return "repeating" if status == "completed" and fields.get(repeating, "").lower() in _YES else status


def _score(text: str) -> int | None:
    """0 is none; half points come from other services that write this format."""
    try:
        return POINT_10_DECIMAL.pull(float(text or 0)) or None
    except (ValueError, LensError) as error:
        raise ValueError(f"{text!r} is not a score from 0 to 10") from error


def _count(fields: dict[str, str], tag: str) -> int:
    text = fields.get(tag, "")
    if text and not text.isdecimal():
        raise ValueError(f"{tag} is {text!r}, not a number")
    return int(text or 0)


def _date(fields: dict[str, str], tag: str) -> str | None:
    try:
        return FUZZY_ZEROS.read(fields.get(tag, ""))
    except LensError as error:
        raise ValueError(f"{tag}: {error}") from error
