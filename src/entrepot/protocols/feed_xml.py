"""RSS 2.0 and its elders (0.9x, 1.0), and Atom (RFC 4287), read without entities and without the network."""

import re
from collections.abc import Callable, Iterator
from html.entities import html5

from lxml import etree

from entrepot.core.change import BadRow
from entrepot.core.errors import ServiceChanged
from entrepot.core.people import Post
from entrepot.protocols.feed_entry import Entry, Feed, address, key, moment

MOST = 100_000
"""Entries of one feed; no honest feed has more."""
LARGEST = 32 << 20
MOST_TAGS = 2_000_000
"""It is held in memory as a tree, of which each element takes a hundred bytes or more."""
ATOM = "{http://www.w3.org/2005/Atom}"
_RSS = (
    "",
    "{http://purl.org/rss/1.0/}",
    "{http://backend.userland.com/rss2}",
    "{http://my.netscape.com/rdf/simple/0.9/}",
)
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_MEDIA = "{http://search.yahoo.com/mrss/}content"
_REPLY = "{http://purl.org/syndication/thread/1.0}in-reply-to"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]+);")
_PLAIN = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})

Element = etree._Element  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - lxml has no public name for it


def parse_xml_feed(body: bytes, url: str, stream: str) -> Feed:
    root = _root(body)
    if root.tag == f"{ATOM}feed":
        home = _link(root, "alternate")
        return _collect(
            _text(root, f"{ATOM}title"), home, root.iterchildren(f"{ATOM}entry"), _atom_reader(root, url), stream
        )
    channel = next((child for child in root if _local(child) == "channel"), None)
    if channel is None or _local(root) not in {"rss", "RDF"}:
        raise ServiceChanged("This is neither RSS nor Atom nor a JSON Feed.")
    items = (each for each in root.iter() if _local(each) == "item")
    home = _first(channel, "link")
    language = _first(channel, "language")
    return _collect(_first(channel, "title"), home, items, lambda item: _rss_entry(item, home or url, language), stream)


def _root(body: bytes) -> Element:
    if len(body) > LARGEST or body.count(b"<") > MOST_TAGS:
        raise ServiceChanged("The feed is larger than any honest feed is; it is not read.")
    try:
        return _parsed(body)
    except etree.XMLSyntaxError:
        pass
    try:
        # Many feeds write &nbsp; and the like without declaring them.
        return _parsed(_NAMED.sub(_numbered, body))
    except etree.XMLSyntaxError as error:
        raise ServiceChanged("The feed is cut off or is not well-formed XML.", detail=str(error)) from None


