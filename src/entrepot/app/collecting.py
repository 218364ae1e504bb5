"""Collections of the hub: what is attached to each and how that stands, new ones, and who wins where two sides edit."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.app.given_fields import check_kind, told, unit_named
from entrepot.app.services import Services
from entrepot.core.conflict import DEFAULT, Deletion, Mode, Policy
from entrepot.core.errors import PersonMustFix
from entrepot.storage import attachments, collections, integrations, waiting
from entrepot.storage.attachments import Attachment, CollectionPolicies, Direction, Settings
from entrepot.storage.collections import Home
from entrepot.storage.integrations import HUB
from entrepot.storage.transaction import Reading
from entrepot.storage.waiting import Standing

NOTHING = Standing()


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A remote collection that takes part. `synced`: record by record, with what both sides agreed on; before a
    person attaches it or edits something, the hub only follows it. `fields` and `only` have the JSON names.
    """

    integration: str
    stream: str
    remote_id: str
    remote_name: str
    direction: Direction
    synced: bool
    drift: str
    match: str
    fields: Sequence[str] | None
    only: Mapping[str, Sequence[str]]
    since: str | None
    standing: Standing


class CollectionView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    name: str
    items: int
    conflicts: int = 0
    policies: CollectionPolicies = CollectionPolicies()
    attachments: Sequence[AttachmentView] = ()


class PolicyView(msgspec.Struct, frozen=True, kw_only=True):
    """`of` is the collection or the integration; `default` is None where nothing is said there. Fields override it."""

    of: str
    default: Policy | None
    fields: Mapping[str, Policy] = {}


class PolicyChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is None stays as it is; `reset` goes back to nothing being said."""

    field: str | None = None
    mode: Mode | None = None
    sources: Sequence[str] | None = None
    deletion: Deletion | None = None
    reset: bool = False

    @property
    def says_something(self) -> bool:
        return self.reset or not (self.mode is self.sources is self.deletion is None)


def collections_of(services: Services) -> Sequence[CollectionView]:
    with services.database.read() as tx:
        attached = _attached(tx, services.workspace)
        return [
            CollectionView(
                id=one.id,
                kind=one.kind,
                name=one.name,
                items=one.items,
                conflicts=sum(view.standing.conflicts for view in attached.get(one.key, ())),
                policies=attachments.policies_of(tx, one.key),
                attachments=attached.get(one.key, []),
            )
            for one in collections.everything(tx, services.workspace)
        ]


def new(services: Services, name: str, kind: str) -> CollectionView:
    """An empty collection, for people to fill or to attach services to."""
    check_kind(kind)
    if not name.strip():
        raise PersonMustFix("A collection needs a name.")
    with services.database.write() as tx:
        for one in collections.everything(tx, services.workspace):
            if one.kind == kind and one.name.casefold() == name.casefold():
                raise PersonMustFix(f"There already is a collection {one.name!r} of kind {kind} ({one.id}).")
        _, public = attachments.new_collection(tx, services.workspace, kind, name)
    return CollectionView(id=public, kind=kind, name=name, items=0)


def attachment_view(one: Attachment, standing: Standing = NOTHING) -> AttachmentView:
    settings: Settings = one.settings
    return AttachmentView(
        integration=one.integration_name,
        stream=one.stream_name,
        remote_id=one.remote_id,
        remote_name=one.remote_name or one.stream_name,
        direction=one.direction,
        synced=one.synced,
        drift=settings.drift,
        match=settings.match,
        fields=None if settings.fields is None else sorted(told(one.kind, name) for name in settings.fields),
        only={told(one.kind, name): values for name, values in settings.only.items()},
        since=settings.since,
        standing=standing,
    )


def collection_policy(services: Services, wanted: str, change: PolicyChange) -> PolicyView:
    """Who wins in this collection, or in one of its fields; nothing is changed where nothing is said."""
    with services.database.write() as tx:
        home = collections.find(tx, services.workspace, wanted)
        before = attachments.policies_of(tx, home.key)
        after = before if not change.says_something else _changed_policies(tx, services.workspace, home, before, change)
        if after != before:
            attachments.keep_policies(tx, home.key, after)
    fields = {told(home.kind, name): policy for name, policy in after.fields.items()}
    return PolicyView(of=home.name, default=after.default, fields=fields)


def integration_policy(services: Services, wanted: str, change: PolicyChange) -> PolicyView:
    """Who wins wherever this integration takes part, and the collection says nothing else."""
    with services.database.write() as tx:
        one = integrations.find(tx, services.workspace, wanted)
        policy = attachments.policy_of(tx, one.key)
        if change.says_something:
            policy = None if change.reset else _changed(tx, services.workspace, policy, change)
            attachments.keep_policy(tx, one.key, policy)
    return PolicyView(of=one.name, default=policy)


def _attached(tx: Reading, workspace: int) -> dict[int, list[AttachmentView]]:
    standing = waiting.by_attachment(tx, workspace)
    found: dict[int, list[AttachmentView]] = {}
    for one in attachments.of_workspace(tx, workspace):
        found.setdefault(one.collection, []).append(attachment_view(one, standing.get(one.key, NOTHING)))
    return found


def _changed_policies(
    tx: Reading, workspace: int, home: Home, before: CollectionPolicies, change: PolicyChange
) -> CollectionPolicies:
    if change.field is None:
        policy = None if change.reset else _changed(tx, workspace, before.default, change)
        return CollectionPolicies(default=policy, fields=before.fields)
    if change.deletion is not None:
        raise PersonMustFix("--deletion is about whole records: give it without --field.")
    unit = unit_named(home.kind, change.field)
    others = {name: policy for name, policy in before.fields.items() if name != unit}
    if change.reset:
        return CollectionPolicies(default=before.default, fields=others)
    policy = _changed(tx, workspace, before.fields.get(unit) or before.default, change)
    return CollectionPolicies(default=before.default, fields={**others, unit: policy})


def _changed(tx: Reading, workspace: int, before: Policy | None, change: PolicyChange) -> Policy:
    before = before or DEFAULT
    mode = change.mode or ("source" if change.sources else before.mode)
    if change.sources and mode != "source":
        raise PersonMustFix("--sources goes with --mode source.")
    sources = _sources(tx, workspace, change.sources) if change.sources is not None else before.sources
    if mode == "source" and not sources:
        raise PersonMustFix("--mode source needs --sources: who goes first, names of integrations or hub, as in a,hub.")
    return Policy(mode=mode, sources=sources if mode == "source" else (), deletion=change.deletion or before.deletion)


def _sources(tx: Reading, workspace: int, names: Sequence[str]) -> tuple[str, ...]:
    """As the marks of values have them: the integrations' names."""
    return tuple(HUB if name == HUB else integrations.find(tx, workspace, name).name for name in names)
