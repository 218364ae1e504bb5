"""Completes an entry of a Kitsu library by the ids that others have for the work, and its address.

An entry that is asked for by itself comes in a document of its own, or in a list of one, with the work beside it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from entrepot.declarative.included import linked
from entrepot.transport.client import Client

Json = dict[str, Any]

_SITES: Mapping[str, str] = MappingProxyType(
    {
        "myanimelist/anime": "mal",
        "myanimelist/manga": "mal",
        "anilist/anime": "anilist",
        "anilist/manga": "anilist",
        "anidb": "anidb",
        "mangaupdates": "mangaupdates",
    }
)
"""Kitsu's name of a site with what it lists → the hub's; `anilist` alone is an id of AniList's first years."""


async def complete(record: Json, _http: Client, _words: Mapping[str, Any]) -> Json:
    """Adds, under `entrepot`, the identifiers and the address of the work."""
    if "attributes" not in record and "data" in record:
        record = _alone(record)
    work = _work(record)
    made = {"identifiers": dict(_identifiers(work)), "url": _address(work)}
    return {**record, "entrepot": made}


def _alone(document: Json) -> Json:
    """The entry of a document, or the first of a list that may hold one; empty where there is none."""
    held = document["data"]
    entries = held[:1] if isinstance(held, list) else [held]
    raws = linked([msgspec.Raw(msgspec.json.encode(_members(entry))) for entry in entries], document.get("included"))
    return msgspec.json.decode(raws[0]) if raws else {}


def _work(record: Json) -> Json:
    """The anime or manga; empty where Kitsu does not show it any more."""
    links = _members(record.get("relationships"))
    works = (_members(_members(links.get(kind)).get("data")) for kind in ("anime", "manga"))
    return next(filter(None, works), {})


def _identifiers(work: Json) -> Iterator[tuple[str, str]]:
    if work.get("id"):
        yield "kitsu", str(work["id"])
    mappings = _members(_members(work.get("relationships")).get("mappings")).get("data")
    for mapping in mappings if isinstance(mappings, list) else ():
        told = _members(_members(mapping).get("attributes"))
        site = _SITES.get(str(told.get("externalSite")))
        if site and told.get("externalId"):
            yield site, str(told["externalId"])


def _address(work: Json) -> str | None:
    slug = _members(work.get("attributes")).get("slug")
    return f"https://kitsu.app/{work.get('type')}/{slug}" if slug else None


def _members(held: Any) -> Json:
    return held if isinstance(held, dict) else {}
