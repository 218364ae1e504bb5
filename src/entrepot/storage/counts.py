"""What became of the records of a page, a stream or a run."""

import msgspec


class Counts(msgspec.Struct):
    """`read` is the sum of the others, but for deletions found by absence: nobody read those."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0

    def add(self, other: "Counts") -> None:
        self.read += other.read
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.deleted += other.deleted
        self.refused += other.refused
