"""What AniList, MyAnimeList and Kitsu have in common when an entry of a list is written."""

from collections.abc import Sequence
from typing import Any, Literal

from entrepot.core.errors import RecordRefused

Json = dict[str, Any]
Medium = Literal["anime", "manga"]


def title_of(entry: Json, medium: Medium, service: str) -> str:
    """For sentences about the entry. RecordRefused where the service's list of this medium is not for it."""
    title = entry.get("title") or "A title without a name"
    if entry.get("medium", "anime") != medium:
        raise RecordRefused(f"{title}: {service}'s list of {medium} cannot hold a {entry['medium']}.")
    return title


def number_of(entry: Json, site: str) -> str | None:
    """The number a site has for the work; None where none is known, or what is known is no number."""
    number = str((entry.get("identifiers") or {}).get(site, ""))
    return number if number.isdecimal() else None


def with_number(entry: Json, site: str, number: str) -> Json:
    return {**entry, "identifiers": {**(entry.get("identifiers") or {}), site: number}}


def differing(names: Sequence[str], wanted: Json, held: Json) -> Json:
    """No more is sent than what differs, so that what somebody changes there meanwhile stays."""
    return {name: wanted[name] for name in names if name in wanted and wanted[name] != held.get(name)}
