"""What a three-way merge gives: one value, and the places where both sides said different things.

Every merge takes (base, hub, remote, prefer). Where both sides clash the value is that of the side preferred, and the
clash is told; whether that is good enough is for a policy to say. Two laws hold for all: a side that did not change
gives way, and sides that say the same agree.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from entrepot.core.fields import Value, is_same

Side = Literal["hub", "remote"]


class Clash(msgspec.Struct, frozen=True):
    """Where inside the value, and what each said there; UNSET where it had nothing at that place."""

    path: tuple[str, ...]
    base: Value = msgspec.UNSET
    hub: Value = msgspec.UNSET
    remote: Value = msgspec.UNSET

    def below(self, key: str) -> "Clash":
        return Clash((key, *self.path), self.base, self.hub, self.remote)


class Merged(msgspec.Struct, frozen=True):
    value: Value
    clashes: tuple[Clash, ...] = ()


Merge = Callable[[Value, Value, Value, Side], Merged]


def merge_scalar(base: Value, hub: Value, remote: Value, prefer: Side) -> Merged:
    """One of the three as it is: what cannot be divided."""
    if is_same(hub, remote) or is_same(remote, base):
        return Merged(hub)
    if is_same(hub, base):
        return Merged(remote)
    return Merged(hub if prefer == "hub" else remote, (Clash((), base, hub, remote),))
