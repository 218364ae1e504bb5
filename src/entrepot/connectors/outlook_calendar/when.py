"""How an event repeats, and what Outlook keeps of when it takes place."""

from entrepot.core.errors import RecordRefused
from entrepot.protocols.graph_pattern import kept_rule, only_rule, recurrence_of

from .facts import Json
from .sending import TIMES, kept

REPEATS = TIMES | {"recurrenceRules", "excludedRecurrenceRules"}
"""What means something only together."""


def recurrence(wanted: Json, held: Json, native: Json) -> Json:
    """The member that makes it repeat as wanted; it names the first day, so it goes with a start that is moved."""
    rules = wanted.get("recurrenceRules") or []
    if wanted.get("excludedRecurrenceRules"):
        raise RecordRefused("It is left out by a rule; Outlook knows single dates alone.")
    if not rules:
        return {"recurrence": None} if held.get("recurrenceRules") else {}
    if native.get("type") in {"occurrence", "exception"}:
        raise RecordRefused("It is one occurrence of a series, and cannot recur by itself.")
    said = kept(wanted)
    days = bool(said.get("showWithoutTime"))
    rule = only_rule(rules)
    assert rule is not None
    same_rules = held.get("recurrenceRules") in (rules, [kept_rule(rule, said["start"], days=days)])
    if same_rules and all(said.get(name) == held.get(name) for name in ("start", "timeZone", "showWithoutTime")):
        return {}
    return {"recurrence": recurrence_of(rule, said["start"], zone=None if days else said.get("timeZone"))}
