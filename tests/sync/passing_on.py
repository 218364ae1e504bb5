"""Between the connector and a real server: every request is told, changed on its way, or loses its answer."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

_NOT_PASSED_ON = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"})


class Asked(NamedTuple):
    """A request as the connector made it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Between:
    """What is done to requests on their way; each hook may be set by a test.

    `rewrites` makes of a body that is put what the server is to keep, `answers` of an answer what is to be told. `loses` says after the server has answered
    whether the answer gets lost; `is_down` that nothing reaches the server. `told` are headers in each answer,
    in place of the server's.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.rewrites: Callable[[bytes], bytes] = lambda body: body
        self.answers: Callable[[bytes], bytes] = lambda body: body
        self.loses: Callable[[Asked], bool] = lambda _: False
        self.is_down: Callable[[Asked], bool] = lambda _: False
        self.told: dict[str, str] = {}
        self.untold: frozenset[str] = frozenset()
        """Headers of answers that are taken out, in lower case."""

    def counted(self, *methods: str) -> int:
        return sum(1 for one in self.asked if one.method in methods)


class Lost(Exception):
    """No answer: the connection is closed."""


@contextmanager
def between(address: str) -> Iterator[tuple[str, Between]]:
    """The address to go to instead of the server's, and what happens there."""
    hooks = Between()

    class Handler(_Handler):
        target = address.removeprefix("http://")
        way = hooks

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    target = ""
    way = Between()
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._onward = HTTPConnection(self.target, timeout=30)

    def finish(self) -> None:
        self._onward.close()
        with suppress(OSError):
            super().finish()

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        self.way.asked.append(asked)
        self.close_connection = True
        if self.way.is_down(asked):
            return
        sent = self.way.rewrites(body) if asked.method == "PUT" else body
        status, headers, answer = self._ask(asked, sent)
        if self.way.loses(asked):
            return
        with suppress(ConnectionError):  # who asked may be dead by now
            self._answer(status, headers, answer)
            self.close_connection = False

    do_GET = do_PUT = do_DELETE = do_OPTIONS = do_PROPFIND = do_REPORT = pass_on  # noqa: N815 -- as the library calls them

    def _answer(self, status: int, headers: HTTPMessage, answer: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _NOT_PASSED_ON | self.way.untold | {each.lower() for each in self.way.told}:
                self.send_header(name, value)
        for name, value in self.way.told.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _ask(self, asked: Asked, body: bytes) -> tuple[int, HTTPMessage, bytes]:
        left = _NOT_PASSED_ON | {"accept-encoding"}  # what is packed could not be changed on its way
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in left}
        self._onward.request(asked.method, asked.path, body, headers)
        answer = self._onward.getresponse()
        return answer.status, answer.headers, self.way.answers(answer.read())

    def log_message(self, *_: Any) -> None:
        pass
