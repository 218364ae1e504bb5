"""A hub with made-up services attached to one collection: what people do on either side, and the syncs between."""

import asyncio
from pathlib import Path
from typing import Self

import msgspec
import pytest
from tests.sync.fake_remote import FakeRemote
from tests.sync.faults import Killed, no_fault

from entrepot.core.conflict import Policy
from entrepot.core.fields import fields_of, record_of
from entrepot.core.kinds import KINDS, decode
from entrepot.core.report import Report
from entrepot.jobs import runs
from entrepot.storage import attachments, integrations, streams, workspaces
from entrepot.storage.attachments import Attachment, CollectionPolicies, Direction, Settings
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.integrations import NewIntegration
from entrepot.storage.rehearsal import rehearsal
from entrepot.sync import attaching, editing, undoing
from entrepot.sync.attaching import Matched
from entrepot.sync.part import Job
from entrepot.sync.run import sync
from entrepot.sync.steps import Steps


class World:
    """The database is on disk; another World over the same folder and services goes on where this one was killed."""

    def __init__(self, folder: Path, *remotes: FakeRemote, kind: str = "task") -> None:
        self.folder = folder
        self.kind = kind
        self.remotes = {remote.name: remote for remote in remotes}
        self.database = self.open()
        self.blobs = Blobs(folder / "blobs")
        with self.database.write() as tx:
            self.workspace = workspaces.first(tx)
            known = {one.name for one in integrations.everything(tx, self.workspace)}
            for remote in remotes:
                if remote.name not in known:
                    new = NewIntegration(connector=f"fake_{remote.name}", name=remote.name, account_id=remote.name)
                    integrations.add(tx, self.workspace, new)
        self.collection = self.home("Shared")

    def open(self) -> Database:
        return Database(self.folder / "hub.db")

    def run(self, job: Job) -> Report:
        return asyncio.run(sync(job))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def home(self, name: str) -> int:
        """The key of a collection of the hub, made where there is none of this name."""
        with self.database.write() as tx:
            rows = tx.fetch("SELECT id FROM collections WHERE name = ?", name)
            return rows[0][0] if rows else attachments.new_collection(tx, self.workspace, self.kind, name)[0]

    def attach(
        self,
        name: str,
        direction: Direction = "two_way",
        remote: str = "main",
        *,
        match: bool = True,
        into: str = "Shared",
        **settings: object,
    ) -> Matched:
        collection = self.home(into)
        with self.database.write() as tx:
            integration = integrations.find(tx, self.workspace, name)
            stream = streams.ensure(tx, self.workspace, integration, self.remotes[name].stream.name, self.kind)
            there = attaching.Remote(stream=stream, id=remote, name=f"{name} {remote}")
            matched = attaching.attach(tx, there, collection, direction, match=match)
        if settings:
            self.set(name, remote, **settings)
        return matched

    def attachment(self, name: str, remote: str = "main") -> Attachment:
        with self.database.read() as tx:
            ((key,),) = tx.fetch(
                "SELECT a.id FROM attachments a JOIN streams s ON s.id = a.stream_id"
                " JOIN integrations i ON i.id = s.integration_id WHERE i.name = ? AND a.remote_id = ?",
                name,
                remote,
            )
            return attachments.by_key(tx, key)

    def set(self, name: str, remote: str = "main", **settings: object) -> None:
        """Settings of an attachment: `drift`, `fields`, `only`, `since`."""
        known = self.attachment(name, remote)
        with self.database.write() as tx:
            new: Settings = msgspec.structs.replace(known.settings, **settings)
            attachments.keep_settings(tx, known.key, new)

    def detach(self, name: str, remote: str = "main") -> None:
        known = self.attachment(name, remote)
        with self.database.write() as tx:
            attaching.detach(tx, known)

    def policies(self, default: Policy | None = None, integration: str = "", **fields: Policy) -> None:
        """Of the collection and its fields; with `integration`, the default is that one's instead."""
        with self.database.write() as tx:
            if integration:
                attachments.keep_policy(tx, integrations.find(tx, self.workspace, integration).key, default)
            else:
                policies = CollectionPolicies(default=default, fields=fields)
                attachments.keep_policies(tx, self.collection, policies)

    def sync(self, name: str, *, confirmed: bool = False, full: bool = False) -> Report:
        job = self.job(name, self.database)
        return self.run(msgspec.structs.replace(job, full=full, confirmed=confirmed))

    def job(self, name: str, database: Database) -> Job:
        remote = self.remotes[name]
        with database.read() as tx:
            integration = integrations.find(tx, self.workspace, name)
        new = runs.NewRun(workspace_id=self.workspace, integration=integration.key, task="sync")
        return Job(
            database=database,
            blobs=self.blobs,
            held=runs.start(database, new),
            workspace_id=self.workspace,
            integration=integration,
            reader=remote,
            streams=[remote.stream],
        )

    def rehearse(self, name: str) -> Steps:
        """What the next sync would do."""
        steps = Steps()
        with rehearsal(self.database) as copy:
            report = self.run(msgspec.structs.replace(self.job(name, copy), steps=steps))
        assert report.status == "done", report
        return steps

    def undo(self, run: str) -> undoing.Undone:
        """All that the run with this public id did."""
        found, before = undoing.Undone(), 2**62
        while before:
            with self.database.write() as tx:
                ((key,),) = tx.fetch("SELECT id FROM runs WHERE public_id = ?", run)
                before = undoing.undo_run(tx, self.workspace, key, found, before)
        return found

    def settle(self, rounds: int = 6, *, confirmed: bool = False) -> None:
        """Sync everybody until nobody writes any more and nothing waits."""
        for _ in range(rounds):
            before = self.writes()
            for name in self.remotes:
                report = self.sync(name, confirmed=confirmed)
                assert report.status == "done", report
            if self.writes() == before and not self.waits():
                return
        raise AssertionError(f"still writing after {rounds} rounds: {self.waits()}")

    def waits(self) -> list[tuple[object, ...]]:
        """What is still to go out, or of which nobody knows whether it did."""
        return self.rows(
            "SELECT item_id, verb FROM intents UNION ALL SELECT item_id, '' FROM pending WHERE reason = ''"
        )

    def rest(self, rounds: int = 3) -> int:
        """How many writes there are in further rounds, also where everything is listed again."""
        before = self.writes()
        for round_ in range(rounds):
            for name in self.remotes:
                report = self.sync(name, full=round_ == rounds - 1)
                assert report.status == "done", report
        return self.writes() - before

    def killed(self, name: str) -> None:
        """A sync in which the service's fault kills the process; another one begins with the same disk."""
        with pytest.raises(Killed):
            self.sync(name)
        self.remotes[name].fault = no_fault
        self.database.close()
        self.database = self.open()

    def writes(self) -> int:
        return sum(len(remote.writes) for remote in self.remotes.values())

    def add(self, *, into: str = "Shared", **fields: object) -> str:
        collection = self.home(into)
        with self.database.write() as tx:
            key = editing.add(tx, self.workspace, collection, KINDS[self.kind](**fields))
            return tx.fetch("SELECT public_id FROM items WHERE id = ?", key)[0][0]

    def edit(self, public: str, **fields: object) -> None:
        with self.database.write() as tx:
            found = editing.find(tx, self.workspace, public)
            editing.edit(tx, self.workspace, found, record_of(self.kind, {**found.fields, **fields}))

    def delete(self, public: str) -> None:
        with self.database.write() as tx:
            editing.delete(tx, self.workspace, editing.find(tx, self.workspace, public))

    def move(self, public: str, into: str) -> None:
        collection = self.home(into)
        with self.database.write() as tx:
            editing.move(tx, self.workspace, editing.find(tx, self.workspace, public), collection)

    def items(self, collection: str = "Shared") -> dict[str, dict[str, object]]:
        """Public id to fields, of what is there."""
        rows = self.rows(
            "SELECT public_id, data FROM items WHERE collection_id = ? AND deleted_at IS NULL ORDER BY id",
            self.home(collection),
        )
        return {str(public): dict(fields_of(decode(self.kind, data))) for public, data in rows}  # type: ignore[arg-type]

    def item(self, title: str, collection: str = "Shared") -> str:
        """The public id of the only one of this title."""
        (found,) = [public for public, fields in self.items(collection).items() if fields["title"] == title]
        return found

    def told(self, title: str, field: str) -> object:
        return self.items()[self.item(title)][field]

    def conflicts(self) -> list[str]:
        """The fields that are open."""
        return sorted(str(field) for (field,) in self.rows("SELECT field FROM conflicts WHERE closed = ''"))

    def journal(self, side: str = "") -> list[tuple[str, str]]:
        """(side, action), oldest first."""
        found = self.rows("SELECT side, action FROM journal ORDER BY id")
        return [(str(one), str(action)) for one, action in found if side in {"", one}]

    def resolutions(self) -> list[dict[str, object]]:
        """What policies settled, oldest first."""
        return [told for (more,) in self.rows("SELECT more FROM journal ORDER BY id")
                for told in msgspec.json.decode(str(more)).get("resolutions", [])]  # fmt: skip

    def aside(self) -> list[str]:
        """The reasons why something does not go out."""
        return [str(reason) for (reason,) in self.rows("SELECT reason FROM pending WHERE reason <> '' ORDER BY id")]

    def titles(self, collection: str = "Shared") -> list[str]:
        return sorted(str(fields["title"]) for fields in self.items(collection).values())

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with self.database.read() as tx:
            return tx.fetch(sql, *values)

    def close(self) -> None:
        self.database.close()
