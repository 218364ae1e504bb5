"""The brakes of a plan: counted before anything is done, so that a stop leaves everything as it was."""

from collections.abc import Iterable, Mapping

import msgspec

from entrepot.core.errors import SafetyStop
from entrepot.core.plan_sides import GONE
from entrepot.core.plan_table import Action
from entrepot.core.safety import SHARE, Tally, first_stop, stop_all_changed, stop_deletions, stop_remapped
from entrepot.storage.attachments import Attachment
from entrepot.storage.transaction import Reading
from entrepot.sync.deciding import Decision

FEWEST = 2
"""That all of one record is gone or changed says nothing."""


class Share(msgspec.Struct):
    """What would become of the linked records of one side; at first the most it can be, and then exactly.

    `gone` are those that the other side has no more, whatever becomes of them here.
    """

    deleted: int = 0
    changed: int = 0
    gone: int = 0


class Load(msgspec.Struct):
    """`there` is how many records are linked at the attachment."""

    there: int
    here: Share
    away: Share


def load(tx: Reading, attachment: Attachment) -> Load:
    """At most so much: some of it may come to nothing once it is planned.

    `there` is counted no further than where no brake can stop it any more: a small change costs little however many
    records there are.
    """
    gone, changed = (int(each) for each in tx.fetch(_ARRIVED, attachment.stream, attachment.key)[0])
    deleted, leaving = (int(each) for each in tx.fetch(_LEAVING, attachment.key)[0])
    enough = int(max(gone + changed, leaving) / SHARE) + FEWEST
    there = int(tx.fetch(_LINKED, attachment.key, enough)[0][0])
    return Load(there, Share(gone, changed, gone), Share(deleted, leaving - deleted))


def exactly(there: int, decisions: Iterable[Decision]) -> Load:
    found = Load(there, Share(), Share())
    for decision in decisions:
        plan = decision.plan
        found.here.deleted += plan.action is Action.DELETE_HERE
        found.here.gone += decision.base is not None and decision.remote is GONE
        found.away.deleted += plan.action is Action.DELETE_THERE
        if decision.base is not None and plan.action not in {Action.DELETE_HERE, Action.DELETE_THERE}:
            found.here.changed += bool(plan.hub)
            found.away.changed += bool(plan.remote)
    return found


def stop(attachment: Attachment, found: Load, now_under: Mapping[str, str]) -> SafetyStop | None:
    """`now_under` is what the plan goes by this time; a difference from the last is a cause to look twice."""
    if found.there < FEWEST:
        return None
    name = attachment.remote_name or attachment.stream_name
    what, where = f"{attachment.kind}s", f"{attachment.integration_name} ({name})"
    cause = _cause(attachment.planned_under, now_under)
    gone = found.here.gone
    here = Tally(
        what=what, where=where, there=found.there, found=found.there - gone if gone else None,
        deleted=found.here.deleted, changed=found.here.changed,
    )  # fmt: skip
    away = Tally(what=what, where=where, there=found.there, deleted=found.away.deleted, changed=found.away.changed)
    return (
        first_stop(here, cause=cause)
        or _from_hub(stop_deletions(away), away)
        or stop_all_changed(away)
        or (stop_remapped(away, cause) if cause else None)
    )


def _from_hub(found: SafetyStop | None, tally: Tally) -> SafetyStop | None:
    if found is None:
        return None
    return SafetyStop(
        f"{tally.deleted} of {tally.there} {tally.what} were deleted in the hub and would be at {tally.where}, too many"
        " to delete unasked. Nothing was deleted there. If they are to go, run it again and confirm.",
        detail=found.detail,
    )


def _cause(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return next((cause for cause, value in now.items() if before.get(cause, value) != value), "")


# Each join stands in the order in which it is cheap: from what waits to what it belongs to.
_LINKED = (
    "SELECT count(*) FROM (SELECT 1 FROM bases b JOIN links l ON l.id = b.link_id"
    " WHERE b.attachment_id = ? AND l.gone_at IS NULL LIMIT ?) AS first_ones"
)
_ARRIVED = (
    "SELECT coalesce(sum(CASE WHEN i.data IS NULL THEN 1 ELSE 0 END), 0),"
    " coalesce(sum(CASE WHEN i.data IS NOT NULL AND i.hash <> l.hash THEN 1 ELSE 0 END), 0)"
    " FROM incoming i CROSS JOIN links l CROSS JOIN bases b"
    " WHERE i.stream_id = ? AND l.stream_id = i.stream_id AND l.object_id = i.object_id AND l.gone_at IS NULL"
    " AND b.link_id = l.id AND b.attachment_id = ?"
)
_LEAVING = (
    "SELECT coalesce(sum(CASE WHEN t.deleted_at IS NOT NULL OR t.collection_id IS NULL"
    " OR t.collection_id <> a.collection_id THEN 1 ELSE 0 END), 0), count(*)"
    " FROM attachments a CROSS JOIN pending p CROSS JOIN items t CROSS JOIN links l CROSS JOIN bases b"
    " WHERE a.id = ? AND p.attachment_id = a.id AND p.reason = '' AND t.id = p.item_id"
    " AND l.item_id = t.id AND +l.stream_id = a.stream_id AND l.gone_at IS NULL"
    " AND b.link_id = l.id AND b.attachment_id = a.id"
)
