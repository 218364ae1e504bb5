"""Text as X keeps it (HTML-escaped, with t.co addresses) and as it was written."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from html import unescape

import msgspec

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WRITTEN = re.compile(r"\w{3} (\w{3}) (\d{2}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2}) (\d{4})")


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
        return _instant_in_english(text)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} tells no zone")
    return found


def _instant_in_english(text: str) -> datetime:
    """By hand: strptime knows the months in the language of the process alone."""
    found = _WRITTEN.fullmatch(text)
    if not found or found[1] not in _MONTHS:
        raise ValueError(f"{text!r} is not a time as X writes it")
    day, hour, minute, second, hours, minutes, year = (int(found[group]) for group in (2, 3, 4, 5, 7, 8, 9))
    offset = timedelta(hours=hours, minutes=minutes)
    zone = timezone(-offset if found[6] == "-" else offset)
    return datetime(year, _MONTHS.index(found[1]) + 1, day, hour, minute, second, tzinfo=zone)
