"""What a plan would do, step by step, for people: the same decisions that a run carries out."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core import kinds
from entrepot.core.fields import Fields, record_of
from entrepot.core.plan_sides import Present
from entrepot.core.plan_table import Action
from entrepot.sync.deciding import Decision

MOST = 10_000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`item` is its id in the hub, None for a new one. `hub` and `remote` name the fields that would be set there."""

    action: str
    words: str
    integration: str
    remote_collection: str
    item: str | None
    title: str
    hub: Sequence[str] = ()
    remote: Sequence[str] = ()
    conflicts: Sequence[str] = ()


class Steps:
    """`count` goes on where so many steps are no longer kept one by one. `stop` is what a brake would say."""

    def __init__(self) -> None:
        self.kept: list[Step] = []
        self.count = 0
        self.by_action: dict[str, int] = {}
        self.stop: str | None = None

    def add(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            # What is found to be the same on both sides is told, too: a person may know better.
            if not (does_something(decision) or decision.plan.action is Action.ADOPT):
                continue
            self.count += 1
            action = decision.plan.action.value
            self.by_action[action] = self.by_action.get(action, 0) + 1
            if len(self.kept) < MOST:
                self.kept.append(step_of(decision))


def step_of(decision: Decision) -> Step:
    pair, plan = decision.pair, decision.plan
    return Step(
        action=plan.action.value,
        words=plan.words,
        integration=pair.attachment.integration_name,
        remote_collection=pair.attachment.remote_name,
        item=pair.item.public_id if pair.item else None,
        title=_title(decision),
        hub=_told(decision, plan.hub),
        remote=_told(decision, plan.remote),
        conflicts=sorted(conflict.field for conflict in plan.conflicts),
    )


def does_something(decision: Decision) -> bool:
    """Whether anybody would notice: not where only what is remembered moves."""
    plan = decision.plan
    return bool(plan.hub or plan.remote or plan.conflicts) or plan.action in {Action.DELETE_HERE, Action.DELETE_THERE}


def _told(decision: Decision, fields: Fields) -> list[str]:
    """Of a new record, what it says anything about."""
    if decision.plan.action not in {Action.CREATE_HERE, Action.CREATE_THERE}:
        return sorted(fields)
    return sorted(name for name, value in fields.items() if value not in (None, "", [], {}, False))


def _title(decision: Decision) -> str:
    sides: Mapping[str, object] = {}
    for side in (decision.hub, decision.remote):
        if isinstance(side, Present):
            sides = side.fields
            break
    else:
        if decision.base is not None:
            sides = decision.base.hub
    try:
        return kinds.title_of(record_of(decision.pair.attachment.kind, sides)) if sides else ""
    except TypeError:  # a base need not have all that the kind needs
        return ""
