"""A hand at a stand-in whose addresses begin with a version, held against the vendor's document as they stand there."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.connectors.graph_hand import Hand
from tests.services.contract import held

from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.person_mapping import Overrides, remapped
from entrepot.sdk.service import client
from entrepot.transport.budget import Budget
from entrepot.transport.retry import NEVER

_SHARED = Path(os.environ.get("ENTREPOT_SHARED", Path(__file__).parents[3] / "shared"))


@asynccontextmanager
async def opened(
    name: str,
    service: Any,
    stream: str,
    within: str | None,
    *,
    lines: Mapping[str, Overrides] | None = None,
    apart: Callable[[str], bool] = lambda _: False,
    excused: Callable[[str], bool] = lambda _: False,
) -> AsyncIterator[Hand]:
    """`lines` are a person's own, by stream. `excused`: what the document forbids and the service, as its prose says, does not."""
    entry = Catalog().entry(name)
    manifest = remapped(load(entry.manifest), lines or {})
    assert manifest.contract is not None
    prefix, document = manifest.contract.prefix, _SHARED / "contracts" / str(manifest.contract.document)
    app = web.Application()
    wrong = held(app, document, apart=lambda call: apart(call.replace(prefix, "", 1))) if document.is_file() else []
    app.add_subapp(prefix, service.make_app())
    async with TestServer(app, host="127.0.0.1") as server:
        address = str(server.make_url(prefix)).rstrip("/")
        async with client(manifest, base_url=address, allow_private=True, shared=Budget()) as http:
            http.retry = NEVER
            settings = {key: one.default for key, one in manifest.settings.items() if one.default}
            reader = compile_connector(entry, manifest)(Context(http=http, settings=settings))
            yield Hand(reader, service, stream, within or "")
    wrong = [each for each in wrong if not excused(each)]
    assert not wrong, wrong
