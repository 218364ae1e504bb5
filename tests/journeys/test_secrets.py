"""Every secret the hub is given is planted, everything that can be done is done, and every byte it left is searched."""

import os
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from entrepot.core.errors import EntrepotError
from entrepot.core.secret import Secret
from tests.journeys.conftest import Command, Done
from tests.journeys.inside import call
from tests.standin import MANIFEST, OAUTH, Answer, Shop, open_hub, open_shop, write_connector

SECRETS = {
    "access token": "planted-access/token+1==",
    "refresh token": "planted-refresh/token+2==",
    "client secret": "planted-client/secret+3==",
    "password": "planted pass/word+4=ä",
    "key in the address": "planted-api/key+5==",
    "token the service tells": "plantedtokeninanerror6",
    "master key": b64encode(b"planted master key, 32 bytes ...").decode(),
}
BASIC = MANIFEST.replace("{scheme: bearer}", "{scheme: basic}")
IN_ADDRESS = MANIFEST.replace("{scheme: bearer}", "{scheme: api_key, place: query, name: api_key}")


def forms(secret: str) -> dict[str, bytes]:
    """As it is, and in every dress it may travel in; base64 at each of the three places it may begin."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "quoted": quote(secret, safe="").encode(),
        "quoted for forms": quote_plus(secret).encode(),
        "JSON": secret.encode("ascii", "backslashreplace").replace(b"/", b"\\/"),
        "UTF-16": secret.encode("utf-16-le"),
        "hex": raw.hex().encode(),
    }
    for shift in range(3):
        for name, encode in (("base64", b64encode), ("base64 for addresses", urlsafe_b64encode)):
            middle = encode(b"\0" * shift + raw)[(0, 4, 4)[shift] :]
            found[f"{name}, {shift}"] = middle[: len(middle) - 4]
    return found


def leaks(where: str, content: bytes) -> list[str]:
    return [
        f"{what} ({how}) in {where}"
        for what, secret in SECRETS.items()
        for how, form in forms(secret).items()
        if form in content
    ]


class Recorder:
    """Calls commands and keeps what they print."""

    def __init__(self, data: Path, env: dict[str, str]) -> None:
        self.said: list[str] = []
        self._call: Command = partial(call, data, ENTREPOT_LOG="debug", **env)

    def __call__(self, *words: str | Path, stdin: str = "", **env: str) -> Done:
        done = self._call(*words, stdin=stdin, **env)
        self.said.append(f"{words[:2]}: {done.out}\n{done.err}")
        return done


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        opened.token, opened.refresh_token = SECRETS["access token"], SECRETS["refresh token"]
        opened.tasks.fill(30)
        yield opened


@pytest.fixture
def search(data: Path, tmp_path: Path):
    """All that is in the data folder and was printed; the folder must have been written, or nothing is proved."""

    def everything(recorder: Recorder, *more: Path) -> list[str]:
        files = [path for path in data.rglob("*") if path.is_file()]
        assert any(path.name == "hub.sqlite" for path in files)
        found = [leak for path in (*files, *more) for leak in leaks(path.name, path.read_bytes())]
        return found + leaks("what was printed", "\n".join(recorder.said).encode())

    return everything


def echoing(shop: Shop, secret: str, status: int):
    """A service that repeats what it was sent, and tells secrets of its own."""
    own = SECRETS["token the service tells"]
    body = f'{{"error": {{"message": "bad token {secret}", "access_token": "{own}", "url": "/x?token={own}"}}}}'
    return lambda asked: Answer(status, body.encode()) if asked.startswith("/tasks?") else None


def test_search_finds_what_was_planted(tmp_path):
    secret = SECRETS["refresh token"]
    for shift in range(3):
        assert leaks("here", b64encode(b"x" * shift + secret.encode() + b"tail"))
    assert leaks("here", f'{{"a": "{quote(secret)}"}}'.encode()) or leaks("here", quote(secret, safe="").encode())
    assert leaks("here", secret.encode())


def test_tokens_and_app_secrets_are_nowhere(data, tmp_path, shop, search):
    env = {
        "ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors", OAUTH)),
        "ENTREPOT_KEY": SECRETS["master key"],
    }
    run = Recorder(data, env)
    app = ("app", "set", "shop", "--client-id", "the-app", "--client-secret", "-", "--json")
    assert run(*app, stdin=SECRETS["client secret"]).code == 0
    (tmp_path / "token").write_text(SECRETS["access token"])
    (tmp_path / "refresh").write_text(SECRETS["refresh token"])
    given = ("--secret", f"access_token=@{tmp_path / 'token'}", "--secret", f"refresh_token=@{tmp_path / 'refresh'}")
    assert run("connect", "shop", "--base-url", shop.url, *given).code == 0
    assert run("sync", "shop", "--json").code == 0
    shop.meddle = echoing(shop, SECRETS["access token"], 400)
    failed = run("sync", "shop", "--json", "--full")
    assert failed.code != 0
    run("runs", "show", failed.json()["run"])
    run("runs", "list", "--json")
    shop.meddle = lambda _: None
    shop.token = "another-token-of-the-shop"
    shop.expires_in = 0
    _age_token(data)
    run("sync", "shop")
    assert any(form.get("refresh_token") == SECRETS["refresh token"] for form in shop.posted), "it was used"
    shop.meddle = lambda asked: (
        Answer(400, f'{{"error": "invalid_grant", "error_description": "{SECRETS["refresh token"]}"}}'.encode())
        if asked == "/token"
        else Answer(401)
    )
    _age_token(data)
    assert run("sync", "shop").code == 4
    for words in (("doctor",), ("doctor", "--json"), ("integrations", "show", "shop", "--json"), ("keys", "rotate")):
        run(*words)
    assert run("backup", tmp_path / "copy.sqlite").code == 0
    assert run("integrations", "remove", "shop", "--json").code == 0
    assert "request" in "".join(run.said), "requests were logged"
    assert search(run, tmp_path / "copy.sqlite") == []


@pytest.mark.parametrize(
    ("manifest", "field", "name"),
    [(BASIC, "password", "password"), (IN_ADDRESS, "api_key", "key in the address")],
)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_passwords_and_keys_in_addresses_are_nowhere_however_the_service_fails(
    data, tmp_path, shop, search, manifest, field, name, status
):
    run = Recorder(data, {"ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors", manifest))})
    shop.check = lambda *_: True
    given = ["--secret", "username=me", "--secret", f"{field}=-"] if field == "password" else ["--secret", f"{field}=-"]
    connected = run("connect", "shop", "--base-url", shop.url, *given, "--json", stdin=SECRETS[name])
    assert connected.code == 0, connected
    shop.meddle = (
        echoing(shop, SECRETS[name], status)
        if status != 500
        else (lambda asked: Answer(500, f"<pre>Error at {asked}</pre>".encode()) if "cursor=20" in asked else None)
    )
    failed = run("sync", "shop", "--json")
    assert failed.code not in {0, 2} or status == 400, failed
    run("runs", "show", failed.json()["run"], "--json")
    run("runs", "show", failed.json()["run"])
    run("doctor")
    assert search(run) == []


def test_a_page_that_names_the_key_in_the_next_address_does_not_get_it_stored(data, tmp_path, shop, search):
    """The next page's address comes back with the key in it; the position that is stored has none."""
    manifest = IN_ADDRESS.replace(
        "{style: cursor, send: cursor, find: next, items: items}", "{style: next_url, find: next, items: items}"
    )
    run = Recorder(data, {"ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors", manifest))})
    shop.check = lambda *_: True
    key = quote(SECRETS["key in the address"], safe="")
    page = f'{{"items": [], "next": "{shop.url}/tasks?cursor=10&api_key={key}"}}'.encode()

    def answer(asked: str) -> Answer | None:
        if "cursor=10" in asked:
            return Answer(400)
        return Answer(body=page) if asked.startswith("/tasks") else None

    shop.meddle = answer
    given = f"api_key={SECRETS['key in the address']}"
    assert run("connect", "shop", "--base-url", shop.url, "--secret", given).code == 0
    assert run("sync", "shop").code == 2
    again = [asked for asked in shop.asked if "cursor=10" in asked]
    assert all("api_key=" in asked for asked in again), "the signer adds it"
    assert again
    assert search(run) == []


