"""Every request a stand-in was sent, held against the vendor's document: an author's mistake is then not ours too."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from aiohttp import web

from entrepot.checks.document import load
from entrepot.transport.message import Request


def held(
    app: web.Application,
    document: Path,
    *,
    apart: Callable[[str], bool] = lambda _: False,
    excused: Callable[[str], bool] = lambda _: False,
    form: str = "openapi",
) -> list[str]:
    """A list that fills with what is wrong with them. `apart`: a call that stands in the prose alone, or was the
    service's own; `excused`: something wrong that the prose allows.
    """
    known, wrong = load(document, form), list[str]()

    @web.middleware
    async def holding(request: web.Request, handler: Callable) -> web.StreamResponse:
        call = f"{request.method} {request.path_qs}"
        operation = known.operation(request.method, request.path)
        if apart(call):
            pass
        elif operation is not None:
            sent = Request(
                request.method, request.path_qs, headers=dict(request.headers), body=_said(await request.read())
            )
            problems = (f"{call}: {problem}" for problem in operation.problems(sent))
            wrong.extend(problem for problem in problems if not excused(problem))
        else:
            wrong.append(f"{call}: the document has no such call")
        return await handler(request)

    app.middlewares.insert(0, holding)
    return wrong


def _said(body: bytes) -> bytes | None:
    """Without what is null: the document has it beside `anyOf`, where the validator does not look for it."""
    if not body:
        return None
    found = msgspec.json.decode(body)
    return msgspec.json.encode({name: value for name, value in found.items() if value is not None})
