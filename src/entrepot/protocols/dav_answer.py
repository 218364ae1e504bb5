"""A multistatus answer (RFC 4918 section 13), read as it arrives and with external and internal entities off."""

from collections.abc import Iterator
from typing import cast
from urllib.parse import quote, unquote, urlsplit

import msgspec
from lxml import etree

from entrepot.core.errors import ServiceChanged
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
            huge_tree=True,  # a calendar may carry an attachment of more than lxml's 10 MB
        )
        self._ended = False

    def feed(self, piece: bytes) -> Iterator[Member]:
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise self._unreadable(error) from None
        for _, element in self._parser.read_events():
            yield from self._take(cast("Element", element))

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
    """The path alone, each part encoded in one way, so that the same resource always has the same name."""
    path = urlsplit(href.strip()).path if "//" in href else href.strip().split("?")[0]
    return "/".join(quote(unquote(part), safe=_PLAIN) for part in path.split("/"))


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
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else None


def _forget(element: Element) -> None:
    """What was read is let go, so that a long answer needs no more memory than a short one."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
