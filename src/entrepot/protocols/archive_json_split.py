"""An array of any length, cut into the raw JSON of its elements.

msgspec splits an array of raw values at about 1 GB/s, so it is handed pieces of about a megabyte that end between two
records. Where they end is found by a mark: the few bytes that stood between the first two records.
"""

import re
from collections.abc import Iterator

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_json_window import Window

_DEEPEST = 200
_TRIES = 4
_MOST_SCALARS = 1 << 20

_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_BETWEEN = re.compile(rb"[\s,]*")
_NEXT_RECORD = re.compile(rb'\s*+,\s*+\{\s*+"(?:[^"\\]++|\\.)*+"')
_BRACKET = re.compile(rb'[^{}\[\]"]*+(?:"(?:[^"\\]++|\\.)*+"[^{}\[\]"]*+)*+([{}\[\]"]|\Z)', re.DOTALL)
"""The next bracket outside of strings: matching begins where the last match ended, so never inside a string."""


def elements_of_array(window: Window) -> Iterator[bytes]:
    """The window stands behind the opening bracket; a mark between two records is learned and looked for."""
    mark = b""
    while True:
        blank = _BETWEEN.match(window.data)
        if blank and blank.end():
            window.drop(blank.end())
        split = _split_at(mark, window.data)
        if split is None:
            split = _Scan(window)
            mark = split.mark or mark
        yield from split.found
        if split.is_end:
            return
        if not split.length:
            if window.is_all:
                raise window.cut_off()
            window.fill()
        window.drop(split.length)


class _Split:
    """Raw records at the beginning of a window, and how many bytes they took."""

    def __init__(self, found: list[bytes], length: int) -> None:
        self.found = found
        self.length = length
        self.is_end = False


def _split_at(mark: bytes, data: bytes) -> _Split | None:
    """Cuts at the last places where the mark stands. A wrong cut (inside a record) cannot decode, so is never taken."""
    end = len(data)
    for _ in range(_TRIES if mark else 0):
        end = data.rfind(mark, 0, end)
        if end < 0:
            return None
        found = _decoded(data[: end + 1])
        if found is not None:
            return _Split(found, end + 1)
    return None


def _decoded(piece: bytes) -> list[bytes] | None:
    try:
        return [bytes(raw) for raw in _RAW_LIST.decode(b"[" + piece + b"]")]
    except (msgspec.DecodeError, RecursionError):
        return None


class _Scan(_Split):
    """Finds the records by counting brackets: slower than the mark, but right for everything, broken records too."""

    def __init__(self, window: Window) -> None:
        super().__init__([], 0)
        self.mark = b""
        spans = self._spans(window)
        piece = window.data[: self.length]
        found = _decoded(piece)
        self.found = [piece[start:end] for start, end in spans] if found is None else found
        following = _NEXT_RECORD.match(window.data, spans[0][1]) if spans else None
        if following and b'"' in following.group():
            self.mark = b"}" + following.group()

    def _spans(self, window: Window) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        depth = start = 0
        for token in _BRACKET.finditer(window.data):
            sign = token.group(1)
            if sign in {b'"', b""}:
                break
            if sign in b"{[":
                depth += 1
                if depth > _DEEPEST:
                    raise PersonMustFix(
                        f"{window.name} is nested more than {_DEEPEST} levels deep at byte {window.passed:,}."
                    )
            elif depth > 0:
                depth -= 1
                if not depth:
                    spans.append((start, token.end()))
                    start = self._after_blank(window.data, token.end())
                    self.length = token.end()
            else:
                self.is_end = sign == b"]"
                self._add_scalars(window, start, token.end() - 1, spans)
                break
        return spans

    def _add_scalars(self, window: Window, start: int, end: int, spans: list[tuple[int, int]]) -> None:
        if end - start > _MOST_SCALARS:
            raise PersonMustFix(f"{window.name} holds bare values where records are expected.")
        if window.data[start:end].strip(b" \t\r\n,"):
            spans.append((start, end))
            self.length = end

    @staticmethod
    def _after_blank(data: bytes, at: int) -> int:
        blank = _BETWEEN.match(data, at)
        return blank.end() if blank else at
