"""What each file of a Takeout is: by how it begins, because names and folders are translated."""

import re
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from entrepot.sdk.archive import Archive, Entry

from .activity_html import SIGN

Content = Literal["positions", "semantic", "segments", "phone", "edits", "activity", "browser", "html"]
_HEAD = 4096
_HTML_HEAD = 1 << 18
_SIGNS: tuple[tuple[Content, re.Pattern[bytes]], ...] = (
    ("positions", re.compile(rb'\s*\{\s*"locations"\s*:\s*\[')),
    ("semantic", re.compile(rb'\s*\{\s*"timelineObjects"\s*:')),
    ("segments", re.compile(rb'\s*\{\s*"(?:semanticSegments|rawSignals|userLocationProfile)"\s*:')),
    ("edits", re.compile(rb'\s*\{\s*"timelineEdits"\s*:')),
    ("browser", re.compile(rb'\s*\{.{0,4000}?"Browser History"\s*:\s*\[', re.DOTALL)),
    ("phone", re.compile(rb'\s*\[\s*\{(?=.*"startTime"\s*:)(?=.*"(?:visit|activity|timeline\w+)"\s*:)', re.DOTALL)),
    ("activity", re.compile(rb'\s*\[\s*\{(?=.*"header"\s*:\s*")(?=.*"time"\s*:\s*"\d{4}-)', re.DOTALL)),
)  # fmt: skip
SHOWN: dict[Content, str] = {
    "positions": "location history", "semantic": "location history", "segments": "timeline", "phone": "timeline",
    "edits": "timeline", "activity": "activity", "browser": "browser history", "html": "activity (HTML)",
}  # fmt: skip


class Known(NamedTuple):
    entry: Entry
    content: Content


def known_files(archive: Archive, passed_over: Collection[str]) -> Iterator[Known]:
    """`passed_over` are folders of pictures, whose JSON is of another sort."""
    alone = archive.entry(archive.name)
    for entry in [alone] if alone else archive.entries("*.json", "*.html"):
        if entry.name.rpartition("/")[0] in passed_over and not alone:
            continue
        content = content_of(entry)
        if content:
            yield Known(entry, content)


def content_of(entry: Entry) -> Content | None:
    """Reads the beginning without keeping it: a Takeout holds many small JSON files."""
    is_html = entry.name.lower().endswith((".html", ".htm"))
    head = entry.peek(_HTML_HEAD if is_html else _HEAD).removeprefix(b"\xef\xbb\xbf")
    if is_html:
        return "html" if SIGN in head else None
    return next((content for content, sign in _SIGNS if sign.match(head)), None)
