"""Every query and mutation a stand-in was sent, held against the vendor's schema."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
from aiohttp import web

from entrepot.checks.graphql_document import GraphQLDocument


def held(app: web.Application, document: Path) -> list[str]:
    """A list that fills with what is wrong with them."""
    known, wrong = _document(document), list[str]()

    @web.middleware
    async def holding(request: web.Request, handler: Callable) -> web.StreamResponse:
        sent = msgspec.json.decode(await request.read())
        wrong.extend(known.problems(sent["query"], sent.get("variables", {})))
        return await handler(request)

    app.middlewares.insert(0, holding)
    return wrong


@cache
def _document(path: Path) -> GraphQLDocument:
    return GraphQLDocument(path)