def _parsed(body: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(body, parser)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():  # pyright: ignore[reportAttributeAccessIssue] - stubs lack it
        raise ServiceChanged("The feed declares entities of its own, which no honest feed needs; it is not read.")
    return root


def _numbered(found: re.Match[bytes]) -> bytes:
    name = found[1]
    text = html5.get(f"{name.decode()};")
    return found[0] if name in _PLAIN or text is None else "".join(f"&#{ord(letter)};" for letter in text).encode()


def _collect(
    title: str, home: str | None, elements: Iterator[Element], read: Callable[[Element], Entry | None], stream: str
) -> Feed:
    entries: list[Entry] = []
    bad: list[BadRow] = []
    for number, element in enumerate(elements, start=1):
        if number > MOST:
            raise ServiceChanged(f"The feed has more than {MOST:,} entries; it is not read.")
        entry = read(element)
        if entry is None:
            bad.append(BadRow(stream, f"entry {number}", "it has neither title nor content nor address"))
        else:
            entries.append(entry)
    return Feed(title, home or None, entries, bad)


def _rss_entry(item: Element, base: str, language: str) -> Entry | None:
    title, link, guid = _first(item, "title"), _first(item, "link"), _first(item, "guid")
    description, content = _first(item, "description"), _text(item, _CONTENT)
    date = _first(item, "pubDate") or _text(item, f"{_DC}date")
    if not link and guid.startswith(("http://", "https://")) and not _is_opaque(item):
        link = guid
    if not (title or link or description or content):
        return None
    published = moment(date)
    links = [each.get("url") for each in item if _local(each) == "enclosure" or each.tag == _MEDIA]
    post = Post(
        type="Article" if title else "Note",
        name=title or None,
        content=content or description,
        summary=description if content and description else None,
        attributed_to=_text(item, f"{_DC}creator") or _first(item, "author") or None,
        published=published,
        url=address(base, link) if link else None,
        tags=[text for each in item if _local(each) == "category" and (text := _inner(each))],
        attachments=list(dict.fromkeys(address(base, each) for each in links if each)),
        language=language or None,
        extra={"pubDate": date} if date and published is None else {},
    )
    return Entry(guid or link or key(title, date, content or description), post, _native(item))


def _is_opaque(item: Element) -> bool:
    return any(_local(each) == "guid" and each.get("isPermaLink") == "false" for each in item)


def _atom_reader(feed: Element, url: str) -> Callable[[Element], Entry | None]:
    authors = _authors(feed)
    return lambda entry: _atom_entry(entry, url, authors)


def _atom_entry(entry: Element, url: str, authors: str) -> Entry | None:
    base = address(url, entry.base or "")
    title, identity, link = _text(entry, f"{ATOM}title"), _text(entry, f"{ATOM}id"), _link(entry, "alternate")
    content, summary = _text(entry, f"{ATOM}content"), _text(entry, f"{ATOM}summary")
    if not (title or link or content or summary):
        return None
    dates = {name: _text(entry, f"{ATOM}{name}") for name in ("published", "updated")}
    reply = entry.find(_REPLY)
    enclosures = [each.get("href", "") for each in entry.iterchildren(f"{ATOM}link") if each.get("rel") == "enclosure"]
    post = Post(
        type="Article" if title else "Note",
        name=title or None,
        content=content or summary,
        summary=summary if content and summary else None,
        attributed_to=_authors(entry) or authors or None,
        published=moment(dates["published"]),
        updated=moment(dates["updated"]),
        url=address(base, link) if link else None,
        in_reply_to=None if reply is None else reply.get("href") or reply.get("ref"),
        tags=[
            term for each in entry.iterchildren(f"{ATOM}category") if (term := each.get("label") or each.get("term"))
        ],
        attachments=[address(base, each) for each in enclosures if each],
        language=next((found for each in (entry, *entry.iterancestors()) if (found := each.get(f"{_XML}lang"))), None),
        extra={name: text for name, text in dates.items() if text and moment(text) is None},
    )
    return Entry(identity or link or key(title, dates["updated"], content), post, _native(entry))


def _authors(element: Element) -> str:
    names = (_text(author, f"{ATOM}name") for author in element.iterchildren(f"{ATOM}author"))
    return ", ".join(name for name in names if name)


def _link(element: Element, rel: str) -> str:
    links = element.iterchildren(f"{ATOM}link")
    return next((each.get("href", "") for each in links if each.get("rel", "alternate") == rel), "")


def _first(element: Element, name: str) -> str:
    """The text of the first child of that name in any of RSS's namespaces."""
    return next((_inner(child) for child in element if _local(child) == name), "")


def _text(element: Element, tag: str) -> str:
    found = element.find(tag)
    return "" if found is None else _inner(found)


def _inner(element: Element) -> str:
    """Its text; where there is markup inside (Atom's xhtml), that."""
    if len(element) == 0:
        return "".join(map(str, element.itertext())).strip()
    body = element[0] if element.get("type") == "xhtml" and len(element) == 1 else element
    inside = [body.text or "", *(etree.tostring(child, encoding="unicode") for child in body)]
    return "".join(inside).strip()


def _local(element: Element) -> str:
    """The name without RSS's namespace; the name with it for any other namespace."""
    namespace, brace, name = element.tag.rpartition("}")
    return name if namespace + brace in _RSS or name == "RDF" else element.tag


def _native(element: Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", with_tail=False)
