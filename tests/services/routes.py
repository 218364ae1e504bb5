"""What stand-ins that speak plain REST share: a table of what is asked for, and refusals in the service's own form."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from tests.services.faults import Faults

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[Json | tuple[int, Json | None] | None]]
"""What is answered, alone or with its status; None where there is nothing to say."""


class Refused(Exception):
    """The service's word for what is wrong."""

    def __init__(self, word: str, *, status: int = 400) -> None:
        super().__init__(word)
        self.status = status


def app_of(
    faults: Faults, routes: Mapping[tuple[str, str], Handler], told: Callable[[Refused], Json]
) -> web.Application:
    """`routes` are by method and path; `told` makes of a refusal what the service answers."""
    app = web.Application(middlewares=[faults.middleware()])
    for (method, path), handler in routes.items():
        app.router.add_route(method, path, _answering(handler, told))
    return app


def _answering(handler: Handler, told: Callable[[Refused], Json]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            found = await handler(request)
        except Refused as why:
            return web.json_response(told(why), status=why.status)
        status, body = found if isinstance(found, tuple) else (204 if found is None else 200, found)
        return web.Response(status=status) if body is None else web.json_response(body, status=status)

    return answer
