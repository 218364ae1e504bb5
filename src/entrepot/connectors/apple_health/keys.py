"""Keys of samples: Health gives no ids, and rows that are equal in everything are real."""

from entrepot.protocols.archive_keys import key_of

NEAR = 1 << 16


class NearKeys:
    """As `RepeatedKeys`, in constant memory: counts rows that are equal to one of the 65,536 rows before them.

    Millions of samples would fill the memory, and equal rows stand close together. Those that stand further apart
    become one, which loses nothing but their number. Only the distance counts, not the place in the file: rows that
    a later export has before or behind them change no number.
    """

    def __init__(self, near: int = NEAR) -> None:
        self._near = near
        self._row = 0
        self._recent: dict[int, tuple[int, int]] = {}
        self._before: dict[int, tuple[int, int]] = {}

    def key_of(self, *parts: str) -> str:
        key = key_of(*parts)
        brief = int(key[:16], 16)
        self._row += 1
        number, row = self._recent.get(brief) or self._before.get(brief) or (0, self._row)
        number = number + 1 if self._row - row <= self._near else 1
        self._recent[brief] = number, self._row
        if self._row % self._near == 0:
            self._before, self._recent = self._recent, {}
        return key if number == 1 else f"{key}-{number}"
