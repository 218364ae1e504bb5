"""What can happen to a request on its way to a stand-in and back."""

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Faults:
    """Each counts down with the requests that write: turned away, broken before anything was done, or done and lost."""

    def __init__(self) -> None:
        self.limited = self.broken = self.lost = 0
        self.calls: list[str] = []
        """Method and path of each request, with its query."""
        self.bodies: list[bytes] = []

    def is_write(self, request: web.Request, body: bytes) -> bool:
        return request.method != "GET" and (request.path != "/" or b"mutation" in body)

    def writes(self) -> int:
        return sum(not call.startswith("GET ") for call in self.calls)

    def middleware(self) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
        @web.middleware
        async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
            body = await request.read()
            if not self.is_write(request, body):
                self.calls.append(f"GET {request.path_qs}")
                return await handler(request)
            self.calls.append(f"{request.method} {request.path_qs}")
            self.bodies.append(body)
            if self.limited:
                self.limited -= 1
                return web.json_response({}, status=429, headers={"Retry-After": "3600"})
            if self.broken:
                self.broken -= 1
                return web.json_response({}, status=500)
            answer = await handler(request)
            if self.lost and request.transport is not None:
                self.lost -= 1
                request.transport.abort()
            return answer

        return watched
