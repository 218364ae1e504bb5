"""The part of a JSON file that is in memory while it is cut into records."""

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_text import open_utf8
from entrepot.sdk.archive import Entry

LARGEST_RECORD = 64 << 20
_CHUNK = 1 << 20


class Window:
    """The part of a file that is in memory; `drop` moves on, `fill` reads more."""

    def __init__(self, entry: Entry) -> None:
        self.name = entry.name
        self.stream = open_utf8(entry)
        self.data = b""
        self.is_all = False
        self.passed = 0
        self.fill()

    def drop(self, count: int) -> None:
        self.data = self.data[count:]
        self.passed += count
        if len(self.data) < _CHUNK:
            self.fill()

    def fill(self) -> None:
        if len(self.data) > LARGEST_RECORD:
            raise PersonMustFix(
                f"{self.name} holds a record of more than {LARGEST_RECORD:,} bytes at byte {self.passed:,}."
            )
        chunk = self.stream.read(max(_CHUNK, len(self.data)))
        self.is_all = not chunk
        self.data += chunk

    def first(self) -> bytes:
        """The first byte that is not blank; blanks before it are gone. Empty at the end."""
        while True:
            self.data = self.data.lstrip()
            if self.data or self.is_all:
                return self.data[:1]
            self.fill()

    def cut_off(self) -> Damaged:
        return Damaged(
            f"{self.name} is broken or ends too early: no complete record at byte {self.passed:,}; download it again."
        )
