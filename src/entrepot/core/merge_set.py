"""Three-way merge of lists whose order says nothing: what either side added is there, what either took away is not."""

from collections.abc import Sequence

from entrepot.core.fields import Value, identity
from entrepot.core.merge import Merged, Side


def merge_set(base: Sequence[Value], hub: Sequence[Value], remote: Sequence[Value], _prefer: Side = "hub") -> Merged:
    """Never a clash. The hub's order, then what the remote side added."""
    if is_same_set(hub, remote) or is_same_set(remote, base):
        return Merged(hub)
    if is_same_set(hub, base):
        return Merged(remote)
    old, here, there = ({identity(member): member for member in side} for side in (base, hub, remote))
    kept = {key: member for key, member in here.items() if key in there or key not in old}
    added = {key: member for key, member in there.items() if key not in here and key not in old}
    return Merged([*kept.values(), *added.values()])


def is_same_set(one: Sequence[Value], other: Sequence[Value]) -> bool:
    return one is other or {identity(member) for member in one} == {identity(member) for member in other}
