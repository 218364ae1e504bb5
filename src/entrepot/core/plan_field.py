"""What is to become of one field (or of the fields that are merged as one) of a record that both sides have."""

import msgspec

from entrepot.core.conflict import Conflict, Mark, Resolution, settle_clash
from entrepot.core.fields import Value
from entrepot.core.merge import Clash, Side
from entrepot.core.merge_choice import How, Unit
from entrepot.core.plan_lift import lift, says_the_same
from entrepot.core.plan_sides import Base, Present, Terms
from entrepot.core.plan_table import TOUCHED, Verdict

Marks = tuple[Mark, Mark]
"""Who gave the hub's value, and who the remote side's."""


class FieldPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`hub` and `remote` are the values to be there, UNSET where a side stays as it is.

    `base` is what (hub, remote) then have agreed on; None: it does not move. `is_seen`: nothing the remote side says is
    left open. `is_drifting`: one side gets the other's edit, and keeps its own to itself.
    """

    unit: Unit
    verdict: Verdict
    hub: Value = msgspec.UNSET
    remote: Value = msgspec.UNSET
    base: tuple[Value, Value] | None = None
    is_seen: bool = True
    is_drifting: bool = False
    edited: tuple[bool, bool] = (False, False)
    conflict: Conflict | None = None
    resolution: Resolution | None = None


class Views(msgspec.Struct, frozen=True, kw_only=True):
    """One field as it is and was; `lifted` is what the remote side says, in the hub's terms."""

    unit: Unit
    base: Value
    hub: Value
    remote: Value
    lifted: Value
    is_known: bool

    def edited(self) -> tuple[bool, bool]:
        unit = self.unit
        return not unit.is_same(self.hub, self.base), not unit.is_same(self.lifted, self.base)


def view(unit: Unit, base: Base | None, hub: Present, remote: Present, terms: Terms) -> Views:
    """A field that was never agreed on is compared with an empty one: what either side says is then new."""
    here, there = unit.value_in(hub.fields), unit.value_in(remote.fields)
    is_known = base is not None and any(name in base.hub and name in base.remote for name in unit.fields)
    if base is None or not is_known:
        old = unit.value_in({})
        lifted = lift(unit, terms, (old, terms.project(unit.name, old)), there)
    else:
        old = unit.value_in(base.hub)
        is_echo = base.version is not None and base.version == remote.version
        lifted = old if is_echo else lift(unit, terms, (old, unit.value_in(base.remote)), there)
    return Views(unit=unit, base=old, hub=here, remote=there, lifted=lifted, is_known=is_known)


def plan_field(views: Views, marks: Marks, terms: Terms) -> FieldPlan:
    unit, edited = views.unit, views.edited()
    if unit.how is How.OWN or edited == (False, False):
        return FieldPlan(unit=unit, verdict=Verdict.UNTOUCHED, base=(views.hub, views.remote))
    if says_the_same(unit, terms, views.hub, views.remote):
        return FieldPlan(unit=unit, verdict=Verdict.AGREED, base=(views.hub, views.remote), edited=edited)
    if _reverts(views, terms):
        return _revert(views, terms)
    if all(edited) and terms.policies.of(unit.name).mode == "manual":
        return _dispute(views, marks, Verdict.WAITING, Verdict.WAITING.value)
    merged = unit.merge(views.base, views.hub, views.lifted)
    if merged.clashes:
        return _settle(views, marks, terms, merged.clashes)
    return _carry(views, terms, merged.value, TOUCHED[edited])


def _settle(views: Views, marks: Marks, terms: Terms, clashes: tuple[Clash, ...]) -> FieldPlan:
    unit = views.unit
    found = settle_clash(terms.policies.of(unit.name), *marks, (views.hub, views.lifted))
    if found.winner is None:
        return _dispute(views, marks, Verdict.DISPUTED, found.words, clashes)
    loser: Side = "remote" if found.winner == "hub" else "hub"
    kept, lost = (unit.merge(views.base, views.hub, views.lifted, side).value for side in (found.winner, loser))
    told = Resolution(field=unit.name, words=found.words, winner=found.winner, kept=kept, lost=lost, clashes=clashes)
    return msgspec.structs.replace(_carry(views, terms, kept, Verdict.RESOLVED), resolution=told)


def _carry(views: Views, terms: Terms, value: Value, verdict: Verdict) -> FieldPlan:
    """Bring both sides to the value, as far as each may be touched."""
    unit = views.unit
    wants_hub = not unit.is_same(value, views.hub)
    wants_remote = not unit.is_same(value, views.lifted) and not says_the_same(unit, terms, value, views.remote)
    takes, writes = wants_hub and terms.may_take(), wants_remote and terms.may_write(unit)
    is_done = takes == wants_hub and writes == wants_remote
    return FieldPlan(
        unit=unit,
        verdict=verdict if is_done or takes or writes else Verdict.KEPT,
        hub=value if takes else msgspec.UNSET,
        remote=value if writes else msgspec.UNSET,
        base=_agreed(views, terms, value, (takes, writes), is_done=is_done),
        is_seen=is_done or takes or not views.edited()[1],
        is_drifting=not is_done and writes,
        edited=views.edited(),
    )


def _agreed(
    views: Views, terms: Terms, value: Value, moves: tuple[bool, bool], *, is_done: bool
) -> tuple[Value, Value] | None:
    """Where only one side's edit may travel, that one is agreed on, and the other stays an edit."""
    takes, writes = moves
    if is_done:
        return value, terms.project(views.unit.name, value) if writes else views.remote
    if takes:
        return views.lifted, views.remote
    return (views.hub, terms.project(views.unit.name, views.hub)) if writes else None


def _dispute(views: Views, marks: Marks, verdict: Verdict, words: str, clashes: tuple[Clash, ...] = ()) -> FieldPlan:
    conflict = Conflict(
        field=views.unit.name,
        words=words,
        base=views.base if views.is_known else msgspec.UNSET,
        hub=views.hub,
        remote=views.remote,
        by_hub=marks[0],
        by_remote=marks[1],
        clashes=clashes,
    )
    plan = FieldPlan(unit=views.unit, verdict=verdict, is_seen=False, edited=views.edited())
    return msgspec.structs.replace(plan, conflict=conflict)


def _reverts(views: Views, terms: Terms) -> bool:
    if terms.drift != "revert" or not views.is_known:
        return False
    here, there = views.edited()
    return (here and not terms.may_write(views.unit)) or (there and not terms.may_take())


def _revert(views: Views, terms: Terms) -> FieldPlan:
    """A mirror: the side that leads is as it is, and the other's edit is kept in the journal only."""
    unit = views.unit
    winner: Side = "hub" if not terms.may_take() else "remote"
    kept, lost = (views.hub, views.lifted) if winner == "hub" else (views.lifted, views.hub)
    told = Resolution(field=unit.name, words=Verdict.REVERTED.value, winner=winner, kept=kept, lost=lost)
    return msgspec.structs.replace(_carry(views, terms, kept, Verdict.REVERTED), resolution=told)
