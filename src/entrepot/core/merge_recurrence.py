"""Three-way merge of when something takes place: start, zone, rules and the overrides by RECURRENCE-ID, as one.

A rule from one side with an override for an occurrence of the other's rule would be a series nobody asked for, and a
start on a clock it was not meant for a time nobody meant. So only edits that cannot touch each other are joined.
"""

from collections.abc import Mapping

from entrepot.core.fields import Value, is_same
from entrepot.core.merge import Clash, Merged, Side, merge_scalar
from entrepot.core.merge_map import merge_map

FIELDS = (
    "start",
    "due",
    "time_zone",
    "end_time_zone",
    "show_without_time",
    "recurrence_rules",
    "excluded_recurrence_rules",
    "recurrence_overrides",
    "recurrence_id",
)
TIMES = ("start", "due")
OVERRIDES = "recurrence_overrides"
SERIES = ("recurrence_rules", "excluded_recurrence_rules", OVERRIDES, "recurrence_id")

When = Mapping[str, Value]
"""Some or all of FIELDS."""


def merge_recurrence(base: When, hub: When, remote: When, prefer: Side) -> Merged:
    if is_same(hub, remote) or is_same(remote, base):
        return Merged(hub)
    if is_same(hub, base):
        return Merged(remote)
    sides = (base, hub, remote)
    if OVERRIDES in hub and _agree(sides, [name for name in FIELDS if name != OVERRIDES]):
        merged = merge_map(base[OVERRIDES], hub[OVERRIDES], remote[OVERRIDES], prefer)
        return Merged({**hub, OVERRIDES: merged.value}, tuple(clash.below(OVERRIDES) for clash in merged.clashes))
    if _agree(sides, [name for name in FIELDS if name not in TIMES]) and not _repeats(hub):
        return _merge_times(sides, prefer)
    return Merged(hub if prefer == "hub" else remote, (Clash((), base, hub, remote),))


def _merge_times(sides: tuple[When, When, When], prefer: Side) -> Merged:
    """What takes place once, on one clock: its start and its due may have been moved apart from each other."""
    base, hub, remote = sides
    value = dict(hub)
    clashes: list[Clash] = []
    for name in TIMES:
        if name in value:
            merged = merge_scalar(base[name], hub[name], remote[name], prefer)
            value[name] = merged.value
            clashes += (clash.below(name) for clash in merged.clashes)
    return Merged(value, tuple(clashes))


def _agree(sides: tuple[When, When, When], names: list[str]) -> bool:
    base = sides[0]
    return all(is_same(side.get(name), base.get(name)) for name in names for side in sides[1:])


def _repeats(when: When) -> bool:
    return any(when.get(name) for name in SERIES)
