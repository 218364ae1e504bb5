"""The planner: one linked pair as it is, and what is to be done so that both sides agree again.

Pure: no clock, no storage, no service. Asked again once its plan was carried out, it plans nothing.
"""

import msgspec

from entrepot.core.fields import Fields, Value, is_same
from entrepot.core.merge_choice import watched
from entrepot.core.plan_existence import plan_first, plan_loss
from entrepot.core.plan_field import FieldPlan, plan_field, view
from entrepot.core.plan_outcome import Plan
from entrepot.core.plan_sides import Base, Present, State, Terms
from entrepot.core.plan_table import LINKED, UNLINKED, History, Row, Verdict


def plan(base: Base | None, hub: State, remote: State, terms: Terms) -> Plan:
    """`remote` is what a read told, or what `plan_sides.remembered` says where nothing was read."""
    if isinstance(hub, Present) and isinstance(remote, Present):
        if base is not None and _is_untouched(base, hub, remote, terms):
            return _stay(base, remote)
        return _plan_fields(base, hub, remote, terms)
    return plan_first(hub, remote, terms) if base is None else plan_loss(base, hub, remote, terms)


def _is_untouched(base: Base, hub: Present, remote: Present, terms: Terms) -> bool:
    """The short way for most records of most runs; where it says no, the fields have their say."""
    if not _holds(base.hub, hub.fields, terms):
        return False
    names = watched(terms.kind, terms.fields)
    is_echo = base.version is not None and base.version == remote.version and names <= base.remote.keys()
    return is_echo or _holds(base.remote, remote.fields, terms)


def _holds(base: Fields, now: Fields, terms: Terms) -> bool:
    names = watched(terms.kind, terms.fields)
    return names <= base.keys() and names <= now.keys() and all(is_same(base[name], now[name]) for name in names)


def _stay(base: Base, remote: Present) -> Plan:
    row = LINKED["same", "same"]
    new = base if base.version == remote.version else msgspec.structs.replace(base, version=remote.version)
    return Plan(action=row.action, words=row.words, base=new)


def _plan_fields(base: Base | None, hub: Present, remote: Present, terms: Terms) -> Plan:
    found = [
        plan_field(view(unit, base, hub, remote, terms), (hub.mark_of(unit.name), remote.mark_of(unit.name)), terms)
        for unit in terms.units()
    ]
    takes = _sets(found, "hub")
    writes = _sets(found, "remote")
    row = _row(base, found, takes=bool(takes), writes=bool(writes))
    return Plan(
        action=row.action,
        words=row.words,
        hub=takes,
        remote=writes,
        base=_next_base(base, remote, found),
        conflicts=tuple(each.conflict for each in found if each.conflict),
        resolutions=tuple(each.resolution for each in found if each.resolution),
        drifting=tuple(name for each in found if each.is_drifting for name in each.unit.fields),
        verdicts={each.unit.name: each.verdict for each in found if each.verdict is not Verdict.UNTOUCHED},
    )


def _row(base: Base | None, found: list[FieldPlan], *, takes: bool, writes: bool) -> Row:
    """What happened, and what is to be done: field by field, edits may agree, clash, or not be allowed to travel."""
    if base is None:
        return UNLINKED["present", "present"]
    here = _history(edited=any(each.edited[0] for each in found))
    there = _history(edited=any(each.edited[1] for each in found))
    return Row(LINKED[_history(edited=writes), _history(edited=takes)].action, LINKED[here, there].words)


def _history(*, edited: bool) -> History:
    return "edited" if edited else "same"


def _sets(found: list[FieldPlan], side: str) -> dict[str, Value]:
    wanted = ((each.unit, getattr(each, side)) for each in found)
    parts = (unit.as_fields(whole) for unit, whole in wanted if whole is not msgspec.UNSET)
    return {name: value for part in parts for name, value in part.items()}


def _next_base(base: Base | None, remote: Present, found: list[FieldPlan]) -> Base:
    """It moves field by field: what is not agreed on stays as it was, to be found again by the next plan."""
    here: dict[str, Value] = dict(base.hub) if base else {}
    there: dict[str, Value] = dict(base.remote) if base else {}
    for each in found:
        if each.base is not None:
            here |= each.unit.as_fields(each.base[0])
            there |= each.unit.as_fields(each.base[1])
    return Base(hub=here, remote=there, version=remote.version if all(each.is_seen for each in found) else None)
