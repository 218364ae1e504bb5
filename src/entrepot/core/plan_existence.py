"""What is to become of a record that one side does not have: created there, deleted here too, or kept for its edit."""

from collections.abc import Iterable

import msgspec

from entrepot.core.conflict import WHOLE, Conflict, Mark, Resolution
from entrepot.core.fields import Fields, Value
from entrepot.core.merge import Side
from entrepot.core.merge_choice import How
from entrepot.core.plan_field import view
from entrepot.core.plan_outcome import Plan
from entrepot.core.plan_sides import Base, Nothing, Present, State, Terms
from entrepot.core.plan_table import EDIT_AGAINST_DELETE, LINKED, REVERTED, UNLINKED, Action, Existence, History, Row

NOBODY = Mark("")


def plan_first(hub: State, remote: State, terms: Terms) -> Plan:
    """No base, and at most one side has it."""
    return _do(_allowed(UNLINKED[_existence(hub), _existence(remote)], terms), hub, remote, terms)


def plan_loss(base: Base, hub: State, remote: State, terms: Terms) -> Plan:
    """At least one side has deleted it since the base."""
    states = _compare(base, hub, terms, "hub"), _compare(base, remote, terms, "remote")
    if "edited" not in states:
        return _do(_allowed(LINKED[states], terms, base), hub, remote, terms, base)
    row = EDIT_AGAINST_DELETE[*states, terms.policies.of(WHOLE).deletion]
    if row.action is Action.ASK:
        return Plan(action=row.action, words=row.words, base=base, conflicts=(_ask(row.words, base, hub, remote),))
    done = _do(_allowed(row, terms, base), hub, remote, terms, base)
    if done.action is Action.NOTHING:
        return done
    return msgspec.structs.replace(done, resolutions=(_tell(done, hub, remote),))


def _existence(side: State) -> Existence:
    if isinstance(side, Present):
        return "present"
    return "gone" if side is Nothing.GONE else "absent"


def _compare(base: Base, side: State, terms: Terms, which: Side) -> History:
    if not isinstance(side, Present):
        return "gone"
    index = 0 if which == "hub" else 1
    for unit in terms.units():
        # What was never written there, because it cannot be, differs for ever and is no edit of what was deleted.
        if unit.how is not How.OWN and (which == "remote" or not terms.writable or terms.holds(unit)):
            views = view(unit, base, side, side, terms)
            if views.edited()[index]:
                return "edited"
    return "same"


def _allowed(row: Row, terms: Terms, base: Base | None = None) -> Row:
    """What the direction lets one do."""
    to_hub = row.action in {Action.CREATE_HERE, Action.DELETE_HERE}
    to_remote = row.action in {Action.CREATE_THERE, Action.DELETE_THERE}
    if not ((terms.direction == "push" and to_hub) or (terms.direction == "pull" and to_remote)):
        return row
    if terms.drift == "revert" and base is not None:
        instead = REVERTED[terms.direction, row.action]
        return Row(instead.action, f"{row.words}, {instead.words}")
    return Row(Action.NOTHING, f"{row.words}, and that does not travel")


def _do(row: Row, hub: State, remote: State, terms: Terms, base: Base | None = None) -> Plan:
    match row.action, hub, remote:
        case Action.CREATE_HERE, _, Present(fields=fields, version=version) as remote:
            here = fields if base is None else {**fields, **_lifted(base, remote, terms)}
            new = Base(hub=here, remote=fields, version=version)
            return Plan(action=row.action, words=row.words, hub=here, base=new)
        case Action.CREATE_THERE, Present(fields=fields), _:
            return _create_there(row, fields, terms)
        case Action.NOTHING, _, _:
            return Plan(action=row.action, words=row.words, base=base)
        case _:
            return Plan(action=row.action, words=row.words)


def _create_there(row: Row, fields: Fields, terms: Terms) -> Plan:
    """What may not be written is expected to be empty there; what the service then says is an edit of its own."""
    parts = [(unit, unit.value_in(fields), terms.may_write(unit)) for unit in terms.units()]
    sent = _join(unit.as_fields(value) for unit, value, is_sent in parts if is_sent)
    held = _join(
        unit.as_fields(terms.project(unit.name, value) if is_sent else unit.value_in({}))
        for unit, value, is_sent in parts
    )
    here = _join(unit.as_fields(value) for unit, value, _ in parts)
    return Plan(action=row.action, words=row.words, remote=sent, base=Base(hub=here, remote=held))


def _lifted(base: Base, remote: Present, terms: Terms) -> Fields:
    """What the service cannot hold comes back from the base."""
    views = (view(unit, base, remote, remote, terms) for unit in terms.units())
    return _join(each.unit.as_fields(each.lifted) for each in views if each.is_known)


def _join(parts: Iterable[Fields]) -> dict[str, Value]:
    return {name: value for part in parts for name, value in part.items()}


def _ask(words: str, base: Base, hub: State, remote: State) -> Conflict:
    return Conflict(
        field=WHOLE,
        words=words,
        base=base.hub,
        hub=_fields(hub),
        remote=_fields(remote),
        by_hub=_mark(hub),
        by_remote=_mark(remote),
    )


def _tell(done: Plan, hub: State, remote: State) -> Resolution:
    winner: Side = "hub" if done.action in {Action.CREATE_THERE, Action.DELETE_THERE} else "remote"
    kept, lost = (hub, remote) if winner == "hub" else (remote, hub)
    return Resolution(field=WHOLE, words=done.words, winner=winner, kept=_fields(kept), lost=_fields(lost))


def _fields(side: State) -> Value:
    return side.fields if isinstance(side, Present) else msgspec.UNSET


def _mark(side: State) -> Mark:
    return side.mark if isinstance(side, Present) else NOBODY
