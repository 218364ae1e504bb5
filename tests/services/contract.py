"""Every request a stand-in was sent, held against the vendor's document: an author's mistake is then not ours too."""

from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from entrepot.checks.document import load
from entrepot.transport.message import Request


def held(app: web.Application, document: Path, *, apart: Callable[[str], bool] = lambda _: False) -> list[str]:
    """A list that fills with what is wrong with them. `apart`: call that stands in the prose alone."""
    known, wrong = load(document, "openapi"), list[str]()

    @web.middleware
    async def holding(request: web.Request, handler: Callable) -> web.StreamResponse:
        call = f"{request.method} {request.path}"
        operation = known.operation(request.method, request.path)
        if operation is not None:
            sent = Request(
                request.method, request.path_qs, headers=dict(request.headers), body=await request.read() or None
            )
            wrong.extend(f"{call}: {problem}" for problem in operation.problems(sent))
        elif not apart(call):
            wrong.append(f"{call}: the document has no such call")
        return await handler(request)

    app.middlewares.insert(0, holding)
    return wrong
