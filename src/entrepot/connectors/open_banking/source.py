"""One statement file as its parser sees it: what the person said about it, and its text, decoded as it proves."""

import codecs
import io
from collections.abc import Iterator, Mapping

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.archive import Entry

from .charset import charset_of

CHUNK = 1 << 20


class Source(msgspec.Struct, frozen=True):
    """`charset` is what the bytes prove, whatever the header says. `settings` are the person's (`currency`, …)."""

    entry: Entry
    charset: str
    settings: Mapping[str, str] = {}

    def text(self) -> Iterator[str]:
        """The decoded text in pieces of about a megabyte, with every line end as one newline."""
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self.charset)(), translate=True)
        with self.entry.open() as stream:
            while piece := stream.read(CHUNK):
                yield decoder.decode(piece)
            try:
                yield decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return  # the last character is cut: a truncated file says so where its last record is missing

    def lines(self) -> Iterator[tuple[int, str]]:
        """Every line without its end, numbered from 1."""
        number, rest = 0, ""
        for piece in self.text():
            *whole, rest = (rest + piece).split("\n")
            for line in whole:
                number += 1
                yield number, line
        if rest:
            yield number + 1, rest

    @property
    def name(self) -> str:
        return self.entry.name

    def where(self, line: int) -> str:
        return f"{self.name}, line {line}"


def source_of(entry: Entry, settings: Mapping[str, str]) -> Source:
    with entry.open() as stream:
        charset = charset_of(iter(lambda: stream.read(CHUNK), b""))
    if charset is None:
        raise PersonMustFix(f"{entry.name} is empty; download it again.")
    return Source(entry=entry, charset=charset, settings=settings)
