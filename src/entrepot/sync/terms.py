"""The terms of an attachment: what is planned by, from its direction, its policies and what its service can hold."""

from collections.abc import Callable, Mapping

import msgspec

from entrepot.core.conflict import Policies
from entrepot.core.fields import Fields, Value
from entrepot.core.kinds import KINDS
from entrepot.core.merge_choice import WHEN
from entrepot.core.plan_sides import Terms
from entrepot.sdk.writer import Verb, Writing
from entrepot.storage.attachments import Attachment, Settings

PLACES = frozenset({"extra", "project", "section", "position", "etag"})
"""What means something at one service only."""

_ALWAYS = PLACES | {"uid"}
_FACTS: Mapping[str, frozenset[str]] = {
    "library_entry": frozenset({"medium", "title", "titles", "total", "total_volumes", "format"}),
}
"""What services tell of a work, each in its own words: nobody's edit."""

READ_ONLY = Writing(verbs=frozenset(), fields=frozenset())


def terms_of(attachment: Attachment, writing: Writing | None, told: frozenset[str] | None = None) -> Terms:
    """`writing` is what the connector can write there, None where it only reads; `told` the fields it tells of.

    What a service does not tell of is not empty there: it is no part of what both sides agree on.
    """
    can = writing or READ_ONLY
    direction = attachment.direction
    assert direction != "none"  # what is detached is not planned
    return Terms(
        kind=attachment.kind,
        direction="two_way" if direction == "manual" else direction,
        drift=attachment.settings.drift,
        fields=scope_of(attachment.kind, attachment.settings, told),
        writable=can.fields if "update" in can.verbs or "create" in can.verbs else frozenset(),
        policies=Policies(
            integration=attachment.policy,
            collection=attachment.policies.default,
            fields=attachment.policies.fields,
        ),
        project=_projection(can.project),
    )


def scope_of(kind: str, settings: Settings, told: frozenset[str] | None = None) -> frozenset[str]:
    every = frozenset(KINDS[kind].__struct_fields__) - one_sided(kind)
    if told is not None:
        every &= told
    return every if settings.fields is None else every & settings.fields


def one_sided(kind: str) -> frozenset[str]:
    """What comes with a new record, follows the service it came from, and travels no further."""
    return _ALWAYS | _FACTS.get(kind, frozenset())


def is_within(settings: Settings, fields: Fields) -> bool:
    """Whether a record that takes no part yet is to: the filter and the time window."""
    for name, values in settings.only.items():
        value = fields.get(name)
        held = {str(each) for each in value} if isinstance(value, list) else {str(value)}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # any list of a kind
        if held.isdisjoint(values):
            return False
    if settings.since is None:
        return True
    days = [str(fields[name])[:10] for name in ("start", "due", "started", "date") if fields.get(name)]
    return not days or max(days) >= settings.since or bool(fields.get("recurrence_rules"))


def can(writing: Writing | None, verb: Verb) -> bool:
    return writing is not None and verb in writing.verbs


def causes(terms: Terms, attachment: Attachment, mapped_at: int, permitted_at: int) -> dict[str, str]:
    """What a plan goes by, in words that differ when it does: for the brake that asks after a change of it."""
    settings = msgspec.json.encode(attachment.settings, order="deterministic").decode()
    return {
        "the filter": settings,
        "the mapping": str(mapped_at),
        "the permission": str(permitted_at),
        "what the service holds": ",".join(sorted(terms.writable)) if terms.writable is not None else "*",
    }


def _projection(project: Callable[[str, Value], Value]) -> Callable[[str, Value], Value]:
    """Of what is merged as one, the whole where the connector can say; else each field by itself."""

    def of_unit(unit: str, value: Value) -> Value:
        held = project(unit, value)
        if unit != WHEN or held is not value:
            return held
        return {name: project(name, each) for name, each in value.items()}

    return of_unit
