"""A page of a bucket's listing (ListBucketResult) as files."""

from datetime import datetime
from urllib.parse import unquote_plus

import msgspec
from lxml import etree

from entrepot.core.change import BadRow
from entrepot.core.errors import ServiceChanged
from entrepot.core.writing import File
from entrepot.transport.message import Response

Element = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for its elements

STREAM = "files"
_ROOT = "ListBucketResult"


class Listing(msgspec.Struct, frozen=True):
    """`last` is the last key of the page, whatever became of it."""

    files: list[File]
    bad: list[BadRow]
    last: str | None
    is_truncated: bool


def read_listing(response: Response) -> Listing:
    root = read_xml(response.body)
    if root is None or etree.QName(root).localname != _ROOT:
        raise ServiceChanged(
            f"{response.place} answered with something that is no listing.", detail=response.shown_body()
        )
    space = namespace_of(root)
    is_encoded = root.findtext(f"{space}EncodingType") == "url"
    listing = Listing([], [], None, root.findtext(f"{space}IsTruncated") == "true")
    last: str | None = None
    for entry in root.iterchildren(f"{space}Contents"):
        text = entry.findtext(f"{space}Key") or ""
        last = unquote_plus(text) if is_encoded else text
        try:
            file = _file(last, entry, space)
        except (TypeError, ValueError) as why:
            listing.bad.append(BadRow(STREAM, last or "a file without a key", f"Its entry cannot be read: {why}."))
            continue
        if file.size or not last.endswith("/"):  # some programs put an empty object where a folder begins
            listing.files.append(file)
    return msgspec.structs.replace(listing, last=last)


def read_xml(body: bytes) -> Element | None:
    """None where it is no XML. Nothing in it is resolved or fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None


def namespace_of(root: Element) -> str:
    """`{http://…}` or nothing: not every store writes one."""
    name = etree.QName(root).namespace
    return f"{{{name}}}" if name else ""


def _file(key: str, entry: Element, space: str) -> File:
    if not key:
        raise ValueError("it has no key")
    modified = entry.findtext(f"{space}LastModified")
    etag = entry.findtext(f"{space}ETag")
    return File(
        path=key,
        size=int(entry.findtext(f"{space}Size") or ""),
        etag=etag.strip('"') if etag else None,
        storage_class=entry.findtext(f"{space}StorageClass"),
        modified=datetime.fromisoformat(modified) if modified else None,
    )
