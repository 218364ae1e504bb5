"""What an activity was: from its address where that tells, else from the words Google puts around its name."""

import re
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

Verb = Literal["Listen", "View", "Read", "Search"]

_SEARCHED = re.compile(
    r"(?:Searched for|Vous avez recherché|Recherche\s*:|Has buscado|Hai cercato|Você pesquisou|"
    r"Pesquisou por|Gezocht naar)"
    r"\s+(?P<name>.+)|Nach [„\"](?P<german>.+)[“\"] gesucht|(?P<japanese>.+) を検索しました",
    re.DOTALL,
)
_WATCHED = re.compile(
    r"(?:Watched|Viewed|Visited|Listened to|Read|Used|Vous avez regardé|Vous avez consulté|Has visto|Has visitado|"
    r"Hai guardato|Hai visitato|Você assistiu a|Assistiu a|Bekeken:?)\s+(?P<name>.+)|"
    r"(?P<german>.+) (?:angesehen|aufgerufen|angehört|bekeken)|(?P<japanese>.+) を視聴しました",
    re.DOTALL,
)
_QUERIES = ("search_query", "q", "query")


class Wording(NamedTuple):
    verb: Verb
    title: str
    object_type: str | None


def wording_of(title: str, url: str | None, *, is_name: bool = False) -> Wording:
    """`is_name`: the title stood in a link of its own, without words around it."""
    address = urlsplit(target_of(url)) if url else None
    query = _query(address.query) if address and _is_search(address.path) else None
    searched = None if is_name else _SEARCHED.fullmatch(title)
    if query or searched:
        return Wording("Search", query or _name(searched) or title, None)
    watched = None if is_name else _WATCHED.fullmatch(title)
    host = address.hostname or "" if address else ""
    name = _name(watched) or title
    if host == "music.youtube.com":
        return Wording("Listen", name, "track")
    is_video = (
        host.endswith(("youtube.com", "youtu.be")) and address is not None and not address.path.startswith("/post")
    )
    return Wording("View", name, "video" if is_video else None)


def target_of(url: str) -> str:
    """Where Google's own redirect leads: `https://www.google.com/url?q=…`."""
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.hostname.startswith("www.google.") and parts.path == "/url":
            return _query(parts.query) or url
        urlsplit(url).port  # noqa: B018 - asks whether the address is one at all
    except ValueError:
        return ""
    return url


def _is_search(path: str) -> bool:
    return path.rstrip("/").endswith(("/search", "/results"))


def _query(query: str) -> str | None:
    try:
        given = parse_qs(query)
    except ValueError:
        return None
    return next((given[name][0] for name in _QUERIES if given.get(name)), None)


def _name(found: re.Match[str] | None) -> str | None:
    return next((name for name in found.groups() if name), None) if found else None
