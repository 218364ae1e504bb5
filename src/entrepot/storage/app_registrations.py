"""App registrations: the client id and sealed secret this hub uses at a service's OAuth server."""

import msgspec
from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint, delete, select

from entrepot.storage.ids import new_id
from entrepot.storage.metadata import METADATA, instant, key, public_id, workspace
from entrepot.storage.transaction import Reading, Writing

app_registrations = Table(
    "app_registrations",
    METADATA,
    key(),
    public_id(),
    workspace(),
    Column("connector", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    instant("updated_at"),
    UniqueConstraint("workspace_id", "connector"),
)


class AppRegistration(msgspec.Struct, frozen=True):
    """`sealed` is empty for a public client, which has no secret."""

    key: int
    id: str
    connector: str
    client_id: str
    sealed: bytes


_there = app_registrations.c
_columns = (_there.id, _there.public_id, _there.connector, _there.client_id, _there.sealed)


def new_registration_id() -> str:
    return new_id("app")


def put(tx: Writing, workspace_id: int, public: str, connector: str, client: tuple[str, bytes]) -> AppRegistration:
    """Add it, or take the place of the one there was. `client` is its id and its secret, sealed for `public`."""
    remove(tx, workspace_id, connector)
    client_id, sealed = client
    values = {"public_id": public, "workspace_id": workspace_id, "connector": connector, "client_id": client_id}
    added = app_registrations.insert().values(**values, sealed=sealed, updated_at=tx.now())
    return AppRegistration(*tx.run(added.returning(*_columns)).one())


def find(tx: Reading, workspace_id: int, connector: str) -> AppRegistration | None:
    mine = select(*_columns).where(_there.workspace_id == workspace_id, _there.connector == connector)
    row = tx.run(mine).one_or_none()
    return None if row is None else AppRegistration(*row)


def everything(tx: Reading, workspace_id: int) -> list[AppRegistration]:
    mine = select(*_columns).where(_there.workspace_id == workspace_id).order_by(_there.connector)
    return [AppRegistration(*row) for row in tx.run(mine)]


def remove(tx: Writing, workspace_id: int, connector: str) -> bool:
    mine = (_there.workspace_id == workspace_id, _there.connector == connector)
    return tx.run(delete(app_registrations).where(*mine)).rowcount > 0
