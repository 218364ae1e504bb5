"""diff3 (Khanna, Kunal, Pierce 2007): three sequences cut into regions that are the same in all and others."""

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple


class Region(NamedTuple):
    """Bounds of one stretch in each of the three sequences: `base[base_from:base_to]` and so on."""

    base: slice
    hub: slice
    remote: slice
    stable: bool


def regions(base: Sequence[Hashable], hub: Sequence[Hashable], remote: Sequence[Hashable]) -> Iterator[Region]:
    """In order, without gaps. Between two regions that differ there is always one that is stable."""
    here, there = _matches(base, hub), _matches(base, remote)
    begun = at = (0, 0, 0)
    for index in sorted(here.keys() & there.keys()):
        found = (index, here[index], there[index])
        if found != at:
            yield from _stretch(begun, at, stable=True)
            yield from _stretch(at, found, stable=False)
            begun = found
        at = (found[0] + 1, found[1] + 1, found[2] + 1)
    yield from _stretch(begun, at, stable=True)
    yield from _stretch(at, (len(base), len(hub), len(remote)), stable=False)


def _stretch(begin: tuple[int, int, int], end: tuple[int, int, int], *, stable: bool) -> Iterator[Region]:
    if begin != end:
        base, hub, remote = (slice(start, stop) for start, stop in zip(begin, end, strict=True))
        yield Region(base, hub, remote, stable)


def _matches(base: Sequence[Hashable], other: Sequence[Hashable]) -> dict[int, int]:
    blocks = SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}
