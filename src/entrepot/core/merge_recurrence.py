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
CLOCK = (*TIMES, "time_zone", "end_time_zone", "show_without_time")
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


def lift_recurrence(hub: When, held: When, told: When) -> When:
    """What the service changed (`held` to `told`), applied to the hub's: what it cannot say was not taken away there.

    Clocks are taken together. A service that knows days alone moves the day, and the time of day stays.
    """
    changed = {name for name in told if not is_same(told[name], held[name])}
    lifted = {name: told[name] if name in changed else hub[name] for name in told}
    if changed & set(CLOCK):
        lifted |= _clock(hub, held, told, changed)
    if OVERRIDES in changed and is_same(lifted.get("time_zone"), hub.get("time_zone")):
        lifted[OVERRIDES] = merge_map(held[OVERRIDES], hub[OVERRIDES], told[OVERRIDES], "remote").value
    return lifted


def _clock(hub: When, held: When, told: When, changed: set[str]) -> dict[str, Value]:
    moved = {name: told[name] for name in TIMES if name in changed}
    knows_days = held.get("show_without_time") and told.get("show_without_time") and not hub.get("show_without_time")
    if not knows_days or any(at and not hub[name] for name, at in moved.items()):
        return {name: told[name] for name in CLOCK if name in told}
    kept = {name: hub[name] for name in CLOCK if name in told}
    return {**kept, **{name: at and at[:10] + hub[name][10:] for name, at in moved.items()}}


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
