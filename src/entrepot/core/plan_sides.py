"""What a plan looks at: each side as it is, the base both last agreed on, and the terms under which they are linked."""

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal

import msgspec

from entrepot.core.conflict import Conflict, Mark, Policies
from entrepot.core.fields import Fields, Value
from entrepot.core.merge_choice import Unit, units

Direction = Literal["two_way", "pull", "push"]
Drift = Literal["keep", "revert"]
"""What one side edited that may not travel: let it differ, or make it as the other side is."""


class Nothing(Enum):
    GONE = "gone"
    """It was there, and was deleted: a tombstone, or absence from a complete listing."""
    ABSENT = "absent"
    """It never was there."""


GONE: Final = Nothing.GONE
ABSENT: Final = Nothing.ABSENT


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """A side that has the record: its fields, in the hub's terms on both sides.

    `version` is the remote side's, None where it has none. `marks` say who edited a field, where that is known
    apart from `mark`, which speaks for the rest.
    """

    fields: Fields
    mark: Mark
    version: str | None = None
    marks: dict[str, Mark] = {}

    def mark_of(self, unit: str) -> Mark:
        return self.marks.get(unit, self.mark)


State = Present | Nothing


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What both sides last agreed on, as each of them holds it: where a service cannot say all, the two differ.

    `remote` is what the service returned, not what it was sent. A field that is in neither was never agreed on.
    `version` is there only if nothing else was left open at that version: then the version alone tells an echo.
    """

    hub: Fields
    remote: Fields
    version: str | None = None


def as_it_is(_unit: str, value: Value) -> Value:
    return value


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """`fields` are in scope, `writable` those the service lets one write; None: all.

    `project(unit, value)` is what the service would hold and tell again if it were sent the value: its lens there and
    back. It must be total. Without it a service that changes what it is sent costs one more round, and no more.
    """

    kind: str
    direction: Direction = "two_way"
    drift: Drift = "keep"
    fields: frozenset[str] | None = None
    writable: frozenset[str] | None = None
    policies: Policies = Policies()
    project: Callable[[str, Value], Value] = as_it_is

    def units(self) -> tuple[Unit, ...]:
        return units(self.kind, self.fields)

    def may_take(self) -> bool:
        return self.direction != "push"

    def may_write(self, unit: Unit) -> bool:
        return self.direction != "pull" and self.holds(unit)

    def holds(self, unit: Unit) -> bool:
        """Whether the service lets one write it, or some of it where it is merged as one: `project` tells the rest."""
        return self.writable is None or not self.writable.isdisjoint(unit.fields)


def remembered(base: Base, conflicts: tuple[Conflict, ...], terms: Terms, mark: Mark) -> Present:
    """The remote side where nothing was read because nothing changed there: as it was, with what is still disputed."""
    disputed = {
        field: value
        for unit in terms.units()
        for conflict in conflicts
        if conflict.field == unit.name and conflict.remote is not msgspec.UNSET
        for field, value in unit.as_fields(conflict.remote).items()
    }
    return Present(fields={**base.remote, **disputed}, mark=mark, version=base.version)
