"""The CLI's redirect catcher (RFC 8252, 7.3): listens on 127.0.0.1 until the person comes back from the service."""

import asyncio
from hmac import compare_digest
from html import escape
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from entrepot.core.errors import NeedsConsent, PersonMustFix
from entrepot.core.secret import Secret

LONGEST_REQUEST = 16 * 1024
PATH = "/auth/callback"
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Loopback:
    """An async context manager: `redirect_uri` goes to the service, `wait` gives the address that came back.

    One shot: the first answer with the right state is taken, everything else (favicons, port scanners, an answer to
    another attempt) is shown a page and forgotten. `port` 0 takes a free one; services that compare ports need a
    fixed one.
    """

    def __init__(self, port: int = 0, path: str = PATH) -> None:
        self._port = port
        self._path = path
        self._server: asyncio.Server | None = None
        self._state: Secret | None = None
        self._came: asyncio.Future[str] | None = None
        self.redirect_uri = ""

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(self._answer, "127.0.0.1", self._port, limit=LONGEST_REQUEST)
        except OSError:
            raise PersonMustFix(
                f"Port {self._port} on this machine is taken, and the service must send you back to it. "
                "Close what uses it, or choose another port and register it with the service."
            ) from None
        self._came = asyncio.get_running_loop().create_future()
        self.redirect_uri = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._path}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def wait(self, state: Secret, seconds: float = 300) -> str:
        """The whole callback address, as `oauth2.read_callback` reads it."""
        if self._came is None:
            raise RuntimeError("the loopback is not open")
        self._state = state
        try:
            return await asyncio.wait_for(asyncio.shield(self._came), seconds)
        except TimeoutError:
            raise NeedsConsent(
                f"Nobody came back from the service within {seconds:g} seconds. Start again when you are ready."
            ) from None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                line = await reader.readuntil(b"\r\n")
                while await reader.readuntil(b"\r\n") != b"\r\n":
                    pass
                writer.write(self._page(line))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whatever that was, it was not the person's browser
        finally:
            writer.close()

    def _page(self, line: bytes) -> bytes:
        method, _, rest = line.decode("latin-1").partition(" ")
        target = rest.rpartition(" ")[0]
        if method != "GET":
            return _html(405, "Entrepôt only reads here", "Nothing was sent anywhere.")
        if target.partition("?")[0] != self._path:
            return _html(404, "There is nothing here", "Entrepôt waits for an answer at another address.")
        if self._came is None or self._came.done() or not self._is_awaited(target):
            return _html(400, "This answer was not expected", "It belongs to another attempt. Start again.")
        query = parse_qs(target.partition("?")[2])
        origin = self.redirect_uri.removesuffix(self._path)
        self._came.set_result(origin + target)
        if "error" in query:
            return _html(200, "No permission was given", "You can close this page and go back to the terminal.")
        return _html(200, "Entrepôt has the answer", "You can close this page and go back to the terminal.")

    def _is_awaited(self, target: str) -> bool:
        states = parse_qs(target.partition("?")[2]).get("state", [])
        return (
            self._state is not None
            and len(states) == 1
            and compare_digest(states[0].encode(), self._state.reveal().encode())
        )


def _html(status: int, title: str, text: str) -> bytes:
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p></html>"
    ).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n\r\n"
    )
    return head.encode("ascii") + body
