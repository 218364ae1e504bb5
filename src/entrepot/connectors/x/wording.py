"""Text as X keeps it (HTML-escaped, with t.co addresses) and as it was written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import unescape

import msgspec


class Link(msgspec.Struct):
    url: str | None = None
    expanded_url: str | None = None
    expanded: str | None = None
    """What direct messages call it."""

    @property
    def target(self) -> str:
        return self.expanded_url or self.expanded or ""


def written(text: str, links: Iterable[Link], media: Iterable[Link] = ()) -> str:
    """Addresses of the post's own pictures go: they are attachments."""
    targets: Mapping[str, str] = {link.url: link.target for link in links if link.url and link.target}
    own = {link.url for link in media if link.url}
    words = unescape(text)
    for url, target in targets.items():
        words = words.replace(url, target)
    for url in own - targets.keys():
        words = words.replace(url, "")
    return words.rstrip() if own else words


def instant_of(text: str) -> datetime:
    """`Wed Oct 10 20:19:24 +0000 2018`, or ISO 8601 as in newer records; ValueError for anything else."""
    if text[:1].isalpha():
        return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} tells no zone")
    return found
