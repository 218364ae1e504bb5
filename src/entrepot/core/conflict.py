"""Who wins where both sides edited the same thing: named policies, and what is left for a person to settle.

Every clash that a policy settles is told as a Resolution with the value that lost, so that a journal can offer to use
the other value instead.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from entrepot.core.fields import Value, identity
from entrepot.core.merge import Clash, Side

WHOLE = ""
"""The field of a conflict about whether the record is to exist."""

Mode = Literal["merge", "latest", "source", "manual"]
Deletion = Literal["keep", "delete", "ask"]
"""Edited on one side, deleted on the other: keep the edit, delete all the same, or ask a person."""


class Moment(msgspec.Struct, frozen=True):
    """When something was edited, as far as one knows: in the `granularity` milliseconds from `at` (since 1970, UTC)."""

    at: int
    granularity: int = 1


class Mark(msgspec.Struct, frozen=True):
    """Who gave a value (the name of a service or integration, or `hub`), and when where that is known."""

    by: str
    at: Moment | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`sources` is for the mode `source`: the first wins over those behind it, and all over those not named."""

    mode: Mode = "merge"
    sources: tuple[str, ...] = ()
    deletion: Deletion = "keep"


DEFAULT = Policy()


class Policies(msgspec.Struct, frozen=True, kw_only=True):
    """The nearest one said holds: that of the field, of the collection, of the integration, or the default."""

    integration: Policy | None = None
    collection: Policy | None = None
    fields: Mapping[str, Policy] = {}

    def of(self, field: str = WHOLE) -> Policy:
        return self.fields.get(field) or self.collection or self.integration or DEFAULT


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Waits for a person. `hub` and `remote` are the whole values; where inside them it clashes stands in `clashes`.

    A value that is UNSET is one that side does not have: the record is deleted there, or was never agreed on.
    """

    field: str
    words: str
    base: Value = msgspec.UNSET
    hub: Value = msgspec.UNSET
    remote: Value = msgspec.UNSET
    by_hub: Mark
    by_remote: Mark
    clashes: tuple[Clash, ...] = ()


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """A policy settled it. `lost` is the whole value as it would be had the other side won; UNSET: deleted."""

    field: str
    words: str
    winner: Side
    kept: Value = msgspec.UNSET
    lost: Value = msgspec.UNSET
    clashes: tuple[Clash, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """`winner` is None where the policy cannot tell."""

    winner: Side | None
    words: str


def settle_clash(policy: Policy, hub: Mark, remote: Mark, values: tuple[Value, Value]) -> Verdict:
    """Who wins under the policy; `values` are the hub's and the remote side's, for breaking ties."""
    match policy.mode:
        case "latest":
            return _latest(hub.at, remote.at, values)
        case "source":
            return _first_source(policy.sources, hub.by, remote.by)
        case "merge" | "manual":
            return Verdict(None, "edited differently on both sides")


def _latest(hub: Moment | None, remote: Moment | None, values: tuple[Value, Value]) -> Verdict:
    if hub is None or remote is None:
        return Verdict(None, "edited differently on both sides, and nobody knows which was later")
    if remote.at + remote.granularity <= hub.at:
        return Verdict("hub", "edited differently on both sides, later in the hub")
    if hub.at + hub.granularity <= remote.at:
        return Verdict("remote", "edited differently on both sides, later at the service")
    # The order of values is the same seen from either side, so that two hubs would choose alike.
    first = _ordered(values[0]) >= _ordered(values[1])
    return Verdict("hub" if first else "remote", "edited differently on both sides at the same time")


def _first_source(sources: tuple[str, ...], hub: str, remote: str) -> Verdict:
    ranks = [sources.index(name) if name in sources else len(sources) for name in (hub, remote)]
    if ranks[0] == ranks[1]:
        return Verdict(None, f"edited differently on both sides, and neither of {hub} and {remote} goes first")
    winner: Side = "hub" if ranks[0] < ranks[1] else "remote"
    return Verdict(winner, f"edited differently on both sides, and {sources[min(ranks)]} goes first")


def _ordered(value: Value) -> bytes:
    found = identity(value)
    return found.encode() if isinstance(found, str) else found
