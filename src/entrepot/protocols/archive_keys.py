"""Ids for records whose service gave them none: from what identifies them, so that a second import finds them again."""

from collections import Counter
from hashlib import blake2b


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
