"""Ids for records whose service gave them none: from what identifies them, so that a second import finds them again."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from entrepot.core.change import BadRow, Change


def key_of(*parts: str) -> str:
    """32 hex digits of the parts in this order."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class RepeatedKeys:
    """Keys where equal rows are two real events: the second of them gets `-2`, and so on, in file order."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def key_of(self, *parts: str) -> str:
        key = key_of(*parts)
        brief = bytes.fromhex(key)
        self._seen[brief] += 1
        number = self._seen[brief]
        return key if number == 1 else f"{key}-{number}"


class Once:
    """Gives each record out once in an import, as it is met first.

    Files overlap, and tell the same event in two forms: were both given out, each import would write the one over
    the other again. Only for what never changes, because the first is not the newest. Some 100 bytes a record.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def of(self, rows: Iterable[Change | BadRow]) -> Iterator[Change | BadRow]:
        for row in rows:
            if isinstance(row, Change):
                mark = hash((row.stream, row.ref.id))
                if mark in self._seen:
                    continue
                self._seen.add(mark)
            yield row
