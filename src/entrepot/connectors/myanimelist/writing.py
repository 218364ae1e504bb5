"""Writes an entry of the live lists: a form under the number of the title, with no more in it than what differs."""

from collections.abc import Mapping
from typing import Any, Literal

from entrepot.core.errors import RecordRefused
from entrepot.transport.client import Client

Json = dict[str, Any]
Medium = Literal["anime", "manga"]

_SENT: Mapping[Medium, tuple[str, ...]] = {
    "anime": ("status", "is_rewatching", "num_watched_episodes", "num_times_rewatched"),
    "manga": ("status", "is_rereading", "num_chapters_read", "num_volumes_read", "num_times_reread"),
}
_OF_BOTH = ("score", "start_date", "finish_date", "priority", "tags", "comments")
_FIRST: Mapping[Medium, str] = {"anime": "plan_to_watch", "manga": "plan_to_read"}


async def find_anime(data: Json, _http: Client, _words: Mapping[str, object]) -> Json:
    return _known(data, "anime")


async def find_manga(data: Json, _http: Client, _words: Mapping[str, object]) -> Json:
    return _known(data, "manga")


def prepare_anime(record: Json, native: Json, _data: Json) -> Json:
    return _form(record, native, "anime")


def prepare_manga(record: Json, native: Json, _data: Json) -> Json:
    return _form(record, native, "manga")


def _known(data: Json, medium: Medium) -> Json:
    title = data.get("title") or "A title without a name"
    if data.get("medium", "anime") != medium:
        raise RecordRefused(f"{title}: MyAnimeList's list of {medium} cannot hold a {data['medium']}.")
    if not str((data.get("identifiers") or {}).get("mal", "")).isdecimal():
        raise RecordRefused(f"{title}: MyAnimeList's number of it is not known; add it there by hand.")
    return data


def _form(record: Json, native: Json, medium: Medium) -> Json:
    wanted, held = record.get("list_status") or {}, native.get("list_status") or {}
    sent = (*_SENT[medium], *_OF_BOTH)
    form: Json = {name: wanted[name] for name in sent if name in wanted and wanted[name] != held.get(name)}
    if not native:
        form = {"status": _FIRST[medium], **form}
    if form.get("tags"):
        form["tags"] = _joined(form["tags"])
    return {name: "" if value in (None, []) else value for name, value in form.items()}


def _joined(tags: list[str]) -> str:
    if torn := next((tag for tag in tags if "," in tag), None):
        raise RecordRefused(f"MyAnimeList puts commas between tags, so it cannot keep the tag {torn!r}.")
    return ",".join(tags)
