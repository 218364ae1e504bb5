"""What a run did: counts for the whole and for each stream, and the records it set aside."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

Status = Literal["queued", "running", "done", "failed", "stopped", "paused", "cancelled"]
"""`stopped` is by a safety brake: a person confirms or discards."""


class Counts(msgspec.Struct):
    """What became of the records of a page, a stream or a run.

    `read` is the sum of the others, but for deletions found by absence (nobody read those) and for what was `sent`:
    writes that the service has answered.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0
    sent: int = 0

    def add(self, other: "Counts") -> None:
        self.read += other.read
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.deleted += other.deleted
        self.refused += other.refused
        self.sent += other.sent


class Refused(msgspec.Struct, frozen=True):
    where: str
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`integration` is its name in the hub. `refused` holds the first hundred; all of them are kept with the run.

    `error` is {code, message}.
    """

    run: str | None
    connector: str
    integration: str = ""
    status: Status
    seconds: float
    counts: Counts
    streams: dict[str, Counts]
    refused: Sequence[Refused] = ()
    error: dict[str, str] | None = None


class Progress(msgspec.Struct, frozen=True):
    """Where a run is now. `total` is how many records of this stream the source announced, if it did."""

    connector: str
    stream: str
    counts: Counts
    total: int | None = None


Watch = Callable[[Progress], None]
"""Called after each page."""
