"""A connector read against a server on loopback that answers from its fixtures, or fails in every way services do.

`fixtures/expected.yaml` of a live connector:

    answers:                                # the first that fits answers: method, path below the base URL, and where
      - {request: GET /user, file: user.json}                         # given, parameters and members of the body
      - {request: "GET /tasks?cursor=b3Bh", file: tasks-2.json}
      - {request: POST /search, body: {start_cursor: c2}, file: pages-2.json}
      - {request: REPORT /calendars/a/, contains: sync-collection, file: changes.xml}   # where the body is no JSON
    settings: {finished_since: "2026-01-01"}
    account: "1850001"                      # what the probe finds
    collections: {tasks: 2}                 # how many remote collections a stream has
    streams: {tasks: 4}                     # how many records come out, tombstones among them
    gone: {tasks: 1}                        # how many of those are tombstones
    refused: 1
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from aiohttp import web

from entrepot.checks.subject import Subject
from entrepot.core.secret import Secret
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.connector import Reader
from entrepot.sdk.context import Context
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.service import client
from entrepot.transport.budget import Budget
from entrepot.transport.message import Request, Response
from entrepot.transport.retry import NEVER

PLANTED = "planted-secret-4f1d6c"
_TYPES = {".json": "application/json", ".xml": "application/xml", ".ics": "text/calendar"}
_SECONDS = 20
_PORT = re.compile(r"127\.0\.0\.1:\d+")

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Served(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    request: str
    file: str
    body: dict[str, Any] = {}
    contains: str = ""
    headers: dict[str, str] = {}
    status: int | None = None

    def fits(self, request: web.Request, sent: bytes) -> bool:
        method, _, target = self.request.partition(" ")
        wanted = urlsplit(target)
        return (
            method == request.method
            and wanted.path == request.path
            and all(request.query.get(key) == value for key, value in parse_qsl(wanted.query))
            and self.contains.encode() in sent
            and _holds(self.body, _body(sent))
        )


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `expected.yaml` says of a live connector."""

    answers: Sequence[Served] = ()
    streams: dict[str, int] = {}
    account: str | None = None
    collections: dict[str, int] = {}
    gone: dict[str, int] | None = None
    settings: dict[str, Any] = {}
    refused: int = 0
    exports: dict[str, Any] = {}
    """What files hold, where the connector reads files too: as `expected.yaml` of an importer says it."""


class Outcome(msgspec.Struct, frozen=True):
    """What came out, by stream: records with tombstones, tombstones alone. `listed` were shown in full."""

    account: str
    collections: Mapping[str, int]
    records: Mapping[str, int]
    gone: Mapping[str, int]
    refused: Sequence[str]
    listed: frozenset[str]


class Lines:
    """A log that keeps what is written to it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, event: str, **fields: object) -> None:
        self.lines.append(f"{event} {fields}")


class Planted:
    """Signs with a secret that must be seen nowhere."""

    async def sign(self, request: Request) -> Request:
        return msgspec.structs.replace(
            request, headers={**request.headers, "Authorization": Secret(f"Bearer {PLANTED}")}
        )

    async def rejected(self, request: Request, response: Response) -> bool:  # noqa: ARG002 -- Signer asks for it
        return False


class Files:
    """Answers with the fixtures; 404 to what is not expected, 503 in place of `failing`."""

    def __init__(self, folder: Path, answers: Sequence[Served], *, failing: Served | None = None) -> None:
        self._folder = folder
        self._answers = answers
        self._failing = failing
        self.failed = False
        self.unexpected: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        sent = await request.read()
        served = next((each for each in self._answers if each.fits(request, sent)), None)
        if served is None:
            self.unexpected.append(f"{request.method} {request.path_qs}")
            return web.json_response({"message": "not found"}, status=404)
        if served is self._failing:
            self.failed = True
            return web.json_response({"message": "not now"}, status=503)
        path = self._folder / served.file
        status = served.status or (207 if request.method in {"PROPFIND", "REPORT"} else 200)
        kind = _TYPES.get(path.suffix, "application/octet-stream")
        headers = {"Content-Type": kind, **served.headers}
        return web.Response(body=path.read_bytes(), status=status, headers=headers)


def run(subject: Subject, manifest: Manifest, replay: Replay, answer: Answer, log: Lines | None = None) -> Outcome:
    """Probes, then reads every stream from the beginning."""
    given = {name: str(value) for name, value in replay.settings.items()}
    settings = {name: each.default for name, each in manifest.settings.items() if each.default} | given

    async def read() -> Outcome:
        async with _reader(subject, manifest, settings, answer, log or Lines()) as reader:
            return await _read(manifest, reader)

    async def in_time() -> Outcome:
        async with asyncio.timeout(_SECONDS):
            return await read()

    return asyncio.run(in_time())


@asynccontextmanager
async def _reader(
    subject: Subject, manifest: Manifest, settings: Mapping[str, str], answer: Answer, log: Lines
) -> AsyncGenerator[Reader]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: Any = runner.addresses[0][1]
        address = f"http://127.0.0.1:{port}"
        http = client(manifest, signer=Planted(), base_url=address, allow_private=True, shared=Budget(), log=log)
        http.retry = NEVER  # a fixture does not get better by waiting
        async with http:
            yield compile_connector(subject.entry, manifest)(Context(http=http, settings=settings))
    finally:
        await runner.cleanup()


async def _read(manifest: Manifest, reader: Reader) -> Outcome:
    records: dict[str, set[str]] = {}
    gone: dict[str, set[str]] = {}
    refused: list[str] = []
    listed: set[str] = set()
    account = await reader.probe()
    collections: dict[str, int] = {}
    for name in manifest.live_streams:
        held = await reader.collections(name)
        collections[name] = len(held)
        for collection in [each.id for each in held] if manifest.stream(name).by_collection else [None]:
            async for page in reader.changes(name, None, collection):
                records.setdefault(name, set()).update(change.ref.id for change in page.changes)
                gone.setdefault(name, set()).update(change.ref.id for change in page.changes if change.data is None)
                refused += [f"{bad.stream} {bad.where}: {bad.reason}" for bad in page.bad]
                if page.last and page.listing:
                    listed.add(name)
    # A connector to one's own server tells accounts apart by its address, and this one is at any port.
    return Outcome(
        _PORT.sub("127.0.0.1", account.id), collections, _sizes(records), _sizes(gone), refused, frozenset(listed)
    )


def _sizes(found: Mapping[str, set[str]]) -> dict[str, int]:
    return {name: len(ids) for name, ids in found.items() if ids}


def _body(sent: bytes) -> object:
    try:
        return msgspec.json.decode(sent) if sent else None
    except msgspec.DecodeError:
        return None  # XML, for one


def _holds(wanted: Mapping[str, Any], body: Any) -> bool:
    """Everything wanted is in the body, at whatever depth."""
    return all(
        isinstance(body, dict)
        and key in body
        and (_holds(value, body[key]) if isinstance(value, dict) else body[key] == value)
        for key, value in wanted.items()
    )
