"""One entry of a feed and the feed around it; dates and keys in the forms feeds write them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from urllib.parse import urljoin

import msgspec

from entrepot.core.change import BadRow
from entrepot.core.people import Post


class Entry(msgspec.Struct, frozen=True):
    """`id` is stable: the feed's own, else the entry's address, else a hash of what it says. `native` is its text."""

    id: str
    post: Post
    native: bytes = b""


class Feed(msgspec.Struct, frozen=True):
    """`entries` in the feed's order; an entry without anything to show stands in `bad`."""

    title: str
    url: str | None
    entries: Sequence[Entry]
    bad: Sequence[BadRow] = ()


def address(base: str, link: str) -> str:
    """As seen from the feed; as it stands where it is no address."""
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def key(*parts: str | None) -> str:
    return blake2b("\x1f".join(part or "" for part in parts).encode(), digest_size=16).hexdigest()


def moment(text: str | None) -> datetime | None:
    """RFC 822 or RFC 3339, whichever it is; without a zone it is UTC, as RSS readers take it. None if unreadable."""
    if not text:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text.strip())
            return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
