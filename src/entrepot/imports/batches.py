"""An importer's stream of changes, cut into batches that are each applied in one transaction."""

from collections.abc import Iterable, Iterator

import msgspec

from entrepot.core.change import BadRow, Change, Page

ROWS = 1_000
FILE_BYTES = 64 * 1024 * 1024
NATIVE_BYTES = 8 * 1024 * 1024
"""A batch also ends when the files that travel with it, or the records' own texts, reach this size."""


class Batch(msgspec.Struct, frozen=True):
    """One page a stream, and how many rows of the importer have been consumed once it is applied."""

    pages: dict[str, Page]
    consumed: int


def batches(rows: Iterable[Change | BadRow], *, skip: int = 0) -> Iterator[Batch]:
    """Batches of about a thousand rows; the first `skip` rows were applied by an earlier, interrupted run."""
    changes: dict[str, list[Change]] = {}
    bad: dict[str, list[BadRow]] = {}
    held = size = native = consumed = 0
    for consumed, row in enumerate(rows, 1):
        if consumed <= skip:
            continue
        held += 1
        if isinstance(row, BadRow):
            bad.setdefault(row.stream, []).append(row)
        else:
            changes.setdefault(row.stream, []).append(row)
            native += len(row.native)
            if row.files:
                size += sum(file.size for file in row.files)
        if held >= ROWS or native >= NATIVE_BYTES or size >= FILE_BYTES:
            yield _batch(changes, bad, consumed)
            changes, bad = {}, {}
            held = size = native = 0
    if held:
        yield _batch(changes, bad, consumed)


def _batch(changes: dict[str, list[Change]], bad: dict[str, list[BadRow]], consumed: int) -> Batch:
    streams = dict.fromkeys([*changes, *bad])
    pages = {name: Page(changes=changes.get(name, []), bad=bad.get(name, [])) for name in streams}
    return Batch(pages=pages, consumed=consumed)
