"""A service on loopback whose OAuth server rotates refresh tokens and takes each only once."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from entrepot.auth.connections import Connections, Place
from entrepot.auth.held import Held
from entrepot.core.secret import Secret
from entrepot.sdk.manifest import Manifest
from entrepot.storage import integrations
from entrepot.storage.database import Database
from entrepot.storage.integrations import Integration, NewIntegration
from entrepot.vault.keys import FileKeys
from entrepot.vault.vault import Vault


class Handler(BaseHTTPRequestHandler):
    service: "Service"

    def do_GET(self) -> None:
        with self.service._lock:
            self.service.reads += 1
            good = self.headers.get("Authorization") == f"Bearer access-{self.service.generation}"
        self.reply(200 if good else 401, b'{"name": "me"}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/revoke":
            self.service.revoked.append(form["token"])
            return self.reply(200, b"")
        status, media_type, answer = self.service.token(form)
        if self.service.before_answer is not None:
            self.service.before_answer()
        time.sleep(self.service.slow)
        return self.reply(status, answer, media_type)

    def reply(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError):  # from a client that was killed
            super().handle()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Service:
    """`GET /me` wants the newest access token; `POST /token` takes a refresh token once and refuses its reuse."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.reads = 0
        self.generation = 0
        self.slow = 0.0
        self.expires_in: object = 3600
        self.keeps_refresh_token = False
        self.answer: tuple[int, str, bytes] | None = None
        self.before_answer: Callable[[], None] | None = None
        self.revoked: list[str] = []
        self._lock = threading.Lock()
        handler = type("Bound", (Handler,), {"service": self})
        self._server = Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def token(self, form: dict[str, str]) -> tuple[int, str, bytes]:
        with self._lock:
            self.requests.append(form)
            if self.answer is not None:
                return self.answer
            if form["grant_type"] == "refresh_token" and form["refresh_token"] != f"refresh-{self.generation}":
                return 400, "application/json", b'{"error": "invalid_grant"}'
            self.generation += 1
            answer = {
                "access_token": f"access-{self.generation}",
                "token_type": "bearer",
                "expires_in": self.expires_in,
            }
            if not self.keeps_refresh_token:
                answer["refresh_token"] = f"refresh-{self.generation}"
            return 200, "application/json", json.dumps(answer).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Hub:
    """A hub's folder with one integration, as one process sees it."""

    def __init__(self, folder: Path, manifest: Manifest, base_url: str) -> None:
        self.folder = folder
        self.database = Database(folder / "hub.sqlite")
        self.vault = Vault(FileKeys(folder / "key"))
        self.place = Place(manifest, base_url=base_url)
        self.connections = Connections(
            self.database,
            self.vault,
            1,
            environment={"STANDIN_CLIENT_ID": "hub", "STANDIN_CLIENT_SECRET": "planted-app"},
        )

    def integration(self) -> Integration:
        with self.database.read() as tx:
            return integrations.find(tx, 1, "standin")

    def connect(self, held: Held) -> Integration:
        with self.database.write() as tx:
            new = integrations.add(tx, 1, NewIntegration(connector="standin", name="Stand-in"))
            self.connections.keep(tx, new, held)
            return new

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        if statement.startswith("SELECT"):
            with self.database.read() as tx:
                return tx.fetch(statement, *values)
        with self.database.write() as tx:
            tx.execute(statement, *values)
            return []


def tokens(expires_in: float | None = 3600, refresh: str | None = "refresh-0") -> Held:
    values = {"access_token": Secret("access-0"), **({"refresh_token": Secret(refresh)} if refresh else {})}
    return Held("oauth2", values, "authorization_code", ("read",), expires_in)


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def make_manifest():
    return manifest_of


@pytest.fixture
def make_tokens():
    return tokens


def manifest_of(auth: object, **more: object) -> Manifest:
    return Manifest.model_validate(
        {
            "id": "standin",
            "name": "Stand-in",
            "summary": "A service for tests",
            "kinds": ["task"],
            "docs": "https://example.org/docs",
            "auth": auth,
            "http": {"base_url": "https://api.example.org"},
            "streams": {"tasks": {"kind": "task", "read": "GET /tasks"}},
            **more,
        }
    )


OAUTH = {
    "scheme": "oauth2",
    "grants": ["authorization_code", "client_credentials", "password"],
    "authorize_url": "https://auth.example.org/authorize",
    "token_url": "https://auth.example.org/token",
    "revoke_url": "https://auth.example.org/revoke",
    "scopes": {"read": ["read"], "write": ["write"]},
}


@pytest.fixture
def hub(tmp_path: Path, service: Service) -> Iterator[Hub]:
    hub = Hub(tmp_path, manifest_of(OAUTH), service.url)
    yield hub
    hub.database.close()
