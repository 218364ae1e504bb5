"""Keys of samples: Health gives no ids, and rows that are equal in everything are real."""

from entrepot.protocols.archive_keys import key_of

NEAR = 1 << 16


class NearKeys:
    """As `RepeatedKeys`, in constant memory: counts equal rows among the last 65,000 to 130,000 rows.

    Millions of samples would fill the memory, and equal rows stand close together. Those that stand further apart
    become one, which loses nothing but their number.
    """

    def __init__(self, near: int = NEAR) -> None:
        self._near = near
        self._recent: dict[int, int] = {}
        self._before: dict[int, int] = {}

    def key_of(self, *parts: str) -> str:
        key = key_of(*parts)
        brief = int(key[:16], 16)
        number = (self._recent.get(brief) or self._before.get(brief, 0)) + 1
        self._recent[brief] = number
        if len(self._recent) >= self._near:
            self._before, self._recent = self._recent, {}
        return key if number == 1 else f"{key}-{number}"
