"""The decision table: what happened to one record on each side, and what is to be done about it.

docs/why/sync.md prints these tables; a test keeps the two equal.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

from entrepot.core.conflict import Deletion


class Action(StrEnum):
    NOTHING = "nothing"
    TAKE = "take remote into hub"
    WRITE = "write hub to remote"
    BOTH = "both"
    CREATE_HERE = "create here"
    CREATE_THERE = "create there"
    DELETE_HERE = "delete here"
    DELETE_THERE = "delete there"
    ADOPT = "adopt"
    FORGET = "forget"
    ASK = "ask"


class Row(NamedTuple):
    action: Action
    words: str


Existence = Literal["absent", "gone", "present"]
History = Literal["same", "edited", "gone"]

UNLINKED: Mapping[tuple[Existence, Existence], Row] = {
    ("absent", "absent"): Row(Action.FORGET, "is on neither side"),
    ("absent", "gone"): Row(Action.FORGET, "was deleted at the service before it came here"),
    ("gone", "absent"): Row(Action.FORGET, "was deleted in the hub before it went there"),
    ("gone", "gone"): Row(Action.FORGET, "was deleted on both sides"),
    ("absent", "present"): Row(Action.CREATE_HERE, "is new at the service"),
    ("gone", "present"): Row(Action.NOTHING, "was deleted in the hub, and turns up again at the service"),
    ("present", "absent"): Row(Action.CREATE_THERE, "is new in the hub"),
    ("present", "gone"): Row(Action.CREATE_THERE, "is in the hub; what was deleted at the service was another"),
    ("present", "present"): Row(Action.ADOPT, "is on both sides, not linked yet"),
}
"""(hub, remote) where there is no base: a first link, or a link that was forgotten."""

LINKED: Mapping[tuple[History, History], Row] = {
    ("same", "same"): Row(Action.NOTHING, "was edited on neither side"),
    ("same", "edited"): Row(Action.TAKE, "was edited at the service"),
    ("edited", "same"): Row(Action.WRITE, "was edited in the hub"),
    ("edited", "edited"): Row(Action.BOTH, "was edited on both sides"),
    ("gone", "gone"): Row(Action.FORGET, "was deleted on both sides"),
    ("gone", "same"): Row(Action.DELETE_THERE, "was deleted in the hub, and not edited at the service"),
    ("same", "gone"): Row(Action.DELETE_HERE, "was deleted at the service, and not edited in the hub"),
}
"""(hub, remote), each compared with the base."""

EDIT_AGAINST_DELETE: Mapping[tuple[History, History, Deletion], Row] = {
    ("gone", "edited", "keep"): Row(Action.CREATE_HERE, "was deleted in the hub, but edited at the service: kept"),
    ("gone", "edited", "delete"): Row(Action.DELETE_THERE, "was deleted in the hub, though edited at the service"),
    ("gone", "edited", "ask"): Row(Action.ASK, "was deleted in the hub, but edited at the service"),
    ("edited", "gone", "keep"): Row(Action.CREATE_THERE, "was deleted at the service, but edited in the hub: kept"),
    ("edited", "gone", "delete"): Row(Action.DELETE_HERE, "was deleted at the service, though edited in the hub"),
    ("edited", "gone", "ask"): Row(Action.ASK, "was deleted at the service, but edited in the hub"),
}
"""(hub, remote, policy): always said out loud, and told as a resolution or a conflict."""

REVERTED: Mapping[tuple[Literal["pull", "push"], Action], Row] = {
    ("pull", Action.CREATE_THERE): Row(Action.DELETE_HERE, "and the hub follows the service"),
    ("pull", Action.DELETE_THERE): Row(Action.CREATE_HERE, "and the hub follows the service"),
    ("push", Action.CREATE_HERE): Row(Action.DELETE_THERE, "and the service follows the hub"),
    ("push", Action.DELETE_HERE): Row(Action.CREATE_THERE, "and the service follows the hub"),
}
"""What a link one way does instead, where drift is to be reverted; with no base, or where drift is kept, nothing."""


class Verdict(StrEnum):
    """What became of one field. The words say what happened in the world."""

    UNTOUCHED = "edited on neither side"
    AGREED = "edited, and says the same on both sides"
    TAKEN = "edited at the service"
    WRITTEN = "edited in the hub"
    MERGED = "edited on both sides, in ways that go together"
    RESOLVED = "edited differently on both sides, settled by a policy"
    DISPUTED = "edited differently on both sides"
    WAITING = "edited on both sides, and every such edit waits for a person"
    KEPT = "edited on a side whose edits do not travel"
    REVERTED = "edited on a side whose edits do not travel, and made as it was"


TOUCHED: Mapping[tuple[bool, bool], Verdict] = {
    (False, False): Verdict.UNTOUCHED,
    (False, True): Verdict.TAKEN,
    (True, False): Verdict.WRITTEN,
    (True, True): Verdict.MERGED,
}
"""(edited in the hub, edited at the service), before the merge and the policy have their say."""
