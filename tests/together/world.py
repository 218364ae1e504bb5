"""A hub whose services are real connectors at stand-ins on loopback: what people do on any side, and the syncs between."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.services.faults import Faults
from tests.sync import world

from entrepot.auth.signers import basic
from entrepot.core.report import Report
from entrepot.core.secret import Secret
from entrepot.declarative.compile import compile_connector
from entrepot.jobs import runs
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.storage import integrations, streams
from entrepot.storage.attachments import Direction
from entrepot.sync import attaching
from entrepot.sync.attaching import Matched
from entrepot.sync.part import Job
from entrepot.sync.run import sync
from entrepot.transport.budget import Budget
from entrepot.transport.retry import NEVER


class Remote:
    """A connector and the stand-in that it is pointed at. A stand-in whose addresses begin with a version has a `prefix`."""

    def __init__(self, name: str, service: Any, *wanted: str, prefix: str = "", **settings: str) -> None:
        entry = Catalog().entry(name)
        self.name, self.service, self.prefix = name, service, prefix
        self.manifest: Manifest = load(entry.manifest)
        self.build: Callable[[Context], Any] = compile_connector(entry, self.manifest)
        self.streams = [self.manifest.stream(each) for each in wanted or self.manifest.live_streams]
        defaults = {key: one.default for key, one in self.manifest.settings.items() if one.default}
        self.settings: Mapping[str, str] = {**defaults, **settings}
        self.address = ""
        self.signer: Any = None

    @property
    def faults(self) -> Faults:
        return self.service.faults

    @property
    def writes(self) -> Sequence[object]:
        return self.faults.bodies

    @property
    def calls(self) -> list[str]:
        return self.faults.calls

    async def open(self, stack: AsyncExitStack) -> None:
        app = self.service.make_app()
        if self.prefix:
            outer = web.Application()
            outer.add_subapp(self.prefix, app)
            app = outer
        server = await stack.enter_async_context(TestServer(app, host="127.0.0.1"))
        self.address = str(server.make_url(self.prefix)).rstrip("/")


class Server(Remote):
    """A real CalDAV server, whose requests are told by the client's log."""

    def __init__(self, running: Any, *wanted: str) -> None:
        super().__init__("caldav", self, *wanted)
        self.asked: list[str] = []
        self.address = running.address
        self.signer = basic(running.username, Secret(running.password))

    @property
    def writes(self) -> Sequence[object]:
        return [call for call in self.asked if call.startswith(("PUT", "DELETE", "POST"))]

    @property
    def calls(self) -> list[str]:
        return self.asked

    def debug(self, _: str, **fields: object) -> None:
        self.asked.append(f"{fields['method']} {fields['url']}")

    async def open(self, stack: AsyncExitStack) -> None:
        pass


class World(world.World):
    """A run is a client and a connector made anew, as in life; the stand-ins live as long as the world."""

    def __init__(self, folder: Path, *remotes: Remote, kind: str) -> None:
        super().__init__(folder, *remotes, kind=kind)  # type: ignore[arg-type]
        self.remotes: dict[str, Remote] = {remote.name: remote for remote in remotes}  # type: ignore[assignment]
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        for remote in remotes:
            self.runner.run(remote.open(self.stack))

    def attach(  # type: ignore[override]
        self,
        name: str,
        remote: str = "",
        *,
        stream: str = "",
        into: str = "Shared",
        direction: Direction = "two_way",
        match: bool = True,
    ) -> Matched:
        collection = self.home(into)
        stream = stream or self.remotes[name].streams[0].name
        with self.database.write() as tx:
            integration = integrations.find(tx, self.workspace, name)
            row = streams.ensure(tx, self.workspace, integration, stream, self.kind)
            there = attaching.Remote(stream=row, id=remote, name=f"{name} {stream}")
            return attaching.attach(tx, there, collection, direction, match=match)

    def sync(self, name: str, *, confirmed: bool = False, full: bool = False) -> Report:
        return self.runner.run(self._sync(self.remotes[name], confirmed=confirmed, full=full))

    async def _sync(self, remote: Remote, **how: bool) -> Report:
        with self.database.read() as tx:
            integration = integrations.find(tx, self.workspace, remote.name)
        http = client(
            remote.manifest,
            signer=remote.signer,
            base_url=remote.address,
            allow_private=True,
            shared=Budget(),
            log=remote if isinstance(remote, Server) else None,
        )
        http.retry = NEVER
        async with http:
            new = runs.NewRun(workspace_id=self.workspace, integration=integration.key, task="sync")
            job = Job(
                database=self.database,
                blobs=self.blobs,
                held=runs.start(self.database, new),
                workspace_id=self.workspace,
                integration=integration,
                reader=remote.build(Context(http=http, settings=remote.settings)),
                streams=remote.streams,
                **how,
            )
            return await sync(job)

    def a_minute_goes_by(self) -> None:
        """For what may be missing from a service's lists just after it was made."""
        with self.database.write() as tx:
            tx.execute("UPDATE intents SET at = at - 61000")

    def calls_of_a_round(self) -> dict[str, list[str]]:
        """The requests of each service in one more round."""
        before = {name: len(remote.calls) for name, remote in self.remotes.items()}
        assert self.rest(1) == 0
        return {name: remote.calls[before[name] :] for name, remote in self.remotes.items()}

    def rest(self, rounds: int = 2) -> int:
        """Writes in further rounds, in the last of which all is listed again; meanwhile no item of the hub changes."""
        before, items = self.writes(), self.rows("SELECT id, data FROM items ORDER BY id")
        for round_ in range(rounds):
            for name in self.remotes:
                report = self.sync(name, full=round_ == rounds - 1 > 0)
                assert report.status == "done", report
        assert self.rows("SELECT id, data FROM items ORDER BY id") == items
        return self.writes() - before

    def close(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        super().close()
