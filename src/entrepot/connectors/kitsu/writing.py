"""Writes an entry: finds the work at Kitsu by the number another site has for it, and sends only what differs."""

from collections.abc import Mapping
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.transport.client import Client

Json = dict[str, Any]

_SENT = (
    *("status", "reconsuming", "progress", "reconsumeCount", "ratingTwenty"),
    *("startedAt", "finishedAt", "notes", "private"),
)
_SITES = (("mal", "myanimelist"), ("anilist", "anilist"))


async def find_anime(data: Json, http: Client, _words: Mapping[str, object]) -> Json:
    return await _found(data, http, "anime")


async def find_manga(data: Json, http: Client, _words: Mapping[str, object]) -> Json:
    return await _found(data, http, "manga")


def prepare(record: Json, native: Json, _data: Json) -> Json:
    """The attributes of the resource."""
    wanted, held = record.get("attributes") or {}, native.get("attributes") or {}
    differing = {name: wanted[name] for name in _SENT if name in wanted and wanted[name] != held.get(name)}
    return differing if native else {"status": "planned", **differing}


async def _found(data: Json, http: Client, medium: str) -> Json:
    """With the id Kitsu has for the work; RecordRefused where no site we know of leads to one."""
    title = data.get("title") or "A title without a name"
    if data.get("medium", "anime") != medium:
        raise RecordRefused(f"{title}: Kitsu's library of {medium} cannot hold a {data['medium']}.")
    known = data.get("identifiers") or {}
    if str(known.get("kitsu", "")).isdecimal():
        return data
    for name, site in _SITES:
        if number := known.get(name):
            found = await _mapped(http, f"{site}/{medium}", number, medium)
            if found:
                return {**data, "identifiers": {**known, "kitsu": found}}
    told = " and ".join(f"{site} {known[name]}" for name, site in _SITES if name in known)
    why = f"Kitsu knows no {medium} for {told}" if told else "no number of it is known that Kitsu could be asked for"
    raise RecordRefused(f"{title}: {why}; add it there by hand.")


async def _mapped(http: Client, site: str, number: str, medium: str) -> str | None:
    asked = {"filter[externalSite]": site, "filter[externalId]": number, "include": "item"}
    answer = await http.json("GET", "/mappings", params=asked, headers={"Accept": "application/vnd.api+json"})
    mappings = answer.get("data") if isinstance(answer, dict) else None
    for mapping in mappings if isinstance(mappings, list) else ():
        item = ((mapping.get("relationships") or {}).get("item") or {}).get("data") or {}
        if item.get("type") == medium and item.get("id"):
            return str(item["id"])
    return None
