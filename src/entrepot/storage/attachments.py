"""Attachments: which remote collection takes part in which collection of the hub, which way, and on what terms."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from entrepot.core.conflict import Policy
from entrepot.core.errors import PersonMustFix
from entrepot.core.plan_sides import Drift
from entrepot.storage import parents
from entrepot.storage.ids import new_id
from entrepot.storage.text import storable
from entrepot.storage.transaction import Reading, Writing

Direction = Literal["two_way", "pull", "push", "manual", "none"]
"""`manual`: both ways, but every change waits for a person. `none`: detached; it is not followed any more."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`fields` are those in scope, None for all. `only`: field → values; a record that has none of them is left out
    unless it takes part already. `since` is a day: so is one that lies before it. `match`: whether records that both
    sides have already are taken for one.
    """

    drift: Drift = "keep"
    fields: frozenset[str] | None = None
    only: Mapping[str, Sequence[str]] = {}
    since: str | None = None
    match: Literal["auto", "none"] = "auto"


class CollectionPolicies(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    default: Policy | None = None
    fields: Mapping[str, Policy] = {}


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """`stream_name` and `integration` say whose remote collection it is; `synced` that records are planned one by one
    instead of being mirrored.
    """

    key: int
    stream: int
    stream_name: str
    integration: int
    integration_name: str
    remote_id: str
    remote_name: str
    collection: int
    collection_id: str
    collection_name: str
    kind: str
    direction: Direction
    synced: bool
    settings: Settings
    planned_under: Mapping[str, str]
    policies: CollectionPolicies
    policy: Policy | None
    """The integration's."""


_SELECT = """SELECT a.id, a.stream_id, s.name, i.id, i.name, a.remote_id, a.remote_name,
 c.id, c.public_id, c.name, c.kind, a.direction, c.synced, a.settings, a.planned_under, c.policies, i.policy
 FROM attachments a JOIN streams s ON s.id = a.stream_id JOIN integrations i ON i.id = s.integration_id
 JOIN collections c ON c.id = a.collection_id WHERE i.removed_at IS NULL AND """


def of_stream(tx: Reading, stream: int) -> list[Attachment]:
    """The synced ones of a stream, detached ones not among them."""
    return _read(tx, "a.stream_id = ? AND c.synced AND a.direction <> 'none' ORDER BY a.id", stream)


def of_workspace(tx: Reading, workspace_id: int) -> list[Attachment]:
    """All of them, detached ones too, those of removed integrations not among them."""
    return _read(tx, "c.workspace_id = ? ORDER BY a.id", workspace_id)


def places(tx: Reading, workspace_id: int) -> dict[int, tuple[str, str]]:
    """What each is called, also where its integration was removed: the integration's name and the remote one's."""
    sql = (
        "SELECT a.id, i.name, CASE WHEN a.remote_name = '' THEN s.name ELSE a.remote_name END FROM attachments a"
        " JOIN streams s ON s.id = a.stream_id JOIN integrations i ON i.id = s.integration_id WHERE i.workspace_id = ?"
    )
    return {key: (integration, remote) for key, integration, remote in tx.fetch(sql, workspace_id)}


def of_collection(tx: Reading, collection: int) -> list[Attachment]:
    return _read(tx, "a.collection_id = ? ORDER BY a.id", collection)


def at(tx: Reading, stream: int, remote_id: str) -> Attachment | None:
    return next(iter(_read(tx, "a.stream_id = ? AND a.remote_id = ?", stream, remote_id)), None)


def by_key(tx: Reading, key: int) -> Attachment:
    found = _read(tx, "a.id = ?", key)
    if not found:
        raise PersonMustFix("It is not attached any more.")
    return found[0]


def attach(tx: Writing, stream: int, remote: tuple[str, str], collection: int, direction: Direction) -> int:
    """The key of the attachment of a remote collection (id, name) that is attached to none yet."""
    sql = (
        "INSERT INTO attachments (stream_id, remote_id, remote_name, collection_id, direction, settings, planned_under)"
        " VALUES (?, ?, ?, ?, ?, '{}', '{}') RETURNING id"
    )
    remote_id, name = remote
    return int(tx.fetch(sql, stream, remote_id, storable(name), collection, direction)[0][0])


