"""Credentials: what an integration signs with, sealed by the vault, with its version and the lease of its renewal."""

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text, UniqueConstraint, and_, delete, or_, select

from entrepot.storage.metadata import METADATA, instant, key, reference, workspace
from entrepot.storage.transaction import Reading, Writing

credentials = Table(
    "credentials",
    METADATA,
    key(),
    workspace(),
    reference("integration_id", "integrations.id"),
    Column("scheme", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    instant("expires_at", nullable=True),
    instant("refresh_by", nullable=True),
    instant("renewed_at"),
    Column("lease_owner", Text, nullable=False),
    instant("lease_until", nullable=True),
    UniqueConstraint("integration_id"),
)
_there = credentials.c
_columns = (
    _there.workspace_id,
    _there.integration_id,
    _there.version,
    _there.scheme,
    _there.sealed,
    _there.expires_at,
    _there.refresh_by,
    _there.renewed_at,
    _there.lease_until,
)


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """Instants in milliseconds. `refresh_by`: an idle token is renewed from then on, so that it does not die."""

    scheme: str
    sealed: bytes
    expires_at: int | None = None
    refresh_by: int | None = None


class Credential(msgspec.Struct, frozen=True):
    """Every write makes a new `version`; `renewed_at` is when this one was written.

    `lease_until` is set while somebody renews it.
    """

    workspace_id: int
    integration_id: int
    version: int
    scheme: str
    sealed: bytes
    expires_at: int | None
    refresh_by: int | None
    renewed_at: int
    lease_until: int | None = None

    def is_leased(self, now: int, milliseconds: int) -> bool:
        """A lease that ends later than any could was taken before the clock was set back, and counts no more."""
        return self.lease_until is not None and now < self.lease_until <= now + milliseconds


def put(tx: Writing, workspace_id: int, integration_id: int, new: Sealed) -> None:
    """Add it, or take the place of the one there was: its version goes on, so a renewal under way loses."""
    found = find(tx, workspace_id, integration_id)
    values = {**msgspec.structs.asdict(new), "renewed_at": tx.now(), "lease_owner": "", "lease_until": None}
    if found is None:
        row = {"workspace_id": workspace_id, "integration_id": integration_id, "version": 1, **values}
        tx.run(credentials.insert().values(row))
    else:
        tx.run(credentials.update().where(_mine(found)).values(version=_there.version + 1, **values))


def find(tx: Reading, workspace_id: int, integration_id: int) -> Credential | None:
    mine = (_there.workspace_id == workspace_id, _there.integration_id == integration_id)
    row = tx.run(select(*_columns).where(*mine)).one_or_none()
    return None if row is None else Credential(*row)


def take_lease(tx: Writing, found: Credential, owner: str, milliseconds: int) -> bool:
    """True if nobody else renews this version now; decided as `Credential.is_leased` does."""
    now = tx.now()
    free = or_(
        _there.lease_until.is_(None),
        _there.lease_until <= now,
        _there.lease_until > now + milliseconds,
        _there.lease_owner == owner,
    )
    same = and_(_mine(found), _there.version == found.version, free)
    taken = credentials.update().where(same).values(lease_owner=owner, lease_until=now + milliseconds)
    return tx.run(taken).rowcount == 1


def replace(tx: Writing, found: Credential, new: Sealed) -> bool:
    """Compare-and-set: False if somebody else wrote a later version first. The lease ends with it."""
    same = and_(_mine(found), _there.version == found.version)
    values = {**msgspec.structs.asdict(new), "renewed_at": tx.now(), "lease_owner": "", "lease_until": None}
    return tx.run(credentials.update().where(same).values(version=found.version + 1, **values)).rowcount == 1


def end_lease(tx: Writing, found: Credential, owner: str, *, after: int = 0) -> None:
    """Let others try; `after` so many milliseconds, so that they do not all ask a service that is down."""
    mine = and_(_mine(found), _there.lease_owner == owner)
    until = tx.now() + after if after else None
    tx.run(credentials.update().where(mine).values(lease_owner="", lease_until=until))


def due(tx: Reading, at: int) -> list[Credential]:
    """Those of all workspaces whose idle tokens should be renewed by this instant, the most urgent first."""
    found = select(*_columns).where(_there.refresh_by <= at).order_by(_there.refresh_by)
    return [Credential(*row) for row in tx.run(found)]


def remove(tx: Writing, workspace_id: int, integration_id: int) -> None:
    mine = (_there.workspace_id == workspace_id, _there.integration_id == integration_id)
    tx.run(delete(credentials).where(*mine))


def _mine(found: Credential):  # noqa: ANN202  # SQLAlchemy's own generic, inferred
    return and_(_there.workspace_id == found.workspace_id, _there.integration_id == found.integration_id)
