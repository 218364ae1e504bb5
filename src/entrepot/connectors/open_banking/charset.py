"""The character set of a statement file, told from all of its bytes: headers of bank files often lie."""

import codecs
import re
from collections.abc import Iterable

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:CHARSET\s*[:=]|encoding\s*=)\s*["']?(?:ISO-)?([A-Za-z0-9_-]+)""")
_KNOWN = {
    b"1250": "cp1250", b"1251": "cp1251", b"1253": "cp1253", b"1254": "cp1254", b"1257": "cp1257",
    b"8859-2": "iso8859-2", b"8859-5": "iso8859-5", b"8859-7": "iso8859-7", b"8859-9": "iso8859-9",
    b"8859-15": "iso8859-15", b"850": "cp850", b"852": "cp852", b"437": "cp437",
    b"windows-1250": "cp1250", b"windows-1251": "cp1251",
}  # fmt: skip
_HIGH = re.compile(rb"[\x80-\xff]").search
_DOS_LETTER = re.compile(rb"[A-Za-z][\x80-\x90\x94-\x9a\xa0-\xa5]|[\x80-\x84\x8e\x94\x99\x9a\xa0-\xa4][A-Za-z]")
_WINDOWS_LETTER = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][A-Za-z]")
_UNDEFINED_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]").search


def charset_of(pieces: Iterable[bytes]) -> str | None:
    """The codec that reads all of it, or None where there is nothing to read.

    A mark decides; then whether everything is valid UTF-8; then, among the sets of one byte a character, a
    declared set that is neither Latin-1 nor its like; then whether the letters stand where DOS puts them.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    evidence = _Evidence()
    is_utf8, seen = True, False
    for piece in pieces:
        if not seen:
            for mark, codec in MARKS:
                if piece.startswith(mark):
                    return codec if len(piece) > len(mark) else None
            evidence.read_header(piece[:4096])
        seen = True
        if is_utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                is_utf8 = False
        evidence.read(piece)
    if not seen:
        return None
    return "utf-8" if is_utf8 else evidence.verdict()


class _Evidence:
    def __init__(self) -> None:
        self._declared = ""
        self._dos = 0
        self._windows = 0
        self._undefined = False

    def read_header(self, head: bytes) -> None:
        found = _DECLARED.search(head)
        if found:
            self._declared = _KNOWN.get(found[1].lower(), "")

    def read(self, piece: bytes) -> None:
        if _HIGH(piece):
            self._dos += len(_DOS_LETTER.findall(piece))
            self._windows += len(_WINDOWS_LETTER.findall(piece))
            self._undefined = self._undefined or _UNDEFINED_IN_1252(piece) is not None

    def verdict(self) -> str:
        if self._declared:
            return self._declared
        if self._dos > self._windows:
            return "cp850"
        return "latin-1" if self._undefined else "cp1252"
