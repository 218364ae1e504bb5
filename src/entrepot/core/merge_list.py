"""Three-way merge of lists whose order matters: edits in different places join, both sides' insertions are kept."""

from collections import Counter
from collections.abc import Sequence

from entrepot.core.fields import Value, identity, is_same
from entrepot.core.merge import Clash, Merged, Side
from entrepot.core.merge_regions import Region, regions

Keys = list[str | bytes]


def merge_list(base: Sequence[Value], hub: Sequence[Value], remote: Sequence[Value], prefer: Side) -> Merged:
    """What both sides inserted at one place stands there in an order that does not depend on which side is which.

    A member that would come twice because both sides moved it is a clash of orders; so are two edits of one place.
    """
    if is_same(hub, remote) or is_same(remote, base):
        return Merged(hub)
    if is_same(hub, base):
        return Merged(remote)
    members = {identity(member): member for side in (base, hub, remote) for member in side}
    old, here, there = ([identity(member) for member in side] for side in (base, hub, remote))
    merged = _join(old, here, there)
    if merged is None or _doubles(merged, here, there):
        ordered = _arrange(old, here, there) if prefer == "hub" else _arrange(old, there, here)
        return Merged([members[key] for key in ordered], (Clash((), base, hub, remote),))
    return Merged([members[key] for key in merged])


def _join(old: Keys, here: Keys, there: Keys) -> Keys | None:
    joined: Keys = []
    for region in regions(old, here, there):
        part = _resolve(region, old, here, there)
        if part is None:
            return None
        joined += part
    return joined


def _resolve(region: Region, old: Keys, here: Keys, there: Keys) -> Keys | None:
    before, ours, theirs = old[region.base], here[region.hub], there[region.remote]
    if region.stable or theirs in (ours, before):
        return ours
    if ours == before:
        return theirs
    if before or set(ours) & set(theirs):
        return None
    return [key for run in sorted((ours, theirs), key=_order) for key in run]


def _order(run: Keys) -> list[bytes]:
    return [key.encode() if isinstance(key, str) else key for key in run]


def _doubles(merged: Keys, here: Keys, there: Keys) -> bool:
    """True where something stands there more often than either side has it."""
    ours, theirs = Counter(here), Counter(there)
    return any(count > max(ours[key], theirs[key]) for key, count in Counter(merged).items())


def _arrange(old: Keys, first: Keys, second: Keys) -> Keys:
    """The first side's list with what the second added, each behind what it stood behind there."""
    gone = set(old) - set(second)
    arranged = [key for key in first if key not in gone]
    known = set(first) | set(old)
    for index, key in enumerate(second):
        if key not in known:
            behind = next((arranged.index(prior) + 1 for prior in reversed(second[:index]) if prior in arranged), 0)
            arranged.insert(behind, key)
            known.add(key)
    return arranged
