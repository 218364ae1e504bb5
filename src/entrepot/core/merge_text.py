"""Three-way merge of long text: by lines, by words where lines clash. A clash is told, never marked in the text."""

import re

from entrepot.core.merge import Clash, Merged, Side
from entrepot.core.merge_regions import regions

MOST_WORDS = 4000
"""Beyond this a clash of lines stays one: comparing takes the square of it."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def merge_text(base: str, hub: str, remote: str, prefer: Side) -> Merged:
    if hub in {remote, base}:
        return Merged(remote)
    if remote == base:
        return Merged(hub)
    pieces: list[str] = []
    clashes: list[Clash] = []
    old, here, there = (text.splitlines(keepends=True) for text in (base, hub, remote))
    for region in regions(old, here, there):
        before, ours, theirs = "".join(old[region.base]), "".join(here[region.hub]), "".join(there[region.remote])
        joined = ours if region.stable else _choose(before, ours, theirs)
        if joined is None:
            joined = _join_words(before, ours, theirs)
        if joined is None:
            joined = ours if prefer == "hub" else theirs
            clashes.append(Clash((), before, ours, theirs))
        pieces.append(joined)
    return Merged("".join(pieces), tuple(clashes))


def _choose(before: str, ours: str, theirs: str) -> str | None:
    if ours in {theirs, before}:
        return theirs
    return ours if theirs == before else None


def _join_words(before: str, ours: str, theirs: str) -> str | None:
    old, here, there = (_WORDS.findall(text) for text in (before, ours, theirs))
    if max(len(old), len(here), len(there)) > MOST_WORDS:
        return None
    joined: list[str] = []
    for region in regions(old, here, there):
        part = _choose("".join(old[region.base]), "".join(here[region.hub]), "".join(there[region.remote]))
        if part is None:
            return None
        joined.append(part)
    return "".join(joined)
