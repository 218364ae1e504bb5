"""MyAnimeList: the XML export of an anime or manga list."""

from collections.abc import Iterator
from itertools import chain
from typing import cast

from lxml import etree

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive import gunzip
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_xml import Element, elements, root_of
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Account, Match, Options

from .entry import read_entry
from .mending import mended

ROOT = "myanimelist"
ANIME, MANGA = "anime", "manga"


class MyAnimeList:
    """Streams `anime` and `manga`; the id is MyAnimeList's own, which its API gives too."""

    def recognise(self, archive: Archive) -> Match | None:
        lists = [entry for entry in _candidates(archive) if root_of(entry) == ROOT]
        if not lists:
            return None
        return Match(1.0, _account(lists[0]), [f"{len(lists)} list{'s' * (len(lists) > 1)}"])

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:  # noqa: ARG002 - there are none
        candidates = list(_candidates(archive))
        for entry in candidates:
            if root_of(entry) == ROOT:
                yield from unless_damaged(archive, entry.name, ANIME, _read_list(entry))
        yield from unreadable(candidates, ANIME)


def _read_list(entry: Entry) -> Iterator[Change | BadRow]:
    for number, element in enumerate(elements(entry, ANIME, MANGA, through=mended), start=1):
        stream = str(element.tag)
        try:
            yield read_entry(stream, element)
        except ValueError as error:
            title = element.findtext("series_title") or element.findtext("manga_title") or ""
            yield BadRow(stream, f"{entry.name}, entry {number} ({title.strip()[:80]})", str(error))


def _candidates(archive: Archive) -> Iterator[Entry]:
    return chain(archive.entries("*.xml"), (gunzip(entry) for entry in archive.entries("*.xml.gz")))


def _account(entry: Entry) -> Account | None:
    """From the head alone: `myinfo` is the first element."""
    parser = etree.XMLPullParser(("end",), tag=("user_id", "user_name"), recover=True, resolve_entities=False)
    parser.feed(entry.head().split(b"</myinfo>")[0])
    ended = (cast("Element", element) for _, element in parser.read_events())
    found = {str(element.tag): (element.text or "").strip() for element in ended}
    name = found.get("user_name", "")
    account = found.get("user_id") or name
    return Account(account, name) if account else None
