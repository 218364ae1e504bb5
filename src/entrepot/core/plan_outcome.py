"""What a plan says, and what the base is once it was carried out or a person has settled a conflict."""

import msgspec

from entrepot.core.conflict import Conflict, Resolution
from entrepot.core.fields import Fields, Value
from entrepot.core.merge_choice import How
from entrepot.core.plan_sides import Base, Present, Terms
from entrepot.core.plan_table import Action, Verdict


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`hub` and `remote` are the fields to set on each side (all of them, for a create).

    `base` is the link's base once that is done, if the service keeps what it is sent; `settle` corrects it by what the
    service returned. None: there is nothing left to link. `verdicts` tell of every field that was touched.
    """

    action: Action
    words: str
    hub: Fields = {}
    remote: Fields = {}
    base: Base | None = None
    conflicts: tuple[Conflict, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    verdicts: dict[str, Verdict] = {}
    drifting: tuple[str, ...] = ()
    """Fields that are written, and keep an edit of the service's that may not travel."""


def settle(plan: Plan, terms: Terms, returned: Present | None = None) -> Base | None:
    """The base to store with the plan's effects. `returned`: what the service answered to the write, or a read of the
    version that the write made; None where nothing is known, which costs one more round.

    What we wrote is as the service now holds it. What it changed beyond that (a completed series gets its last
    episode) stays an edit, which the next plan takes into the hub.
    """
    if plan.base is None or not plan.remote:
        return plan.base
    if returned is None:
        return msgspec.structs.replace(plan.base, version=None)
    expected = plan.base.remote
    held = plan.remote.keys() & returned.fields.keys() - plan.drifting
    written = {name: returned.fields[name] for name in held}
    is_whole = (
        not plan.conflicts
        and not plan.drifting
        and all(
            unit.is_same(unit.value_in(returned.fields), unit.value_in(expected))
            for unit in terms.units()
            if unit.how is not How.OWN and plan.remote.keys().isdisjoint(unit.fields)
        )
    )
    version = returned.version if is_whole else None
    return Base(hub=plan.base.hub, remote={**expected, **written}, version=version)


def answer(base: Base, conflict: Conflict, value: Value, terms: Terms) -> tuple[Fields, Base]:
    """A person's word on a field: the fields to set in the hub, and the base from which the next plan spreads them.

    What the remote side said is then seen, and no longer in the way; if it has been edited since, it is a new conflict.
    For a conflict about the whole record, plan again with a policy whose `deletion` is the answer.
    """
    unit = next(unit for unit in terms.units() if unit.name == conflict.field)
    seen = unit.as_fields(conflict.remote)
    return unit.as_fields(value), Base(hub={**base.hub, **seen}, remote={**base.remote, **seen})
