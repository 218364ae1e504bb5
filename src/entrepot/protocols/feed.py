"""Feeds: fetched only when they changed, read as posts whichever of the three formats they are in."""

from collections.abc import Mapping

import msgspec

from entrepot.protocols.feed_entry import Feed
from entrepot.protocols.feed_json import parse_json_feed
from entrepot.protocols.feed_xml import parse_xml_feed
from entrepot.transport.client import Client
from entrepot.transport.message import Request

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
STREAM = "posts"


class Validators(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to send along next time so that an unchanged feed is not sent again; part of a cursor."""

    etag: str | None = None
    last_modified: str | None = None


class Fetched(msgspec.Struct, frozen=True):
    feed: Feed
    validators: Validators


async def fetch_feed(
    client: Client, url: str, known: Validators | None = None, *, stream: str = STREAM
) -> Fetched | None:
    """The feed as it is now, or None where the service says that it has not changed since `known`."""
    headers: dict[str, str] = {"Accept": ACCEPT}
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    # 410: the feed is gone for good, which only a person can answer.
    response = await client.send(Request("GET", url, headers=headers, errors={410: "PersonMustFix"}))
    if response.status == 304:
        return None
    return Fetched(parse_feed(response.body, response.url, stream=stream), _validators(response.headers))


def parse_feed(body: bytes, url: str = "", *, stream: str = STREAM) -> Feed:
    """RSS, Atom or JSON Feed; `url` is where it came from, for the relative addresses in it."""
    start = body[:256].lstrip(b"\xef\xbb\xbf \r\n\t")
    if start.startswith(b"{"):
        return parse_json_feed(body.lstrip(b"\xef\xbb\xbf"), url, stream)
    return parse_xml_feed(body.lstrip(b" \r\n\t") if start.startswith(b"<") else body, url, stream)


def _validators(headers: Mapping[str, str]) -> Validators:
    return Validators(headers.get("ETag"), headers.get("Last-Modified"))