def test_what_an_error_holds_in_memory_is_clean_too(data, tmp_path, shop):
    folder = write_connector(tmp_path / "connectors")
    with open_hub(data, folder) as hub:
        shop.meddle = lambda _: Answer(400, f'{{"message": "{SECRETS["access token"]}"}}'.encode())
        with pytest.raises(EntrepotError) as raised:
            hub.connect("shop", base_url=shop.url, secrets={"access_token": Secret(SECRETS["access token"])})
    held = [raised.value, *_causes(raised.value)]
    assert leaks("the error", "\n".join(f"{error!r} {vars(error)}" for error in held).encode()) == []


def test_the_key_file_and_the_folder_are_for_their_owner_alone(data, tmp_path, shop):
    env = {"ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors"))}
    given = f"access_token={SECRETS['access token']}"
    before = os.umask(0)
    try:
        assert call(data, "connect", "shop", "--base-url", shop.url, "--secret", given, **env).code == 0
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o077 for path in (data, *data.iterdir())}
    assert set(modes) >= {"hub", "key", "hub.sqlite"}
    assert not any(modes.values()), modes


def _age_token(data: Path) -> None:
    """One that was refused when it was new would not be renewed."""
    with closing(sqlite3.connect(data / "hub.sqlite")) as database, database:
        database.execute("UPDATE credentials SET renewed_at = renewed_at - 7200000")


def _causes(error: BaseException) -> list[BaseException]:
    following = error.__cause__ or error.__context__
    return [following, *_causes(following)] if following else []
