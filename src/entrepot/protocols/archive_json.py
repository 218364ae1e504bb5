"""JSON of any length, cut into raw records: arrays at the top or below a key, and JSON Lines."""

from collections.abc import Iterator

from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_json_path import enter_array
from entrepot.protocols.archive_json_split import elements_of_array
from entrepot.protocols.archive_json_window import Window
from entrepot.sdk.archive import Entry


def records(entry: Entry, path: str = "", *, after: bytes = b"") -> Iterator[bytes]:
    """The raw JSON of each record, in order, in constant memory.

    `path` names the array (`locations`, `data.items`); with none it is the file itself: an array, JSON Lines, or
    one object. `after` is passed over first (`=` in `window.x = [`). A record may still be invalid inside: decode
    it with a typed msgspec decoder and make a BadRow of what that raises (MsgspecError, or ValueError where it is
    not UTF-8). Raises Damaged where the array does not end, or what stands there is no JSON at all. Nothing
    at `path`: no records.
    """
    window = Window(entry)
    with window.stream:
        if after:
            _skip_past(window, after)
        start = window.first()
        if path:
            if start == b"{" and enter_array(window, path.split(".")):
                yield from elements_of_array(window)
        elif start == b"[":
            window.drop(1)
            yield from elements_of_array(window)
        elif start == b"{":
            yield from _lines(window)
        elif start:
            raise Damaged(f"{entry.name} is not JSON: it begins with {window.data[:20]!r}.")


def _skip_past(window: Window, text: bytes) -> None:
    at = window.data.find(text)
    if at < 0:
        raise Damaged(f"{window.name} does not begin as expected: there is no {text.decode()!r}.")
    window.drop(at + len(text))


def _lines(window: Window) -> Iterator[bytes]:
    """JSON Lines, unless the first line is only the beginning of an object."""
    while b"\n" not in window.data and not window.is_all:
        window.fill()
    first = window.data.split(b"\n", 1)[0].rstrip()
    if not first.endswith(b"}"):
        while not window.is_all:
            window.fill()
        yield window.data.strip()
        return
    while window.data:
        end = window.data.rfind(b"\n") + 1
        if not end and not window.is_all:
            window.fill()
            continue
        end = end or len(window.data)
        yield from (line for line in window.data[:end].splitlines() if line.strip())
        window.drop(end)
