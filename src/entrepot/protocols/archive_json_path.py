"""Finds the array at a key path in a JSON file, without building what comes before it."""

import re

from entrepot.protocols.archive_json_window import Window

_TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)"(\s*:\s*)?|["{}\[\]]', re.DOTALL)
_MARGIN = 64


def enter_array(window: Window, keys: list[str]) -> bool:
    """Moves the window behind the bracket that opens the array at `keys`; False where there is none."""
    search = _Search(keys)
    while True:
        was_all = window.is_all
        window.drop(search.look(window))
        if search.is_over or was_all:
            return search.has_found
        if not window.is_all:
            window.fill()


class _Search:
    def __init__(self, keys: list[str]) -> None:
        self.is_over = False
        self.has_found = False
        self._keys = [key.encode() for key in keys]
        self._matched = 0
        self._depth = 0

    def look(self, window: Window) -> int:
        """How many bytes are done with; the rest may hold half a token."""
        data = window.data
        whole = len(data) if window.is_all else len(data) - _MARGIN
        used = 0
        for token in _TOKEN.finditer(data):
            if token.end() > whole or token.group() == b'"':
                break
            used = token.end()
            if token.group() in (b"{", b"["):
                self._depth += 1
            elif token.group() in (b"}", b"]"):
                self._depth -= 1
                self.is_over = self._depth <= self._matched
            elif token.group(2) and self._depth == self._matched + 1 and token.group(1) == self._keys[self._matched]:
                used += self._step_into(data[used : used + 1])
            if self.is_over:
                break
        return used

    def _step_into(self, opening: bytes) -> int:
        self._matched += 1
        is_last = self._matched == len(self._keys)
        self.has_found = is_last and opening == b"["
        self.is_over = is_last or opening != b"{"
        return 1 if self.has_found else 0
