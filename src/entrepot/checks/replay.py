"""A connector read against a server on loopback that answers from its fixtures, or fails in every way services do.

`fixtures/expected.yaml` of a live connector:

    answers:                                # METHOD path below the base URL → the file that answers
      GET /user: user.json
      GET /tasks: [page1.json, page2.json]  # the first call, the second; the last again and again
    settings: {finished_since: "2026-01-01"}
    streams: {tasks: 4}                     # how many records come out
    gone: {tasks: 1}                        # how many tombstones
    refused: 1
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from entrepot.checks.subject import Subject
from entrepot.core.secret import Secret
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.connector import Reader
from entrepot.sdk.context import Context
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.service import client
from entrepot.transport.message import Request, Response
from entrepot.transport.retry import NEVER

PLANTED = "planted-secret-4f1d6c"
_TYPES = {".json": "application/json", ".xml": "application/xml", ".ics": "text/calendar"}
_SECONDS = 20

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `expected.yaml` says of a live connector."""

    answers: dict[str, str | list[str]]
    streams: dict[str, int]
    gone: dict[str, int] = {}
    settings: dict[str, str] = {}
    refused: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What came out, by stream. `listed` are the streams that were shown in full."""

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
    """Answers with the fixtures, in order; 404 to what is not expected."""

    def __init__(self, folder: Path, answers: Mapping[str, str | list[str]]) -> None:
        self._folder = folder
        self._answers = {call: [files] if isinstance(files, str) else files for call, files in answers.items()}
        self._asked: Counter[str] = Counter()
        self.unexpected: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        call = f"{request.method} {unquote(request.path)}"
        files = self._answers.get(call)
        if not files:
            self.unexpected.append(call)
            return web.json_response({"message": "not found"}, status=404)
        name = files[min(self._asked[call], len(files) - 1)]
        self._asked[call] += 1
        path = self._folder / name
        status = 207 if path.suffix == ".xml" and request.method in {"PROPFIND", "REPORT"} else 200
        kind = _TYPES.get(path.suffix, "application/octet-stream")
        return web.Response(body=path.read_bytes(), status=status, content_type=kind, charset="utf-8")


def run(subject: Subject, manifest: Manifest, replay: Replay, answer: Answer, log: Lines | None = None) -> Outcome:
    """Probes, then reads every stream from the beginning."""

    async def read() -> Outcome:
        async with _reader(subject, manifest, replay.settings, answer, log or Lines()) as reader:
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
        http = client(manifest, signer=Planted(), base_url=address, allow_private=True, log=log)
        http.retry = NEVER  # a fixture does not get better by waiting
        asked = {each.name: Secret(PLANTED) for scheme in manifest.schemes for each in scheme.asks}
        async with http:
            yield compile_connector(subject.entry, manifest)(Context(http=http, settings=settings, secrets=asked))
    finally:
        await runner.cleanup()


async def _read(manifest: Manifest, reader: Reader) -> Outcome:
    records: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    refused: list[str] = []
    listed: set[str] = set()
    await reader.probe()
    for name in manifest.streams:
        by_collection = manifest.stream(name).by_collection
        found = [each.id for each in await reader.collections(name)] if by_collection else [None]
        for collection in found:
            async for page in reader.changes(name, None, collection):
                for change in page.changes:
                    (gone if change.data is None else records)[name] += 1
                refused += [f"{bad.stream} {bad.where}: {bad.reason}" for bad in page.bad]
                if page.last and page.listing:
                    listed.add(name)
    return Outcome(records, gone, refused, frozenset(listed))