def change(tx: Writing, attachment: int, *, collection: int, direction: Direction) -> None:
    tx.execute(
        "UPDATE attachments SET collection_id = ?, direction = ? WHERE id = ?", collection, direction, attachment
    )


def keep_settings(tx: Writing, attachment: int, settings: Settings) -> None:
    tx.execute("UPDATE attachments SET settings = ? WHERE id = ?", _packed(settings), attachment)


def keep_planned_under(tx: Writing, attachment: int, planned_under: Mapping[str, str]) -> None:
    """What the last finished plan went by: what differs the next time is a cause to look twice."""
    tx.execute("UPDATE attachments SET planned_under = ? WHERE id = ?", _packed(planned_under), attachment)


def keep_policies(tx: Writing, collection: int, policies: CollectionPolicies) -> None:
    tx.execute("UPDATE collections SET policies = ? WHERE id = ?", _packed(policies), collection)


def policy_of(tx: Reading, integration: int) -> Policy | None:
    """The integration's own, None where none was said."""
    return _policy(tx.fetch("SELECT policy FROM integrations WHERE id = ?", integration)[0][0])


def policies_of(tx: Reading, collection: int) -> CollectionPolicies:
    found = tx.fetch("SELECT policies FROM collections WHERE id = ?", collection)
    return msgspec.json.decode(found[0][0], type=CollectionPolicies)


def keep_policy(tx: Writing, integration: int, policy: Policy | None) -> None:
    tx.execute("UPDATE integrations SET policy = ? WHERE id = ?", _packed(policy), integration)


def new_collection(tx: Writing, workspace_id: int, kind: str, name: str) -> tuple[int, str]:
    """An empty one, planned from the beginning: its key and its public id."""
    public = new_id("col")
    sql = (
        "INSERT INTO collections (public_id, workspace_id, kind, name, created_at, synced, policies)"
        " VALUES (?, ?, ?, ?, ?, CAST(1 AS BOOLEAN), '{}') RETURNING id"
    )
    return int(tx.fetch(sql, public, workspace_id, kind, storable(name), tx.now())[0][0]), public


def plan_from_now_on(tx: Writing, stream: int) -> None:
    """A mirrored stream becomes a synced one: what each of its links mirrored is what both sides agreed on."""
    unsynced = "SELECT a.collection_id, c.kind FROM attachments a JOIN collections c ON c.id = a.collection_id"
    found = tx.fetch(f"{unsynced} WHERE a.stream_id = ? AND NOT c.synced", stream)
    for collection, _ in found:
        tx.execute(
            "INSERT INTO bases (link_id, attachment_id, whole, hub, remote, version)"
            " SELECT l.id, a.id, CAST(1 AS BOOLEAN), NULL, i.data, l.version FROM attachments a"
            " JOIN links l ON l.stream_id = a.stream_id AND l.collection_id = a.collection_id"
            " JOIN items i ON i.id = l.item_id WHERE a.collection_id = ? AND l.origin = 'live'"
            " ON CONFLICT (link_id) DO NOTHING",
            collection,
        )
        tx.execute("UPDATE collections SET synced = CAST(1 AS BOOLEAN) WHERE id = ?", collection)
    if found:
        parents.restate(tx, stream, found[0][1], {})


def _read(tx: Reading, where: str, *values: object) -> list[Attachment]:
    return [
        Attachment(
            key=row[0], stream=row[1], stream_name=row[2], integration=row[3], integration_name=row[4],
            remote_id=row[5], remote_name=row[6], collection=row[7], collection_id=row[8], collection_name=row[9],
            kind=row[10], direction=row[11], synced=bool(row[12]),
            settings=msgspec.json.decode(row[13], type=Settings),
            planned_under=msgspec.json.decode(row[14], type=dict[str, str]),
            policies=msgspec.json.decode(row[15], type=CollectionPolicies),
            policy=_policy(row[16]),
        )
        for row in tx.fetch(_SELECT + where, *values)
    ]  # fmt: skip


def _policy(told: str) -> Policy | None:
    """The column begins as `{}`, which says nothing."""
    return None if told in {"{}", "null"} else msgspec.json.decode(told, type=Policy)


def _packed(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
