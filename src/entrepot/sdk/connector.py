"""What a connector is: small capabilities, each optional. A connector never sees the database or the vault."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.sdk.archive import Archive

Deletions = Literal["feed", "absence", "never"]
"""How deletions become known: tombstones in the feed, absence from a full listing, or not at all."""


class Account(msgspec.Struct, frozen=True):
    """Whose account this is, as the service says: `id` is stable, `name` is for people."""

    id: str
    name: str = ""


class RemoteCollection(msgspec.Struct, frozen=True):
    """A container at the service (calendar, project, list)."""

    id: str
    name: str
    kind: str
    writable: bool = False
    color: str | None = None


class Stream(msgspec.Struct, frozen=True):
    """One sort of thing a connector reads.

    With `by_collection` each remote collection is read by itself, with its own cursor; without it one read
    yields all, and each change names its collection. `native` is the format of `Change.native`. `full_every`, in
    seconds, is how often a full listing is worth making where absence is the only sign of a deletion and changes
    could be asked for alone. `told` are the fields (as the kind's struct has them) that its records say anything
    about; None: nobody knows. What is not told is not empty, and must not be taken for deleted.
    """

    name: str
    kind: str
    deletions: Deletions = "never"
    by_collection: bool = False
    native: Literal["json", "text", "none"] = "json"
    full_every: float | None = None
    told: frozenset[str] | None = None


@runtime_checkable
class Reader(Protocol):
    """Reads a live service; built with a `Context`. Its streams stand in the manifest."""

    async def probe(self) -> Account:
        """The cheapest call that proves the credential works."""
        ...

    async def collections(self, stream: str) -> Sequence[RemoteCollection]:
        """The remote collections of a stream; empty where the service has none."""
        ...

    def changes(self, stream: str, since: Cursor | None, collection: str | None = None) -> AsyncIterator[Page]:
        """Pages since the cursor, or a full listing without one.

        The cursor of each page must be enough to go on after it in another process. Raises `Stale` when the
        service no longer knows the cursor; the caller then asks again without one.
        """
        ...


@runtime_checkable
class Confirming(Protocol):
    """A reader that can ask about one record: what a full listing did not show may have moved out of its sight."""

    async def confirm(self, stream: str, ref: Ref, collection: str | None = None) -> Change | BadRow | None:
        """The record as it is now, its tombstone, or a row if it is there but cannot be read.

        None where it is none of this stream's any more, or the stream has no way to ask.
        """
        ...


Known = Callable[[Sequence[Ref]], Awaitable[frozenset[str]]]
"""The ids of those records that the hub has in exactly the version named."""


@runtime_checkable
class Knowing(Protocol):
    """A reader whose service lists what changed by version only: what the hub has, or wrote itself, is not fetched."""

    def know(self, known: Known) -> None:
        """From now on, for changes since a cursor; a full listing still tells of every record."""
        ...


class Match(msgspec.Struct, frozen=True):
    """`score` is 0 to 1: 1 where nothing else writes such a file. `account` is whose data it is, if it says."""

    score: float
    account: Account | None = None
    found: Sequence[str] = ()
    """What was recognised, for people: `viewing history`, `3 statements`."""


class Options(msgspec.Struct, frozen=True):
    """What the person chose for an import: `--set KEY=VALUE`, checked by the manifest's `settings`."""

    values: Mapping[str, str] = {}


@runtime_checkable
class FileImporter(Protocol):
    """Reads a file, a folder or an archive that a person downloaded; built with nothing."""

    def recognise(self, archive: Archive) -> Match | None:
        """Look at names and first lines only; never walk through bodies."""
        ...

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        """Everything in it, streaming, always in the same order; one bad row is a value, not the end."""
        ...
