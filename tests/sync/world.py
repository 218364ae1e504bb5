"""A hub with made-up services attached to one collection: what people do on either side, and the syncs between."""

import asyncio
from pathlib import Path

from tests.sync.fake_remote import FakeRemote

from entrepot.core.fields import fields_of, record_of
from entrepot.core.kinds import KINDS
from entrepot.core.report import Report
from entrepot.jobs import runs
from entrepot.storage import attachments, integrations, streams, workspaces
from entrepot.storage.attachments import Direction
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.integrations import NewIntegration
from entrepot.sync import attaching, editing
from entrepot.sync.part import Job
from entrepot.sync.run import sync


class World:
    """The database is on disk; another World over the same folder and services goes on where this one was killed."""

    def __init__(self, folder: Path, *remotes: FakeRemote, kind: str = "task") -> None:
        self.folder = folder
        self.kind = kind
        self.remotes = {remote.name: remote for remote in remotes}
        self.database = Database(folder / "hub.db")
        self.blobs = Blobs(folder / "blobs")
        with self.database.write() as tx:
            self.workspace = workspaces.first(tx)
            known = {one.name for one in integrations.everything(tx, self.workspace)}
            for remote in remotes:
                if remote.name not in known:
                    new = NewIntegration(connector=f"fake_{remote.name}", name=remote.name, account_id=remote.name)
                    integrations.add(tx, self.workspace, new)
            rows = tx.fetch("SELECT id FROM collections WHERE name = 'Shared'")
            self.collection = rows[0][0] if rows else attachments.new_collection(tx, self.workspace, kind, "Shared")[0]

    def attach(self, name: str, direction: Direction = "two_way", remote: str = "main", *, match: bool = True) -> None:
        with self.database.write() as tx:
            integration = integrations.find(tx, self.workspace, name)
            stream = streams.ensure(tx, self.workspace, integration, "things", self.kind)
            attaching.attach(
                tx,
                attaching.Remote(stream=stream, id=remote, name=f"{name} {remote}"),
                self.collection,
                direction,
                match=match,
            )

    def sync(self, name: str, *, confirmed: bool = False, full: bool = False) -> Report:
        remote = self.remotes[name]
        with self.database.read() as tx:
            integration = integrations.find(tx, self.workspace, name)
        new = runs.NewRun(workspace_id=self.workspace, integration=integration.key, task="sync")
        job = Job(
            database=self.database,
            blobs=self.blobs,
            held=runs.start(self.database, new),
            workspace_id=self.workspace,
            integration=integration,
            reader=remote,
            streams=[remote.stream],
            full=full,
            confirmed=confirmed,
        )
        return asyncio.run(sync(job))

    def settle(self, rounds: int = 6) -> None:
        """Sync everybody until nobody writes any more."""
        for _ in range(rounds):
            before = self.writes()
            for name in self.remotes:
                report = self.sync(name, confirmed=True)
                assert report.status == "done", report
            waits = self.rows("SELECT 1 FROM pending WHERE reason = '' UNION ALL SELECT 1 FROM intents")
            if self.writes() == before and not waits:
                return
        raise AssertionError(f"still writing after {rounds} rounds")

    def writes(self) -> int:
        return sum(len(remote.writes) for remote in self.remotes.values())

    def add(self, **fields: object) -> str:
        with self.database.write() as tx:
            key = editing.add(tx, self.workspace, self.collection, KINDS[self.kind](**fields))
            return tx.fetch("SELECT public_id FROM items WHERE id = ?", key)[0][0]

    def edit(self, public: str, **fields: object) -> None:
        with self.database.write() as tx:
            found = editing.find(tx, self.workspace, public)
            editing.edit(tx, self.workspace, found, record_of(self.kind, {**found.fields, **fields}))

    def delete(self, public: str) -> None:
        with self.database.write() as tx:
            editing.delete(tx, self.workspace, editing.find(tx, self.workspace, public))

    def items(self) -> dict[str, dict[str, object]]:
        """Public id to fields, of what is there."""
        from entrepot.core.kinds import decode

        with self.database.read() as tx:
            rows = tx.fetch(
                "SELECT public_id, data FROM items WHERE collection_id = ? AND deleted_at IS NULL ORDER BY id",
                self.collection,
            )
        return {public: dict(fields_of(decode(self.kind, data))) for public, data in rows}

    def titles(self) -> list[str]:
        return sorted(str(fields["title"]) for fields in self.items().values())

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with self.database.read() as tx:
            return tx.fetch(sql, *values)

    def close(self) -> None:
        self.database.close()
