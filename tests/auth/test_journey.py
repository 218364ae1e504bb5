"""OAuth end to end against servers that others wrote: PyPI's oidc-provider-mock and npm's certified oidc-provider."""

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, build_opener

import platformdirs
import pytest

from entrepot.auth.connections import Place
from entrepot.auth.loopback import Loopback
from entrepot.core.errors import NeedsConsent, PersonMustFix, SafetyStop
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress
from entrepot.transport.retry import NEVER

NPM_PACKAGE = "oidc-provider@9.13.3"
MOCK = {
    "scheme": "oauth2",
    "authorize_url": "https://auth.example.org/oauth2/authorize",
    "token_url": "https://auth.example.org/oauth2/token",
    "scopes": {"read": ["openid", "email"]},
}
CERTIFIED = {
    "scheme": "oauth2",
    "authorize_url": "https://auth.example.org/auth",
    "token_url": "https://auth.example.org/token",
    "revoke_url": "https://auth.example.org/token/revocation",
    "issuer": "https://auth.example.org",
    "scopes": {"read": ["openid", "email", "offline_access"]},
    "authorize_params": {"prompt": "consent"},
}


class Form(HTMLParser):
    """The first form of a page: where it goes and what it already holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action, self.cancel, self.fields = "", "", {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found.get("action") or ""
        if tag == "a" and (found.get("href") or "").endswith("/abort"):
            self.cancel = found["href"] or ""
        if tag == "input" and found.get("name") and found.get("type") == "hidden":
            self.fields[found["name"]] = found.get("value") or ""


def say_yes(url: str, answers: dict[str, str]) -> str:
    """A browser that fills in every form until there is none left (or cancels, without answers); the last page."""
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    sent = None
    for _ in range(5):
        with opener.open(url, sent, timeout=10) as answer:
            page, here = answer.read().decode(), answer.url
        if "<form" not in page:
            return page
        form = Form(page)
        if not answers:
            url, sent = urljoin(here, form.cancel), None
            continue
        url = urljoin(here, form.action) if form.action else here
        sent = urlencode({**answers, **form.fields}).encode()
    raise AssertionError("the forms never end")


@contextmanager
def running(command: list[str], folder: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until_open(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.fixture
def mock() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # In a process of its own: it warns about its own dependencies, and warnings are errors here.
    with running([sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), "-H", "127.0.0.1"]):
        until_open(port)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def node_folder() -> Path:
    """A folder with the npm package, installed once (two seconds, 34 packages)."""
    if not shutil.which("npm"):
        pytest.skip("no certified OAuth server: npm is not there")
    script = Path(__file__).with_name("oidc-provider.mjs")
    name = f"{NPM_PACKAGE}-{sha256(script.read_bytes()).hexdigest()[:8]}"
    folder = Path(platformdirs.user_cache_dir("entrepot-tests")) / name  # what is run from it must be our own
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(made), NPM_PACKAGE]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("no certified OAuth server: npm's registry did not answer in a minute")
        if done.returncode:
            pytest.skip(f"no certified OAuth server: npm could not install {NPM_PACKAGE}")
        shutil.copy(script, made / "server.mjs")
        with suppress(OSError):  # another process was faster, and its folder is as good
            made.rename(folder)
    return folder


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
def certified(request, node_folder: Path) -> Iterator[tuple[str, str]]:
    script = node_folder / "server.mjs"
    with running(["node", str(script), request.param], node_folder) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield f"http://127.0.0.1:{port}", "basic" if request.param == "client_secret_basic" else "body"


async def connect(hub, place: Place, answers: dict[str, str]):
    async with Loopback() as loopback:
        started = hub.connections.start_connect(place, loopback.redirect_uri)
        browser = asyncio.ensure_future(asyncio.to_thread(say_yes, started.url, answers))
        callback = await loopback.wait(started.consent.state, 30)
        assert "close this page" in await browser
        return started, callback, await hub.connections.finish_connect(place, started, callback)


async def who(hub, place: Place, path: str) -> object:
    signer = hub.connections.signer_for(place, hub.integration())
    egress = Egress(given=[place.base_url], allow_private=True)
    async with Client(egress=egress, signer=signer, base_url=place.base_url, retry=NEVER) as client:
        return await client.json("GET", path)


async def test_a_person_connects_and_stays_connected_at_the_mock(hub, mock: str, make_manifest):
    # By Basic: its refresh grant knows nothing else. The certified server below is asked both ways.
    place = Place(make_manifest({**MOCK, "client_auth": "basic"}), base_url=mock)
    started, callback, held = await connect(hub, place, {"sub": "me@example.org"})
    hub.connect(held)
    assert await who(hub, place, "/userinfo") == {"sub": "me@example.org", "email": "me@example.org"}
    hub.sql("UPDATE credentials SET renewed_at = renewed_at - 7200000, expires_at = expires_at - 7200000")
    assert await who(hub, place, "/userinfo") == {"sub": "me@example.org", "email": "me@example.org"}
    assert hub.sql("SELECT version FROM credentials") == [(2,)]
    with pytest.raises((NeedsConsent, PersonMustFix)):
        await hub.connections.finish_connect(place, started, callback)  # a code is good once


async def test_a_person_who_says_no_is_understood(hub, certified, make_manifest):
    url, client_auth = certified
    with pytest.raises(NeedsConsent, match="did not give"):
        await connect(hub, Place(make_manifest({**CERTIFIED, "client_auth": client_auth}), base_url=url), {})


async def test_a_person_connects_refreshes_and_disconnects_at_the_certified_server(hub, certified, make_manifest):
    url, client_auth = certified
    place = Place(make_manifest({**CERTIFIED, "client_auth": client_auth}), base_url=url)
    _, callback, held = await connect(hub, place, {"login": "me", "password": "any"})
    assert "iss=" in callback
    integration = hub.connect(held)
    assert await who(hub, place, "/me") == {"sub": "me", "email": "me@example.org"}
    before = held.values["refresh_token"]
    await asyncio.sleep(2.1)  # its access tokens live two seconds
    assert await who(hub, place, "/me") == {"sub": "me", "email": "me@example.org"}
    revoked = hub.connections._open(integration)
    assert before != revoked.values["refresh_token"], "refresh tokens are rotated and the new one is kept"
    assert await hub.connections.disconnect(place, integration)
    with hub.database.write() as tx:
        hub.connections.keep(tx, integration, revoked)
    hub.sql("UPDATE credentials SET expires_at = renewed_at")
    with pytest.raises(NeedsConsent, match="Reconnect"):
        await who(hub, place, "/me")


async def test_an_answer_in_the_name_of_another_server_is_not_used(hub, certified, make_manifest):
    url, client_auth = certified
    auth = {**CERTIFIED, "client_auth": client_auth, "issuer": "https://auth.example.org/other"}
    with pytest.raises(SafetyStop, match="another server"):
        await connect(hub, Place(make_manifest(auth), base_url=url), {"login": "me", "password": "any"})


async def test_without_pkce_the_certified_server_refuses_and_the_person_is_told(hub, certified, make_manifest):
    url, client_auth = certified
    auth = {**CERTIFIED, "client_auth": client_auth, "pkce": "none"}
    with pytest.raises(PersonMustFix, match="invalid_request"):
        await connect(hub, Place(make_manifest(auth), base_url=url), {"login": "me", "password": "any"})
