"""Where matching keeps the digests of many records: columns of numbers, and tables from a digest to its rows."""

from array import array
from collections.abc import Iterator

from entrepot.core.matching_kinds import SERVICES_OWN
from entrepot.core.matching_traits import Traits

Names = tuple[tuple[str, int], ...]

_PASSED = 64


class Rows:
    """One row for each record, in the order they came. A row that is `closed` is matched or disputed: out of play."""

    def __init__(self, marks: int) -> None:
        self.keys = array("q")
        self.wholes = array("q")
        self.names: list[Names] = []
        self.closed = bytearray()
        self._doubted: set[int] = set()
        self._marks = array("q")
        self._width = marks

    def add(self, key: int, traits: Traits) -> int:
        row = len(self.keys)
        self.keys.append(key)
        self.wholes.append(traits.whole)
        self.names.append(traits.names)
        self.closed.append(0)
        self._marks.extend(traits.marks)
        return row

    def marks_of(self, row: int) -> "array[int]":
        return self._marks[row * self._width : (row + 1) * self._width]

    def compare_names(self, row: int, names: Names) -> tuple[int, int]:
        """How many names say that it is the same, and how many that it is another."""
        mine = self.names[row]
        if not mine or not names:
            return 0, 0
        known = dict(mine)
        shared = [(name, known[name] == value) for name, value in names if name in known]
        return sum(same for _, same in shared), sum(not same and name not in SERVICES_OWN for name, same in shared)

    def doubt(self, keys: set[int]) -> None:
        self._doubted |= keys

    def free_keys(self) -> Iterator[int]:
        """Neither matched nor in doubt."""
        return (key for key, closed in zip(self.keys, self.closed, strict=True) if not closed | (key in self._doubted))


class Table:
    """Digest → rows; most digests have one."""

    def __init__(self, rows: Rows) -> None:
        self._closed = rows.closed
        self._held: dict[int, int | list[int]] = {}

    def add(self, digest: int, row: int) -> None:
        held = self._held.setdefault(digest, row)
        if held == row:
            return
        if isinstance(held, list):
            held.append(row)
        else:
            self._held[digest] = [held, row]

    def free(self, digest: int) -> Iterator[int]:
        """Its rows that are in play, in order. What is not is passed over, and forgotten once it is much."""
        held = self._held.get(digest)
        if held is None:
            return
        if isinstance(held, int):
            if not self._closed[held]:
                yield held
            return
        passed = 0
        for row in held:
            if not self._closed[row]:
                yield row
                continue
            passed += 1
            if passed > _PASSED:
                left = self._held[digest] = [each for each in held if not self._closed[each]]
                yield from (each for each in left if each > row)
                return
