"""Completes an entry of a Kitsu library: its status out of two fields, and the ids that others have for the work."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.library_status import KITSU
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
    """Adds, under `entrepot`, the status, the identifiers and the address of the work."""
    told = _members(record.get("attributes"))
    try:
        status = KITSU.pull(told.get("status"), told.get("reconsuming"))
    except LensError as why:
        raise RecordRefused(f"status: {why}") from why
    work = _work(record)
    made = {"status": status, "identifiers": dict(_identifiers(work)), "url": _address(work)}
    return {**record, "entrepot": made}


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
