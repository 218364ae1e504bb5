"""Workspaces: whose data it is. Every other row belongs to one."""

from sqlalchemy import Column, Table, Text, select

from entrepot.storage.ids import new_id
from entrepot.storage.metadata import METADATA, instant, key, public_id
from entrepot.storage.transaction import Reading, Writing

workspaces = Table(
    "workspaces",
    METADATA,
    key(),
    public_id(),
    Column("name", Text, nullable=False),
    instant("created_at"),
)


def first(tx: Reading) -> int:
    """The workspace that every hub has from its first start."""
    return int(tx.run(select(workspaces.c.id).order_by(workspaces.c.id).limit(1)).scalar_one())


def lock(tx: Writing, workspace_id: int) -> None:
    """From here to the end of the transaction nobody else decides which integrations the workspace has."""
    if tx.dialect.name == "postgresql":
        tx.fetch("SELECT id FROM workspaces WHERE id = ? FOR NO KEY UPDATE", workspace_id)


def add(tx: Writing, name: str) -> int:
    added = workspaces.insert().values(public_id=new_id("wsp"), name=name, created_at=tx.now())
    return int(tx.run(added.returning(workspaces.c.id)).scalar_one())
