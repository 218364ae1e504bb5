"""What stands before the first element of an XML file, made harmless: no DTD and no entity reaches the parser."""

import re
from typing import BinaryIO

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_entry import Damaged

_PIECE = 1 << 14
_LONGEST = 1 << 20
_SKIPPED = re.compile(rb"\s*(?:<!--.*?-->|<\?(?!xml\s).*?\?>)", re.DOTALL)
_XML = re.compile(rb"\s*<\?xml\s(.*?)\?>", re.DOTALL)
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_PLAIN = re.compile(
    rb"(?:utf-?8|(?:us-)?ascii|(?:iso[-_]?)?8859[-_]?\d+|iso_8859-\d+:\d+|latin-?\d+|(?:x-)?(?:windows|cp)-?125\d|koi8-[ru]"
    rb"|x?-?mac-?(?:roman|intosh)|macintosh|shift[-_]?jis|sjis|windows-31j|cp932|gb2312|gbk|gb18030|big5(?:-hkscs)?"
    rb"|euc-(?:jp|kr|tw|cn)|ks_c_5601-1987|tis-620)"
)
_DOCTYPE = re.compile(rb"""\s*<!DOCTYPE(?:"[^"]*"|'[^']*'|[^\["'>])*([\[>])""", re.IGNORECASE)
_DOCTYPE_END = re.compile(rb"\]\s*>")
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_ELEMENT = re.compile(rb"\s*<(?:[^\s<>/:!?]+:)?([^\s<>/:!?]+)[\s/>]")
_NOT_NEWLINE = re.compile(rb"[^\n]+")


def safe_prolog(stream: BinaryIO, name: str) -> bytes:
    """The first bytes of the stream up to some way into the first element, with the DOCTYPE blanked out.

    Raises PersonMustFix where entities are declared (XML bombs, external entities), or where there is no XML.
    """
    data = b""
    while True:
        piece = stream.read(max(_PIECE, len(data)))
        data += piece
        safe = made_safe(data, name)
        if safe is not None:
            return safe
        if not piece:
            raise Damaged(f"{name} is not XML: no element was found in it.")


def made_safe(data: bytes, name: str) -> bytes | None:
    """The beginning of an XML document, as `safe_prolog` gives it; None where more of it is needed."""
    safe = _without_doctype(data, name)
    if _ELEMENT.match(safe, _end_of_remarks(safe)):
        return safe
    if len(data) > _LONGEST:
        raise Damaged(f"{name} is not XML: no element was found in it.")
    return None


def first_element(start: bytes) -> str | None:
    found = _ELEMENT.match(start, _end_of_remarks(start))
    return found.group(1).decode("utf-8", "replace") if found else None


def _without_doctype(data: bytes, name: str) -> bytes:
    data = _true_declaration(data, name)
    at = _end_of_remarks(data)
    opening = _DOCTYPE.match(data, at)
    if not opening:
        return data
    end = opening.end()
    if opening.group(1) == b"[":
        closing = _DOCTYPE_END.search(data, end)
        end = closing.end() if closing else len(data)
    if _ENTITY.search(data, at, end):
        raise PersonMustFix(f"{name} declares XML entities, as an attack would; it was not read.")
    return data[:at] + _NOT_NEWLINE.sub(b" ", data[at:end]) + data[end:]


def _true_declaration(data: bytes, name: str) -> bytes:
    """Written anew, so that the parser reads what was looked at here.

    These bytes are ASCII at heart, so a declaration of UTF-16 is a lie (or true of what we have already decoded).
    Only charsets in which `<`, `-` and `>` always mean themselves: in others a comment may end for us and not for the
    parser, and what it hides is a DTD.
    """
    declaration = _XML.match(data)
    if not declaration:
        return data
    encoding = _ENCODING.search(declaration.group(1))
    said = encoding.group(1).lower() if encoding else b"utf-8"
    rest = data[declaration.end() :]
    if said.startswith((b"utf-16", b"utf-32", b"ucs", b"iso-10646")):
        return rest
    if not _PLAIN.fullmatch(said):
        shown = said[:40].decode("ascii", "replace")
        raise PersonMustFix(f"{name} says that it is encoded as {shown}; that is not read.")
    return b'<?xml version="1.0" encoding="' + said + b'"?>' + rest


def _end_of_remarks(data: bytes) -> int:
    declaration = _XML.match(data)
    at = declaration.end() if declaration else 0
    while remark := _SKIPPED.match(data, at):
        at = remark.end()
    return at
