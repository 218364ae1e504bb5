"""Connecting from the command line: with secrets, through the browser, and everything that can be missing or refused."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from tests.journeys.conftest import Command, environment
from tests.journeys.inside import call
from tests.standin import OAUTH, TOKEN, Answer, Shop, open_shop, write_connector

APP = {"SHOP_CLIENT_ID": "the-app", "SHOP_CLIENT_SECRET": "the-secret-of-the-app"}


@pytest.fixture
def entrepot(data: Path) -> Command:
    return partial(call, data)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.fixture
def env(tmp_path) -> dict[str, str]:
    return {"ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors"))}


@pytest.fixture
def oauth(tmp_path) -> dict[str, str]:
    return {"ENTREPOT_CONNECTORS": str(write_connector(tmp_path / "connectors", OAUTH))}


@pytest.fixture
def by_browser(data: Path, oauth, shop):
    """`entrepot connect --no-browser` up to the moment it shows the address; the test is the person with the browser."""

    def begin(*words: str, **more: str):
        command = [sys.executable, "-m", "entrepot", "connect", "shop", "--base-url", shop.url, "--no-browser", *words]
        process = subprocess.Popen(
            command,
            env=environment(data, **oauth, **APP, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("http"):
                return process, line.strip()
        raise AssertionError(said)

    return begin


def test_a_secret_comes_from_a_file_from_standard_input_or_the_command_line(entrepot, shop, env, tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    words = ("connect", "shop", "--base-url", shop.url, "--json")
    ways = {f"@{tmp_path / 'token'}": "", "-": f"{TOKEN}\n", TOKEN: ""}
    found = [entrepot(*words, "--secret", f"access_token={way}", stdin=given, **env) for way, given in ways.items()]
    assert [done.code for done in found] == [0, 0, 0], found
    assert {done.json()["id"] for done in found} == {found[0].json()["id"]}, "the same account is a reconnection"
    first = found[0].json()
    assert (first["name"], first["connector"], first["account_name"], first["status"]) == (
        "shop", "shop", "Example", "ready",
    )  # fmt: skip
    assert entrepot("integrations", "test", "shop", "--json", **env).json() == {
        "account": {"id": "1", "name": "Example"}
    }


def test_a_wrong_secret_is_told_at_once_and_nothing_is_kept(entrepot, shop, env):
    done = entrepot("connect", "shop", "--base-url", shop.url, "--secret", "access_token=wrong-one", "--json", **env)
    assert done.code == 4
    assert done.json()["error"]["code"] == "needs-consent"
    assert entrepot("integrations", "list", "--json", **env).json() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("connect", "shopp"), "Did you mean shop"),
        (("connect", "shop", "--secret", "access_token=@nowhere"), "cannot be read"),
        (("connect", "shop", "--secret", "access_token"), "KEY=VALUE"),
        (("connect", "shop", "--secret", "pin=1234567"), "Give access_token"),
        (("connect", "shop", "--set", "color=red", "--secret", "access_token=x"), "no setting 'color'"),
        (("connect", "shop:there", "--secret", "access_token=x"), "provider"),
        (("connect", "shop", "--secret", "access_token=x", "--base-url", "ftp://shop"), "https://"),
        (("connect", "netflix"), "import"),
    ],
)
def test_wrong_use_says_what_is_right(entrepot, env, words, says):
    done = entrepot(*words, "--json", **env)
    assert done.code == 2
    assert says in done.json()["error"]["message"]


def test_without_a_terminal_nothing_is_asked_and_the_sentence_says_what_to_give(entrepot, shop, env):
    done = entrepot("connect", "shop", "--base-url", shop.url, **env)
    assert done.code == 4
    assert "--secret access_token=@FILE" in done.err
    assert shop.asked == []


def test_without_a_terminal_no_browser_is_opened(entrepot, shop, oauth):
    done = entrepot("connect", "shop", "--base-url", shop.url, "--json", **oauth, **APP)
    assert done.code == 4
    assert "--no-browser" in done.json()["error"]["message"]


def test_a_missing_app_registration_names_the_redirect_address_and_the_variables(entrepot, shop, oauth):
    done = entrepot("connect", "shop", "--base-url", shop.url, "--no-browser", "--json", **oauth)
    said = done.json()["error"]["message"]
    assert done.code == 2
    for words in (
        "http://127.0.0.1",
        "/auth/callback",
        "SHOP_CLIENT_ID",
        "SHOP_CLIENT_SECRET",
        "entrepot app set shop",
    ):
        assert words in said


def test_a_person_connects_in_the_browser_and_syncs(entrepot, by_browser, shop, oauth):
    shop.tasks.fill(3)
    process, url = by_browser("--json")
    assert url.startswith(f"{shop.url}/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["client_id"] == "the-app"
    assert asked["code_challenge_method"] == "S256"
    with urlopen(url, timeout=10) as page:
        assert "close this page" in page.read().decode()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert '"status":"ready"' in out
    exchange = shop.posted[0]
    assert exchange["redirect_uri"] == asked["redirect_uri"]
    assert exchange["client_secret"] == APP["SHOP_CLIENT_SECRET"]
    assert exchange["code_verifier"] not in url
    assert entrepot("sync", "shop", "--json", **oauth, **APP).json()["counts"]["created"] == 3


def test_an_app_that_was_set_serves_as_one_in_the_environment(entrepot, shop, oauth, tmp_path):
    (tmp_path / "secret").write_text(APP["SHOP_CLIENT_SECRET"])
    words = ("app", "set", "shop", "--client-id", "the-app", "--client-secret")
    assert entrepot(*words, f"@{tmp_path / 'secret'}", "--json", **oauth).code == 0
    plain = entrepot(*words, "in-the-open", **oauth)
    assert plain.code == 2
    assert "history" in plain.err
    done = entrepot("connect", "shop", "--base-url", shop.url, "--json", **oauth)
    assert done.code == 4, "nobody is here, but the app is known"


def test_a_person_who_says_no_is_understood(by_browser):
    process, url = by_browser()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    with urlopen(f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}", timeout=10) as page:
        assert "No permission" in page.read().decode()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "Traceback" not in err


def test_an_address_of_the_own_network_can_be_forbidden(entrepot, shop, env):
    words = ("connect", "shop", "--secret", f"access_token={TOKEN}", "--json", "--base-url")
    for address in (shop.url, "http://192.168.1.1", "http://[::1]", "http://localhost:8080"):
        done = entrepot(*words, address, ENTREPOT_PRIVATE_HOSTS="deny", **env)
        assert done.code == 2, done
        assert "private network" in done.json()["error"]["message"]
    assert shop.asked == []


def test_a_sync_whose_permission_is_gone_says_so_in_its_exit_code(entrepot, shop, env):
    entrepot("connect", "shop", "--base-url", shop.url, "--secret", f"access_token={TOKEN}", **env)
    shop.token = "another-token-of-the-shop"
    done = entrepot("sync", "shop", "--json", **env)
    assert (done.code, done.json()["status"]) == (4, "failed")
    assert entrepot("integrations", "show", "shop", "--json", **env).json()["status"] == "needs-consent"
    again = ("connect", "shop", "--base-url", shop.url, "--secret", f"access_token={shop.token}")
    assert entrepot(*again, **env).code == 0
    assert entrepot("sync", "shop", **env).code == 0


def test_a_service_that_is_away_or_asks_for_a_year_fails_and_the_brake_has_its_own_code(entrepot, shop, env):
    shop.notes.fill(12)
    entrepot("connect", "shop", "--base-url", shop.url, "--secret", f"access_token={TOKEN}", **env)
    assert entrepot("sync", "shop", **env).code == 0
    shop.meddle = lambda _: Answer(429, b"{}", {"Retry-After": "31536000"})
    done = entrepot("sync", "shop", **env)
    assert done.code == 1
    assert "Not before" in done.err
    shop.meddle = lambda _: None
    shop.notes.records = {}
    assert entrepot("sync", "shop", "--full", "--stream", "notes", **env).code == 5
