"""Brakes: what a run is about to do, as counts, and whether that may happen unasked.

A brake gives a SafetyStop to raise, or None. It never looks anything up: who counts says what the counts are about.
"""

import msgspec

from entrepot.core.errors import SafetyStop

SHARE = 0.3
COUNT = 10


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """A share is only looked at beyond a count: of four tasks two may go."""

    share: float = SHARE
    count: int = COUNT
    changed_share: float = 1.0
    dropped_share: float = SHARE


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Of one side of one collection. `there` is what was linked before, `found` what a complete listing shows now."""

    what: str
    """Plural, for people: `tasks`."""
    where: str
    there: int
    found: int | None = None
    deleted: int = 0
    changed: int = 0


DEFAULT = Limits()


def stop_deletions(tally: Tally, limits: Limits = DEFAULT) -> SafetyStop | None:
    """A large share of what is there would go."""
    if tally.deleted <= limits.count or tally.deleted <= limits.share * tally.there:
        return None
    return SafetyStop(
        f"{tally.deleted} of {tally.there} {tally.what} are gone at {tally.where}, too many to delete unasked."
        " Nothing was deleted. If they really are gone, run it again and confirm.",
        detail=f"brake deletions: {tally}",
    )


def stop_emptied(tally: Tally, limits: Limits = DEFAULT) -> SafetyStop | None:
    """Everything would go, however little that is; an empty listing is rather a fault than a wish."""
    if not (tally.there and tally.found == 0) and not (tally.deleted and tally.deleted >= tally.there):
        return stop_deletions(tally, limits)
    return SafetyStop(
        f"All {tally.there} {tally.what} are gone at {tally.where}."
        " Nothing was deleted. If they really are gone, run it again and confirm.",
        detail=f"brake emptied: {tally}",
    )


def stop_all_changed(tally: Tally, limits: Limits = DEFAULT) -> SafetyStop | None:
    """Everything differs at once: rather a mapping, a time zone or a clock than edits."""
    if tally.there <= limits.count or tally.changed < limits.changed_share * tally.there:
        return None
    return SafetyStop(
        f"{tally.changed} of {tally.there} {tally.what} differ all at once at {tally.where}; that looks like a changed"
        " setting there, not like edits. Nothing was written. Look at the plan, then confirm or discard it.",
        detail=f"brake all changed: {tally}",
    )


def stop_dropped(tally: Tally, cause: str, limits: Limits = DEFAULT) -> SafetyStop | None:
    """Less is seen since something else changed: `cause` says what (`the permission`, `the filter`).

    Only for the first complete listing after it. Here no count excuses: two of four may be hidden, not gone.
    """
    if tally.found is None or tally.there - tally.found <= limits.dropped_share * tally.there:
        return None
    return SafetyStop(
        f"{tally.where} shows {tally.found} {tally.what} since {cause} changed, and {tally.there} before."
        " Nothing was deleted. If the others really are gone, run it again and confirm.",
        detail=f"brake dropped after {cause}: {tally}",
    )


def stop_remapped(tally: Tally, cause: str, limits: Limits = DEFAULT) -> SafetyStop | None:
    """A new mapping or filter would rewrite much: the plan is shown before it becomes writes."""
    if tally.changed <= limits.count or tally.changed <= limits.share * tally.there:
        return None
    return SafetyStop(
        f"Since {cause} changed, {tally.changed} of {tally.there} {tally.what} would be written to {tally.where}."
        " Nothing was written. Look at the plan, then confirm or discard it.",
        detail=f"brake remapped after {cause}: {tally}",
    )


def first_stop(tally: Tally, *, cause: str = "", limits: Limits = DEFAULT) -> SafetyStop | None:
    """All brakes; `cause` where a permission, a mapping or a filter changed since the last run."""
    if cause and (stop := stop_dropped(tally, cause, limits) or stop_remapped(tally, cause, limits)):
        return stop
    return stop_emptied(tally, limits) or stop_all_changed(tally, limits)
