"""Writes an entry of the live lists: a form under the number of the title, with no more in it than what differs."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.protocols.library_entry import Medium, differing, number_of, title_of
from entrepot.transport.client import Client

Json = dict[str, Any]

_SENT: Mapping[Medium, tuple[str, ...]] = {
    "anime": ("status", "is_rewatching", "num_watched_episodes", "num_times_rewatched"),
    "manga": ("status", "is_rereading", "num_chapters_read", "num_volumes_read", "num_times_reread"),
}
_OF_BOTH = ("score", "start_date", "finish_date", "priority", "tags", "comments")
_FIRST: Mapping[Medium, str] = {"anime": "plan_to_watch", "manga": "plan_to_read"}


def _prepared(record: Json, native: Json, _data: Json, *, medium: Medium) -> Json:
    wanted, held = record.get("list_status") or {}, native.get("list_status") or {}
    first: Json = {} if native else {"status": _FIRST[medium]}
    form: Json = {**first, **differing((*_SENT[medium], *_OF_BOTH), wanted, held)}
    if form.get("tags"):
        form["tags"] = _joined(form["tags"])
    return {name: "" if value in (None, []) else value for name, value in form.items()}


async def _known(data: Json, _http: Client, _words: Mapping[str, object], *, medium: Medium) -> Json:
    """RecordRefused where the number that MyAnimeList has for the work is not known."""
    title = title_of(data, medium, "MyAnimeList")
    if number_of(data, "mal") is None:
        raise RecordRefused(f"{title}: MyAnimeList's number of it is not known; add it there by hand.")
    return data


prepare_anime, prepare_manga = partial(_prepared, medium="anime"), partial(_prepared, medium="manga")
find_anime, find_manga = partial(_known, medium="anime"), partial(_known, medium="manga")


def _joined(tags: list[str]) -> str:
    if torn := next((tag for tag in tags if "," in tag), None):
        raise RecordRefused(f"MyAnimeList puts commas between tags, so it cannot keep the tag {torn!r}.")
    return ",".join(tags)
