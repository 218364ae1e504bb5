"""What a connector may do beyond reading: write, one record at a time or many at once, and look for what it wrote.

A reader that can write also implements `Confirming`: after a lost answer the record is read again before anything else.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from entrepot.core.change import Change, Native, Ref
from entrepot.core.errors import EntrepotError
from entrepot.core.fields import Value
from entrepot.core.kind import Kind

Verb = Literal["create", "update", "delete"]


def as_it_is(_field: str, value: Value) -> Value:
    return value


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """What can be written to one stream. `fields` are names as the kind's struct has them; None: all.

    `project(field, value)` is what the service would tell again had it been sent the value. It is total: where the
    service refuses the value it gives it back as it is. `moves`: an update may name another remote collection.
    `repeatable`: a create that is sent again with the same `Write.op` makes no second record, so nothing need be looked
    up. `lag` is how many seconds a record may stay out of the service's lists after it was made.
    """

    verbs: frozenset[Verb] = frozenset({"create", "update", "delete"})
    fields: frozenset[str] | None = None
    moves: bool = False
    repeatable: bool = False
    lag: float = 0.0
    project: Callable[[str, Value], Value] = as_it_is


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One write, as it was recorded before it is sent.

    `op` is 32 hexadecimal digits, the same each time this write is tried: the client-chosen id or idempotency key.
    `data` is the whole record as it is to be; `fields` are those that differ from what the service has (for a create,
    all in scope). `native` is the service's own record as it was last read, b"" for a create: what no line
    maps goes back as it was. `ref.version` is what the write builds on: where the service can, it refuses the write
    with Stale if the record has another by now. For a delete `data` is None.
    """

    op: str
    verb: Verb
    stream: str
    collection: str | None = None
    ref: Ref | None = None
    data: Kind | None = None
    fields: frozenset[str] = frozenset()
    native: Native = b""
    at: int = 0
    """When it was decided, in milliseconds: a record older than this is not what it made."""


@runtime_checkable
class Writer(Protocol):
    """A reader that writes."""

    def writing(self, stream: str) -> Writing | None:
        """None: the stream is only read."""
        ...

    async def write(self, write: Write) -> Change:
        """The record as the service now has it, with its version; where the answer does not tell, it is read again.

        A tombstone after a delete; one that finds nothing to delete has done its work. Never makes the service
        send mail to anybody. Raises Stale where the record has another version, or is gone; RecordRefused where the
        service will not have this record, TryLater and NeedsConsent as any request.
        """
        ...


@runtime_checkable
class Finding(Protocol):
    """A writer that can look for what a create whose answer was lost has made."""

    async def find(self, write: Write) -> Change | None:
        """By the id we chose, a natural key or, of records made since `write.at`, by equal content. None: not made."""
        ...


@runtime_checkable
class Batching(Protocol):
    """A writer that sends many at once."""

    most: int

    async def write_all(self, writes: Sequence[Write]) -> Sequence[Change | EntrepotError]:
        """What became of each, in the same order; raises only where nothing is known of any."""
        ...
