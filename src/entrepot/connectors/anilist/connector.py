"""Writes an entry: finds the work at AniList, and sends only what differs from the entry there."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graphql import GraphQL
from entrepot.protocols.library_entry import Medium, differing, number_of, title_of, with_number
from entrepot.transport.client import Client

Json = dict[str, Any]

WORK = "query ($mal: Int, $type: MediaType) { Media(idMal: $mal, type: $type) { id } }"

_SENT = ("status", "scoreRaw", "progress", "progressVolumes", "repeat", "priority", "private", "notes")
_DATES = ("startedAt", "completedAt")
_NO_DATE = {"year": None, "month": None, "day": None}


def prepare(record: Json, native: Json, data: Json) -> Json:
    """The arguments of SaveMediaListEntry: the entry by its id, or for a new one the work and all it is to say."""
    changed = differing(_SENT, record, native)
    if native:
        dates = {name: record[name] or _NO_DATE for name in _DATES if name in record}
        return {"id": native["id"], **changed, **dates}
    # AniList dates what begins as completed; a date that is said to be unknown stays so.
    dates = {name: record.get(name) or _NO_DATE for name in _DATES}
    work = {"mediaId": int(data["identifiers"]["anilist"])}
    return {**work, **changed, **dates, "status": record.get("status") or "PLANNING"}


async def _found(data: Json, http: Client, _words: Mapping[str, object], *, medium: Medium) -> Json:
    """With the id AniList has for the work; RecordRefused where it has none that we could know."""
    title = title_of(data, medium, "AniList")
    if number_of(data, "anilist"):
        return data
    mal = number_of(data, "mal")
    if mal is None:
        raise RecordRefused(
            f"{title}: neither AniList's nor MyAnimeList's number of it is known; add it there by hand."
        )
    try:
        asked = {"mal": int(mal), "type": medium.upper()}
        work = (await GraphQL(http, "/", unknown=RecordRefused).ask(WORK, asked)).get("Media")
    except RecordRefused:  # what is not there is answered with an error
        work = None
    if work is None:
        raise RecordRefused(f"{title}: AniList does not have MyAnimeList's {medium} {mal}.")
    return with_number(data, "anilist", str(work["id"]))


find_anime = partial(_found, medium="anime")
find_manga = partial(_found, medium="manga")
