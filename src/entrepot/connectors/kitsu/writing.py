"""Writes an entry: finds the work at Kitsu by the number another site has for it, and sends only what differs."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.protocols.library_entry import Medium, differing, number_of, title_of, with_number
from entrepot.transport.client import Client

Json = dict[str, Any]

_SENT = (
    *("status", "reconsuming", "progress", "reconsumeCount", "ratingTwenty"),
    *("startedAt", "finishedAt", "notes", "private"),
)
_SITES = (("mal", "myanimelist"), ("anilist", "anilist"))


def prepare(record: Json, native: Json, _data: Json) -> Json:
    """The attributes of the resource."""
    wanted, held = record.get("attributes") or {}, native.get("attributes") or {}
    changed = differing(_SENT, wanted, held)
    return changed if native else {"status": "planned", **changed}


async def _found(data: Json, http: Client, _words: Mapping[str, object], *, medium: Medium) -> Json:
    """With the id Kitsu has for the work; RecordRefused where no site we know of leads to one."""
    title = title_of(data, medium, "Kitsu")
    if number_of(data, "kitsu"):
        return data
    known = data.get("identifiers") or {}
    for name, site in _SITES:
        if number := known.get(name):
            found = await _mapped(http, f"{site}/{medium}", number, medium)
            if found:
                return with_number(data, "kitsu", found)
    told = " and ".join(f"{site} {known[name]}" for name, site in _SITES if name in known)
    why = f"Kitsu knows no {medium} for {told}" if told else "no number of it is known that Kitsu could be asked for"
    raise RecordRefused(f"{title}: {why}; add it there by hand.")


find_anime = partial(_found, medium="anime")
find_manga = partial(_found, medium="manga")


async def _mapped(http: Client, site: str, number: str, medium: str) -> str | None:
    asked = {"filter[externalSite]": site, "filter[externalId]": number, "include": "item"}
    answer = await http.json("GET", "/mappings", params=asked, headers={"Accept": "application/vnd.api+json"})
    mappings = answer.get("data") if isinstance(answer, dict) else None
    for mapping in mappings if isinstance(mappings, list) else ():
        item = ((mapping.get("relationships") or {}).get("item") or {}).get("data") or {}
        if item.get("type") == medium and item.get("id"):
            return str(item["id"])
    return None
