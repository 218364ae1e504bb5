"""Writes an entry: finds the work at AniList, and sends only what differs from the entry there."""

from collections.abc import Mapping
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graphql import GraphQL
from entrepot.transport.client import Client

Json = dict[str, Any]

WORK = "query ($mal: Int, $type: MediaType) { Media(idMal: $mal, type: $type) { id } }"

_SENT = ("status", "scoreRaw", "progress", "progressVolumes", "repeat", "priority", "private", "notes")
_DATES = ("startedAt", "completedAt")
_NO_DATE = {"year": None, "month": None, "day": None}


async def find_anime(data: Json, http: Client, _words: Mapping[str, object]) -> Json:
    return await _found(data, http, "anime")


async def find_manga(data: Json, http: Client, _words: Mapping[str, object]) -> Json:
    return await _found(data, http, "manga")


def prepare(record: Json, native: Json, data: Json) -> Json:
    """The arguments of SaveMediaListEntry: the entry by its id, or for a new one the work and all it is to say."""
    differing = {name: record[name] for name in _SENT if name in record and record[name] != native.get(name)}
    if native:
        dates = {name: record[name] or _NO_DATE for name in _DATES if name in record}
        return {"id": native["id"], **differing, **dates}
    # AniList dates what begins as completed; a date that is said to be unknown stays so.
    dates = {name: record.get(name) or _NO_DATE for name in _DATES}
    work = {"mediaId": int(data["identifiers"]["anilist"])}
    return {**work, **differing, **dates, "status": record.get("status") or "PLANNING"}


async def _found(data: Json, http: Client, medium: str) -> Json:
    """With the id AniList has for the work; RecordRefused where it has none that we could know."""
    title = data.get("title") or "A title without a name"
    if data.get("medium", "anime") != medium:
        raise RecordRefused(f"{title}: AniList's list of {medium} cannot hold a {data['medium']}.")
    known = data.get("identifiers") or {}
    if str(known.get("anilist", "")).isdecimal():
        return data
    if not str(known.get("mal", "")).isdecimal():
        raise RecordRefused(
            f"{title}: neither AniList's nor MyAnimeList's number of it is known; add it there by hand."
        )
    variables = {"mal": int(known["mal"]), "type": medium.upper()}
    try:
        work = (await GraphQL(http, "/", unknown=RecordRefused).ask(WORK, variables)).get("Media")
    except RecordRefused:  # what is not there is answered with an error
        work = None
    if work is None:
        raise RecordRefused(f"{title}: AniList does not have MyAnimeList's {medium} {known['mal']}.")
    return {**data, "identifiers": {**known, "anilist": str(work["id"])}}
