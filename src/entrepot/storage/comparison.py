"""Comparing the changes of a page with what is linked already: what each of them means for the hub."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

from entrepot.core.change import BadRow, Change
from entrepot.core.kinds import KINDS, encode
from entrepot.storage.feed import Feed
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading

HASH_BYTES = 16


class Link(NamedTuple):
    """What is known of a record of the stream. `hash` covers its data and its files."""

    object_id: str
    key: int
    item: int
    collection: int | None
    version: str | None
    hash: bytes
    native_hash: bytes
    origin: str
    gone_at: int | None


class State(NamedTuple):
    """What a change says its record is now."""

    change: Change
    collection: int | None
    body: bytes
    hash: bytes
    native_hash: bytes


def read_links(tx: Reading, stream: Stream, object_ids: Iterable[str]) -> dict[str, Link]:
    rows = tx.fetch(
        "SELECT object_id, id, item_id, collection_id, version, hash, native_hash, origin, gone_at"
        f" FROM links WHERE stream_id = ? AND {tx.dialect.contains('object_id')}",
        stream.key,
        tx.dialect.as_list(list(object_ids)),
    )
    return {row[0]: Link._make(row) for row in rows}


class Comparison:
    """Each change goes to one of the lists.

    `new` is in nobody's hands yet; `changed` differs in its data, files or collection, or is back again; `touched`
    differs only in what the link keeps (version, native text, origin); `gone` has a tombstone. `seen` are the links
    of all that is there.
    """

    def __init__(self, feed: Feed, collections: Mapping[str, int], known: Mapping[str, Link], *, listing: bool) -> None:
        self._feed = feed
        self._listing = listing
        self._live = feed.origin == "live"
        self._collections = collections
        self._home = collections.get(feed.collection)
        self._known = known
        self._struct = KINDS[feed.stream.kind]
        self.new: list[State] = []
        self.changed: list[tuple[Link, State]] = []
        self.touched: list[tuple[Link, State]] = []
        self.gone: list[Link] = []
        self.seen: list[int] = []
        self.refused: list[BadRow] = []

    def add(self, object_id: str, change: Change) -> None:
        link = self._known.get(object_id)
        if change.data is None:
            self._bury(link)
            return
        if link is not None:
            self.seen.append(link.key)
        try:
            state = self._state(change)
        except UnicodeEncodeError:
            self.refused.append(BadRow(change.stream, object_id, "it holds text that is not Unicode (lone surrogates)"))
            return
        if link is None:
            self.new.append(state)
        elif link.gone_at is not None or link.origin != self._feed.origin or not _same(link, state):
            self._differ(link, state)

    def _state(self, change: Change) -> State:
        data = change.data
        if type(data) is not self._struct:
            raise TypeError(
                f"stream {self._feed.stream.name} is of {self._feed.stream.kind}, not {type(data).__name__}"
            )
        body = encode(data)
        covered = body
        if change.files:
            covered += repr([(file.sha256, file.name, file.media_type) for file in change.files]).encode()
        home = self._collections[change.collection] if change.collection else self._home
        return State(
            change,
            home,
            body,
            blake2b(covered, digest_size=HASH_BYTES).digest(),
            blake2b(change.native, digest_size=HASH_BYTES).digest(),
        )

    def _bury(self, link: Link | None) -> None:
        """A tombstone; but one from a collection that the record has left says only that it left."""
        elsewhere = self._feed.collection and link is not None and link.collection != self._home
        if link is not None and link.gone_at is None and self._live and not elsewhere:
            self.gone.append(link)

    def _differ(self, link: Link, state: State) -> None:
        if not self._live:
            self._differ_in_archive(link, state)
        elif link.gone_at is not None:
            self._differ_from_tombstone(link, state)
        elif link.hash != state.hash or link.collection != state.collection:
            self.changed.append((link, state))
        else:
            self.touched.append((link, state))

    def _differ_in_archive(self, link: Link, state: State) -> None:
        """An archive is old news: it brings nothing back and changes nothing that a live read wrote."""
        if link.origin == "live" or link.gone_at is not None:
            return
        if link.hash != state.hash or link.collection != state.collection:
            self.changed.append((link, state))
        else:
            self.touched.append((link, state))

    def _differ_from_tombstone(self, link: Link, state: State) -> None:
        """A full listing shows what exists. In a feed, exactly what was buried is a late page, not a return."""
        if self._listing or not _same(link, state):
            self.changed.append((link, state))


def _same(link: Link, state: State) -> bool:
    return (
        link.hash == state.hash
        and link.native_hash == state.native_hash
        and link.version == state.change.ref.version
        and link.collection == state.collection
    )
