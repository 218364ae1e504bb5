"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from typing import Any

import msgspec

from entrepot.core.change import BadRow
from entrepot.core.errors import ServiceChanged
from entrepot.core.people import Post
from entrepot.protocols.feed_entry import Entry, Feed, address, key, moment


class _Author(msgspec.Struct):
    name: str | None = None
    url: str | None = None


class _Attachment(msgspec.Struct):
    url: str


class _Item(msgspec.Struct):
    id: str | int | float | None = None
    url: str | None = None
    external_url: str | None = None
    title: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    summary: str | None = None
    image: str | None = None
    date_published: str | None = None
    date_modified: str | None = None
    authors: list[_Author] = []
    author: _Author | None = None
    tags: list[str] = []
    language: str | None = None
    attachments: list[_Attachment] = []


class _Document(msgspec.Struct):
    items: list[msgspec.Raw]
    version: str = ""
    title: str = ""
    home_page_url: str | None = None
    language: str | None = None
    authors: list[_Author] = []
    author: _Author | None = None


def parse_json_feed(body: bytes, url: str, stream: str) -> Feed:
    try:
        document = msgspec.json.decode(body, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ServiceChanged("The feed is cut off or is not a JSON Feed.") from None
    entries: list[Entry] = []
    bad: list[BadRow] = []
    for number, raw in enumerate(document.items, start=1):
        try:
            entries.append(_entry(bytes(raw), url, document))
        except (msgspec.DecodeError, RecursionError) as error:
            bad.append(BadRow(stream, f"item {number}", str(error)))
    return Feed(document.title, document.home_page_url, entries, bad)


def _entry(raw: bytes, url: str, feed: _Document) -> Entry:
    item = msgspec.json.decode(raw, type=_Item)
    content = item.content_html or item.content_text or ""
    if not (content or item.title or item.url or item.summary):
        raise msgspec.ValidationError("it has neither title nor content nor address")
    link = item.url or item.external_url
    authors = (
        item.authors or ([item.author] if item.author else []) or feed.authors or ([feed.author] if feed.author else [])
    )
    names = [name for author in authors if (name := author.name or author.url)]
    links = [attachment.url for attachment in item.attachments] + ([item.image] if item.image else [])
    post = Post(
        type="Article" if item.title else "Note",
        name=item.title,
        content=content,
        summary=item.summary,
        attributed_to=", ".join(names) or None,
        published=moment(item.date_published),
        updated=moment(item.date_modified),
        url=address(url, link) if link else None,
        tags=item.tags,
        attachments=[address(url, each) for each in links],
        language=item.language or feed.language,
        extra=_unread(item),
    )
    identity = str(item.id) if item.id not in {None, ""} else item.url or key(item.title, item.date_published, content)
    return Entry(identity, post, raw)


def _unread(item: _Item) -> dict[str, Any]:
    """Dates nobody can read stay as they were written."""
    dates = {"date_published": item.date_published, "date_modified": item.date_modified}
    return {name: text for name, text in dates.items() if text and moment(text) is None}
