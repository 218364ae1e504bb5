"""The token journal: a row before each request for a token, so that a crash before its answer was kept is explained."""

from typing import Literal

import msgspec
from sqlalchemy import BigInteger, Column, Index, Table, Text, delete, select

from entrepot.storage.metadata import METADATA, instant, key, reference, workspace
from entrepot.storage.transaction import Reading, Writing

Outcome = Literal["open", "kept", "refused", "failed", "overtaken"]
KEPT_FOR = 30 * 86400 * 1000

token_journal = Table(
    "token_journal",
    METADATA,
    key(),
    workspace(),
    reference("integration_id", "integrations.id"),
    Column("version", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    instant("begun_at"),
    instant("ended_at", nullable=True),
)
Index("ix_token_journal_integration", token_journal.c.integration_id, token_journal.c.outcome)
_there = token_journal.c
_columns = (_there.id, _there.version, _there.owner, _there.outcome, _there.begun_at, _there.ended_at)


class Entry(msgspec.Struct, frozen=True):
    """`version` is the credential's that was to be renewed; `open` without an end is a call nobody came back from."""

    key: int
    version: int
    owner: str
    outcome: Outcome
    begun_at: int
    ended_at: int | None


def begin(tx: Writing, workspace_id: int, integration_id: int, version: int, owner: str) -> int:
    """Written and committed before the call. Entries that ended long ago make room."""
    now = tx.now()
    tx.run(
        delete(token_journal).where(
            _there.workspace_id == workspace_id,
            _there.integration_id == integration_id,
            _there.ended_at < now - KEPT_FOR,
        )
    )
    row = {"workspace_id": workspace_id, "integration_id": integration_id, "version": version, "owner": owner}
    added = token_journal.insert().values(**row, outcome="open", begun_at=now)
    return int(tx.run(added.returning(_there.id)).scalar_one())


def end(tx: Writing, workspace_id: int, number: int, outcome: Outcome) -> None:
    mine = (_there.workspace_id == workspace_id, _there.id == number)
    tx.run(token_journal.update().where(*mine).values(outcome=outcome, ended_at=tx.now()))


def entries(tx: Reading, workspace_id: int, integration_id: int) -> list[Entry]:
    """The newest first."""
    mine = (_there.workspace_id == workspace_id, _there.integration_id == integration_id)
    return [Entry(*row) for row in tx.run(select(*_columns).where(*mine).order_by(_there.id.desc()))]


def remove(tx: Writing, workspace_id: int, integration_id: int) -> None:
    mine = (_there.workspace_id == workspace_id, _there.integration_id == integration_id)
    tx.run(delete(token_journal).where(*mine))
