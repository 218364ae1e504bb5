"""A made-up service on loopback, in a thread, with its connector: what it answers, forgets or breaks is a test's to say."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from entrepot import settings
from entrepot.app.hub import Hub
from entrepot.core.secret import Secret

MANIFEST = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task, event, note]
docs: https://example.org/docs

auth: {scheme: bearer}

http:
  base_url: https://api.example.org
  paging: {style: cursor, send: cursor, find: next, items: items}

probe: {request: GET /me, id: id, name: name}

streams:
  tasks:
    kind: task
    read: GET /tasks
    id: id
    version: updated
    deletions: {by: absence, confirm: GET /tasks/:id}
    fields: &fields
      title: title
      updated: {at: updated, as: instant}
  events:
    kind: event
    read: {request: GET /events, since: {token: sync, send: token}}
    id: id
    gone: {deleted: true}
    deletions: feed
    fields: *fields
  notes:
    kind: note
    read: {request: GET /notes, since: {field: updated, send: since}}
    id: id
    deletions: {by: absence, every: 1d}
    fields: *fields
"""
OAUTH = MANIFEST.replace(
    "auth: {scheme: bearer}",
    """\
auth:
  scheme: oauth2
  authorize_url: https://api.example.org/authorize
  token_url: https://api.example.org/token
  scopes: {read: [read]}""",
)
TOKEN = "a-token-that-opens-the-shop"
Record = dict[str, object]


class Answer(msgspec.Struct, frozen=True):
    """What the service says in place of its usual answer. `cut` closes the connection before all of it was sent."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = {}
    media_type: str = "application/json"
    cut: bool = False


class Shelf:
    """The records of one stream. `hidden` ones are not listed, but are there when they are asked for."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.hidden: set[str] = set()
        self.log: list[str] = []
        """Ids in the order in which they changed; a position in it is the token of the feed."""
        self.oldest = 0
        """Tokens before this one have expired."""

    def put(self, number: int, title: str = "", *, day: int = 1) -> None:
        name = f"r{number:05d}"
        self.records[name] = {
            "id": name,
            "title": title or f"Thing {number}",
            "updated": f"2026-03-{day:02d}T10:00:00Z",
        }
        self.log.append(name)

    def fill(self, count: int) -> None:
        for number in range(count):
            self.put(number)

    def remove(self, *numbers: int) -> None:
        for number in numbers:
            del self.records[f"r{number:05d}"]
            self.log.append(f"r{number:05d}")

    def listed(self) -> list[Record]:
        return [record for name, record in sorted(self.records.items()) if name not in self.hidden]

    def changed_after(self, token: int) -> list[Record]:
        return [self.records.get(name, {"id": name, "deleted": True}) for name in dict.fromkeys(self.log[token:])]


class Shop:
    """`meddle` is asked first, with the path and query of each request; what it answers is sent."""

    def __init__(self) -> None:
        self.tasks, self.events, self.notes = Shelf(), Shelf(), Shelf()
        self.page = 10
        self.token = TOKEN
        self.asked: list[str] = []
        self.meddle: Callable[[str], Answer | None] = lambda _: None
        self.url = ""
        self.posted: list[dict[str, str]] = []
        self.check: Callable[[str], bool] = lambda given: given == f"Bearer {self.token}"
        self.refresh_token = "a-refresh-token-of-the-shop"
        self.expires_in = 3600

    def grant(self, form: dict[str, str]) -> Answer:
        """The token endpoint: whoever has been sent here by the consent page, or has the refresh token, gets tokens."""
        self.posted.append(form)
        meddled = self.meddle("/token")
        if meddled is not None:
            return meddled
        if form.get("code") != "the-code" and form.get("refresh_token") != self.refresh_token:
            return Answer(400, b'{"error": "invalid_grant"}')
        granted = {"access_token": self.token, "refresh_token": self.refresh_token, "expires_in": self.expires_in}
        return _json({**granted, "token_type": "Bearer"})

    def answer(self, path_qs: str, authorization: str) -> Answer:
        self.asked.append(path_qs)
        meddled = self.meddle(path_qs)
        if meddled is not None:
            return meddled
        parts = urlsplit(path_qs)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            back = urlencode({"state": query["state"], "code": "the-code"})
            return Answer(302, headers={"Location": f"{query['redirect_uri']}?{back}"})
        if not self.check(authorization):
            return Answer(401, b'{"error": "invalid_token"}')
        _, stream, *name = parts.path.split("/")
        if stream == "me":
            return _json({"id": "1", "name": "Example"})
        shelf: Shelf = getattr(self, stream)
        if name:
            found = shelf.records.get(name[0])
            return _json(found) if found else Answer(404)
        return self._list(shelf, query)

    def write(self, method: str, path: str, body: bytes, authorization: str) -> Answer:  # noqa: ARG002 -- for a shop that sells
        """This one is only read."""
        return Answer(405)

    def _list(self, shelf: Shelf, query: dict[str, str]) -> Answer:
        begin = int(query.get("cursor", 0))
        token = query.get("token")
        if token is not None and int(token) < shelf.oldest:
            return Answer(410, b'{"error": "the token has expired"}')
        every = shelf.listed() if token is None else shelf.changed_after(int(token))
        if "since" in query:
            every = [record for record in every if str(record["updated"]) >= query["since"]]
        more = begin + self.page < len(every)
        page: Record = {
            "items": every[begin : begin + self.page],
            "next": str(begin + self.page) if more else None,
        }
        return _json(page if more else {**page, "sync": str(len(shelf.log))})


ShopT = TypeVar("ShopT", bound=Shop)


def _json(value: object) -> Answer:
    return Answer(body=json.dumps(value).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shop: Shop

    def do_GET(self) -> None:
        self.send(self.shop.answer(self.path, self.headers.get("Authorization", "")))

    def do_POST(self) -> None:
        if self.path == "/token":
            form = parse_qs(self.body().decode())
            self.send(self.shop.grant({name: values[0] for name, values in form.items()}))
        else:
            self.do_PATCH()

    def do_PATCH(self) -> None:
        self.send(self.shop.write(self.command, self.path, self.body(), self.headers.get("Authorization", "")))

    def do_DELETE(self) -> None:
        self.do_PATCH()

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body) + (1000 if answer.cut else 0)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = self.close_connection or answer.cut

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError):  # from a client that was killed
            super().handle()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@contextmanager
def open_shop(made: Callable[[], ShopT] = Shop) -> Iterator[ShopT]:
    shop = made()
    # Buffered, or the head and the body of an answer would wait for each other's acknowledgement.
    handler = type("Bound", (_Handler,), {"shop": shop, "wbufsize": -1, "disable_nagle_algorithm": True})
    with _Server(("127.0.0.1", 0), handler) as server:
        shop.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()


def write_connector(folder: Path, manifest: str = MANIFEST, **files: str) -> Path:
    """A folder of connectors with the shop's in it, for ENTREPOT_CONNECTORS."""
    shop = folder / "shop"
    shop.mkdir(parents=True, exist_ok=True)
    (shop / "manifest.yaml").write_text(manifest)
    for name, text in files.items():
        (shop / f"{name}.py").write_text(text)
    return folder


def open_hub(data: Path, connectors: Path, **environ: str) -> Hub:
    return Hub(settings=settings.read({"ENTREPOT_CONNECTORS": str(connectors), **environ}, data=data))


def connect(hub: Hub, shop: Shop) -> None:
    hub.connect("shop", base_url=shop.url, secrets={"access_token": Secret(shop.token)})
