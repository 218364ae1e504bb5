"""My Activity and YouTube's history as HTML, which Takeout gives unless JSON was chosen; streamed cell by cell."""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from entrepot.core.change import BadRow, Change
from entrepot.sdk.archive import Entry

from .activity import BROKEN, STREAM, Activity, Subtitle, activity_change
from .written_times import Writing, is_written_time, read_written

SIGN = b'<div class="outer-cell'
LARGEST_CELL = 1 << 20
_CHUNK = 1 << 18
_HEADER = re.compile(r'class="header-cell[^>]*>\s*<p[^>]*>(.*?)</p>', re.DOTALL)
_CONTENT = re.compile(r'class="content-cell[^>]*mdl-typography--body-1"[^>]*>(.*?)</div>', re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>|</p>|<p[^>]*>", re.IGNORECASE)
_LINK = re.compile(r'<a\s[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


class _Line(NamedTuple):
    text: str
    link: str | None
    name: str


def read_html(entry: Entry, writing: Writing) -> Iterator[Change | BadRow]:
    for number, cell in enumerate(_cells(entry), start=1):
        try:
            yield _read(cell, writing)
        except BROKEN as error:
            yield BadRow(STREAM, f"{entry.name}, activity {number}", str(error))


def _cells(entry: Entry) -> Iterator[bytes]:
    """What stands between two beginnings of a cell; one that never ends is cut, and then no activity."""
    held = b""
    is_inside = False
    with entry.open() as stream:
        while chunk := stream.read(_CHUNK):
            *whole, held = (held + chunk).split(SIGN)
            for cell in whole:
                if is_inside:
                    yield cell
                is_inside = True
            if len(held) > LARGEST_CELL:
                held = held[-len(SIGN) :] if not is_inside else held[:LARGEST_CELL]
    if is_inside:
        yield held


def _read(cell: bytes, writing: Writing) -> Change:
    text = cell[:LARGEST_CELL].decode("utf-8", "replace")
    content = _CONTENT.search(text)
    if not content:
        raise ValueError("the activity has no content")
    lines = [line for part in _BREAK.split(content[1]) if (line := _line(part)).text]
    when = next((at for at in range(len(lines) - 1, -1, -1) if is_written_time(lines[at].text)), None)
    if when is None:
        raise ValueError("the activity names no time")
    header = _HEADER.search(text)
    what = lines[0] if when else _Line("", None, "")
    activity = Activity(
        time=read_written(lines[when].text, writing),
        header=_plain(header[1]) if header else "",
        title=what.name or what.text,
        title_url=what.link,
        subtitles=[Subtitle(line.name or line.text, line.link) for line in lines[1:when]],
    )
    native = {"header": activity.header, "title": what.text, "titleUrl": what.link, "time": lines[when].text}
    subtitles = [{"name": one.name, "url": one.url} for one in activity.subtitles]
    if subtitles:
        return activity_change(
            activity, msgspec.json.encode({**native, "subtitles": subtitles}), is_name=bool(what.name)
        )
    return activity_change(activity, msgspec.json.encode(native), is_name=bool(what.name))


def _line(part: str) -> _Line:
    link = _LINK.search(part)
    return _Line(_plain(part), html.unescape(link[1]) or None if link else None, _plain(link[2]) if link else "")


def _plain(part: str) -> str:
    return html.unescape(_TAG.sub("", part)).replace("\u00a0", " ").strip()
