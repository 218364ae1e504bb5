"""Echoes: what the service tells, in the hub's terms, where the service cannot hold all that the hub can.

A score of 85 is a 9 at a service with ten steps, and reads back as 90. That 90 is no edit. The base keeps both, so an
incoming value is lifted: what the service changed since is applied to what the hub then had.
"""

from entrepot.core.fields import Value, identity
from entrepot.core.merge_choice import How, Unit
from entrepot.core.merge_recurrence import lift_recurrence
from entrepot.core.plan_sides import Terms


def lift(unit: Unit, terms: Terms, base: tuple[Value, Value], remote: Value) -> Value:
    """`base` is (hub, remote) as agreed. The hub's base value itself, where the service tells nothing new."""
    hub_base, remote_base = base
    if unit.is_same(remote, remote_base) or unit.is_same(remote, hub_base):
        return hub_base
    if unit.is_same(hub_base, remote_base):
        return remote
    if unit.how is How.SET:
        return _lift_members(unit, terms, hub_base, remote)
    if unit.how is How.RECURRENCE:
        return lift_recurrence(hub_base, remote_base, remote)
    return unit.merge(remote_base, hub_base, remote, "remote").value


def says_the_same(unit: Unit, terms: Terms, hub: Value, remote: Value) -> bool:
    """The remote side holds as much of the hub's value as it can."""
    return unit.is_same(hub, remote) or unit.is_same(terms.project(unit.name, hub), remote)


def _lift_members(unit: Unit, terms: Terms, hub_base: list[Value], remote: list[Value]) -> list[Value]:
    """Members one by one: `Home` that a service keeps as `home` stays `Home` until `home` is taken away there."""
    held = [(member, [identity(seen) for seen in terms.project(unit.name, [member])]) for member in hub_base]
    there = {identity(member) for member in remote}
    known = {key for _, keys in held for key in keys}
    # A member of which the service keeps nothing cannot have been taken away there.
    kept = [member for member, keys in held if there.issuperset(keys)]
    return [*kept, *(member for member in remote if identity(member) not in known)]
