"""A multistatus answer (RFC 4918 section 13), read as it arrives and with external and internal entities off."""

from collections.abc import Iterator
from typing import cast
from urllib.parse import quote, unquote, urljoin

import msgspec
from lxml import etree

from entrepot.core.errors import PersonMustFix, ServiceChanged
from entrepot.protocols.archive_prolog import made_safe
from entrepot.protocols.dav_words import DAV

Element = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for its elements
_RESPONSE = f"{{{DAV}}}response"
_TOKEN = f"{{{DAV}}}sync-token"
_ROOT = f"{{{DAV}}}multistatus"
_HREF = f"{{{DAV}}}href"
_STATUS = f"{{{DAV}}}status"
_PROPSTAT = f"{{{DAV}}}propstat"
_PROP = f"{{{DAV}}}prop"
_PLAIN = "~!$&'()*+,;=:@"
_ODD = "surrogateescape"
LARGEST = 16 << 20
"""Bytes about one resource, which become a tree many times as large; a larger object is asked for by itself."""


class Property(msgspec.Struct, frozen=True):
    """`text` of the element, and what stands `inside`: hrefs, `name` attributes, or the tags of its elements."""

    text: str = ""
    inside: tuple[str, ...] = ()


class Member(msgspec.Struct, frozen=True):
    """One resource: `path` as in `path_of`; `href` as it came; `status` where it is one for the whole resource."""

    path: str
    href: str
    status: int | None
    properties: dict[str, Property]

    def text(self, name: str) -> str:
        found = self.properties.get(name)
        return found.text if found else ""

    def inside(self, name: str) -> tuple[str, ...]:
        found = self.properties.get(name)
        return found.inside if found else ()


class Unreadable(ServiceChanged):
    """The XML itself is broken, as when a text in it holds a control character."""


class Multistatus:
    """Feed it pieces, take members. `token` is the sync token that ends a sync report."""

    def __init__(self, where: str) -> None:
        self.token: str | None = None
        self._where = where
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag=(_RESPONSE, _TOKEN, _ROOT),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,  # a calendar may carry an attachment of more than lxml's 10 MB; LARGEST stands in
            remove_comments=True,
            remove_pis=True,
        )
        self._start: bytes | None = b""
        self._held = 0
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[Member]:
        if self._start is not None:
            piece = self._begun(self._start + piece)
        self._held += len(piece)
        if self._held > LARGEST:
            raise Unreadable(f"{self._where} answered with more than {LARGEST:,} bytes about one thing.")
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise self._unreadable(error) from None
        for _, element in self._parser.read_events():
            yield from self._take(cast("Element", element))

    def _begun(self, start: bytes) -> bytes:
        """What comes before the first element is kept back until a DTD can no longer follow."""
        try:
            safe = made_safe(start.lstrip(b"\xef\xbb\xbf \r\n\t"), self._where)
        except PersonMustFix as why:
            raise Unreadable(why.message) from None
        self._start = start if safe is None else None
        return safe or b""

    def close(self) -> None:
        """Raises ServiceChanged where the answer was cut off or is none: half a list must not look like a list."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise self._unreadable(error) from None
        if not self._ended:
            raise ServiceChanged(f"{self._where} answered with something that is not a WebDAV answer.")

    def _take(self, element: Element) -> Iterator[Member]:
        if element.tag == _RESPONSE:
            yield from _members(element)
            _forget(element)
            self._held = 0
        elif element.tag == _ROOT:
            self._ended = True
        elif (parent := element.getparent()) is not None and parent.tag == _ROOT:
            self.token = (element.text or "").strip() or None

    def _unreadable(self, error: etree.XMLSyntaxError) -> ServiceChanged:
        return Unreadable(f"{self._where} answered with XML that cannot be read.", detail=str(error))


def members_of(body: bytes, where: str) -> list[Member]:
    answer = Multistatus(where)
    found = list(answer.feed(body)) if body else []
    answer.close()
    return found


def path_of(href: str) -> str:
    """The path alone, each part encoded in one way, so that the same resource always has the same name.

    Whatever host the address names, the path is asked for at our own; it begins with `/`, lest it add to the name of
    that host.
    """
    path, place, rest = href.strip().partition("//")
    if place and (not path or path.endswith(":")):
        path = rest.partition("/")[2].partition("#")[0]
    else:
        path += place + rest
    parts = path.partition("?")[0].removeprefix("/").split("/")
    return "/" + "/".join(quote(unquote(part, errors=_ODD), safe=_PLAIN, errors=_ODD) for part in parts)


def joined(where: str, href: str) -> str:
    """The address that a server names, as seen from where it says so."""
    try:
        return urljoin(where, href)
    except ValueError:
        raise ServiceChanged(f"{where} names an address that cannot be read.") from None


def _members(element: Element) -> Iterator[Member]:
    status = _code(element.find(_STATUS))
    properties: dict[str, Property] = {}
    for stat in element.iterfind(_PROPSTAT):
        code = _code(stat.find(_STATUS))
        if code is None or 200 <= code < 300:
            properties.update((str(prop.tag), _property(prop)) for prop in stat.iterfind(f"{_PROP}/*"))
    for href in element.iterfind(_HREF):
        text = (href.text or "").strip()
        if text:
            yield Member(path_of(text), text, status, properties)


def _property(element: Element) -> Property:
    if len(element) == 0:
        return Property(element.text or "")
    return Property(inside=tuple(_inside(child) for child in element.iter() if child is not element))


def _inside(element: Element) -> str:
    if element.tag == _HREF:
        return (element.text or "").strip()
    return element.get("name") or str(element.tag)


def _code(element: Element | None) -> int | None:
    """`HTTP/1.1 404 Not Found` → 404."""
    words = (element.text or "").split() if element is not None else []
    return int(words[1]) if len(words) > 1 and len(words[1]) == 3 and words[1].isdecimal() else None


def _forget(element: Element) -> None:
    """What was read is let go, so that a long answer needs no more memory than a short one."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
