"""The notes of one ENEX file, going on behind a damaged place with the next note."""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from entrepot.protocols.archive_text import open_utf8
from entrepot.sdk.archive import Entry

from .enex import NoteParser, RawNote
from .spool import Spool

_CHUNK = 1 << 18
_START = b"<!DOCTYPE en-export SYSTEM 'none'><en-export>"
_NOTE = b"<note>"
_REFERENCE = re.compile(rb"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));")
_LONGEST_REFERENCE = 16
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_NOT_CHARACTERS = re.compile("[\ufffe\uffff]")


class Damage(NamedTuple):
    line: int
    reason: str


def notes_of(entry: Entry, spool: Spool) -> Iterator[RawNote | Damage]:
    """Raises PersonMustFix where the file declares entities or has sizes no notebook has."""
    parser: NoteParser | None = NoteParser(spool, entry.name)
    lines, before, rest = 0, 0, b""
    for chunk in _clean(entry):
        pending = rest + chunk if parser is None else chunk
        rest = b""
        while pending:
            if parser is None:
                start = pending.find(_NOTE)
                if start < 0:
                    rest = pending[-len(_NOTE) :]
                    lines += pending[: -len(_NOTE)].count(b"\n")
                    break
                lines += pending.count(b"\n", 0, start)
                before = lines
                parser, pending = NoteParser(spool, entry.name), pending[start:]
                parser.feed(_START)
            torn = parser.feed(pending)
            for note in parser.take():
                note.line += before
                yield note
            if torn is None:
                lines += pending.count(b"\n")
                break
            yield Damage(before + torn.line, torn.reason)
            lines += pending.count(b"\n", 0, torn.good)
            parser, pending = None, pending[torn.good + 1 :]
    if parser is not None and parser.feed(b"", is_last=True) is not None:
        yield _early_end(parser, before, lines)


def _early_end(parser: NoteParser, before: int, lines: int) -> Damage:
    if parser.unfinished is not None:
        return Damage(before + parser.unfinished.line, "the file ends in the middle of this note")
    return Damage(lines + 1, "the file ends early, so notes may be missing: export it again")


def _clean(entry: Entry) -> Iterator[bytes]:
    """Valid UTF-8 without the characters XML forbids, which Evernote writes all the same."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = b""
    with open_utf8(entry) as stream:
        while chunk := stream.read(_CHUNK):
            text = decoder.decode(chunk.translate(None, _CONTROLS))
            if "\uffff" in text or "\ufffe" in text:
                text = _NOT_CHARACTERS.sub("", text)
            data = rest + text.encode()
            cut = data.rfind(b"&", len(data) - _LONGEST_REFERENCE)
            data, rest = (data, b"") if cut < 0 else (data[:cut], data[cut:])
            yield _REFERENCE.sub(b"", data) if b"&#" in data else data
    yield _REFERENCE.sub(b"", rest + decoder.decode(b"", final=True).encode())
