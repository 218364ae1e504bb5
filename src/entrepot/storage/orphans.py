"""Files that no item names any more, or that a killed process left half-written: found and removed."""

from itertools import islice

from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database

OLD = 3600.0  # seconds; a file is put before the page that names it is applied
BATCH = 500


def clear_orphans(database: Database, blobs: Blobs, *, older_than: float = OLD) -> int:
    """How many were removed. With `older_than=0` only while nothing is being read or imported."""
    removed = 0
    old = blobs.older_than(older_than)
    while files := list(islice(old, BATCH)):
        digests = {file.name: file for file in files}
        with database.read() as tx:
            where = tx.dialect.contains("sha256")
            rows = tx.fetch(f"SELECT DISTINCT sha256 FROM item_files WHERE {where}", tx.dialect.as_list(list(digests)))  # noqa: S608 -- our own column
        for named in rows:
            digests.pop(named[0])
        removed += sum(blobs.discard(file, older_than) for file in digests.values())
    return removed
