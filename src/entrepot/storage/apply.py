"""Applying a page: items, links, tombstones, refused rows, the position after it and the events, in one transaction."""

import msgspec

from entrepot.core.change import Origin, Page
from entrepot.storage.counts import Counts
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Writing


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """Where pages come from, and what may follow from them.

    `collection` is the remote collection that is read by itself, or "". `sweeps`: what a full listing did not show
    is gone (streams whose deletions are `absence` or `feed`, never those of `never`). `confirmed`: a person has
    looked at what the brake stopped, and wants it.
    """

    stream: Stream
    run: int
    origin: Origin
    collection: str = ""
    sweeps: bool = False
    confirmed: bool = False


def begin_listing(tx: Writing, feed: Feed) -> None:
    """Before a live stream is read without a cursor: forget the position and all marks of earlier listings."""
    raise NotImplementedError


def apply_page(tx: Writing, feed: Feed, page: Page) -> Counts:
    """Everything the page says becomes true, in the caller's transaction.

    Files that travel with records must be in the blobs already (`Blobs.keep`). The position moves for live pages;
    an archive's progress is the run's. Raises `SafetyStop` where too much would go.
    """
    raise NotImplementedError
