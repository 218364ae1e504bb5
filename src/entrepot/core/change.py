"""What a read yields: pages of changes, the cursor that follows them, and the rows that could not be read."""

from collections.abc import Callable, Sequence
from typing import BinaryIO, Literal

import msgspec

from entrepot.core.kind import Kind

Native = bytes
"""The service's own text or JSON of one record, as it came; kept so that what we do not model can go back."""

Origin = Literal["live", "archive"]


class Ref(msgspec.Struct, frozen=True):
    """`id` is the service's id; `version` its etag, revision or change time, where it has one."""

    id: str
    version: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    """A file that travels with a record: its bytes are kept in the hub under `sha256` (hex).

    `open` gives a fresh binary stream each time it is called; it is called only if the hub lacks the bytes.
    """

    sha256: str
    size: int
    name: str
    media_type: str
    open: Callable[[], BinaryIO]


class Change(msgspec.Struct, frozen=True):
    """`data` is the record as it is now, or None when the service says it is gone."""

    stream: str
    ref: Ref
    data: Kind | None
    native: Native = b""
    collection: str | None = None
    files: Sequence[Attachment] = ()

    @classmethod
    def gone(cls, stream: str, ref: Ref) -> "Change":
        return cls(stream=stream, ref=ref, data=None)


class BadRow(msgspec.Struct, frozen=True):
    """One record that was set aside: `where` finds it again, `reason` says what is wrong with it."""

    stream: str
    where: str
    reason: str


class Cursor(msgspec.Struct, frozen=True):
    """How far a stream has been read: JSON that only the reader understands."""

    value: object


class Page(msgspec.Struct, frozen=True):
    """Changes in the order they are to be applied, and the cursor from which to go on after them.

    `listing` says that the pages since the stream was begun with no cursor show everything that exists;
    with `last` it means that what was not seen is gone. `total` is for progress, where the service tells.
    """

    changes: Sequence[Change]
    bad: Sequence[BadRow] = ()
    cursor: Cursor | None = None
    last: bool = False
    listing: bool = False
    total: int | None = None
