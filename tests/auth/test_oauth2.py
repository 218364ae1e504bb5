import base64
import json
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import msgspec
import pytest

from entrepot.auth import oauth2
from entrepot.auth.grants import GrantRefused
from entrepot.auth.oauth2 import App, Server
from entrepot.core.errors import NeedsConsent, PersonMustFix, SafetyStop, ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.message import Request, Response

REDIRECT = "http://127.0.0.1:8123/auth/callback"
SERVER = Server(
    service="Stand-in",
    token_url="https://auth.example.org/token",
    authorize_url="https://auth.example.org/authorize?tenant=7",
    revoke_url="https://auth.example.org/revoke",
    issuer="https://auth.example.org",
    authorize_params={"access_type": "offline"},
)
APP = App("hub id", Secret("planted secret/:+ä"))
CONSENT = oauth2.new_consent(REDIRECT, ("read", "write"))


class Recorder:
    def __init__(self, body: bytes = b'{"access_token": "a"}', status: int = 200) -> None:
        self.requests: list[Request] = []
        self._body, self._status = body, status

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(self._status, {"Content-Type": "application/json"}, self._body, request.url)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl((self.requests[-1].body or b"").decode(), strict_parsing=True))


def callback(**changes: str | None) -> str:
    found = {"code": "planted-code", "state": CONSENT.state.reveal(), "iss": SERVER.issuer, **changes}
    return REDIRECT + "?" + "&".join(f"{name}={quote(value)}" for name, value in found.items() if value is not None)


def test_the_authorization_url_asks_for_all_that_was_meant_and_keeps_what_was_there():
    url = oauth2.authorization_url(SERVER, APP, CONSENT)
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://auth.example.org/authorize?tenant=7&")
    assert query["scope"] == ["read write"]
    assert query["redirect_uri"] == [REDIRECT]
    assert query["response_type"] == ["code"]
    assert query["access_type"] == ["offline"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"] == [CONSENT.state.reveal()]
    assert "secret" not in url
    assert CONSENT.verifier.reveal() not in url


def test_scopes_are_joined_as_the_service_wants_and_left_out_where_there_are_none():
    commas = msgspec.structs.replace(SERVER, scope_separator=",", pkce="none")
    assert "scope=read%2Cwrite" in oauth2.authorization_url(commas, APP, CONSENT)
    assert "code_challenge" not in oauth2.authorization_url(commas, APP, CONSENT)
    assert "scope=" not in oauth2.authorization_url(SERVER, APP, oauth2.new_consent(REDIRECT, ()))


def test_no_two_consents_share_a_state_or_a_verifier():
    made = [oauth2.new_consent(REDIRECT, ()) for _ in range(100)]
    assert len({one.state for one in made} | {one.verifier for one in made}) == 200
    assert all(len(one.state.reveal()) >= 43 for one in made)


def test_the_right_answer_gives_its_code():
    assert oauth2.read_callback(SERVER, CONSENT, callback()).reveal() == "planted-code"
    assert oauth2.read_callback(SERVER, CONSENT, callback(iss=None)).reveal() == "planted-code"


@pytest.mark.parametrize(
    "wrong",
    [
        callback(state="x"),
        callback(state=""),
        callback(state=None),
        callback(state="ä"),
        callback() + "&state=x",
        callback() + "&code=other",
        callback(iss="https://evil.example.org"),
        callback(iss="https://auth.example.org/"),
        callback().replace("127.0.0.1", "localhost"),
        callback().replace(":8123", ":8124"),
        callback().replace("http://", "https://"),
        callback().replace("/auth/callback", "/auth/callback/x"),
        callback() + "#access_token=x",
        "",
        "not an address",
        "http://[",
        callback() + "&a=b" * 200,
    ],
)
def test_an_answer_that_is_not_ours_is_not_used(wrong: str):
    with pytest.raises(SafetyStop) as caught:
        oauth2.read_callback(SERVER, CONSENT, wrong)
    assert "planted-code" not in caught.value.message + caught.value.detail


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (callback(code=None, error="access_denied"), NeedsConsent),
        (callback(code=None, error="invalid_scope"), PersonMustFix),
        (callback(code=None, error="<script>"), PersonMustFix),
        (callback(code=None), ServiceChanged),
        (callback(code=""), ServiceChanged),
    ],
)
def test_a_refusal_is_explained(given: str, error: type[Exception]):
    with pytest.raises(error) as caught:
        oauth2.read_callback(SERVER, CONSENT, given)
    assert "<script>" not in str(caught.value)


async def test_the_code_is_exchanged_with_redirect_and_verifier_and_scopes_default_to_those_asked():
    send = Recorder()
    grant = await oauth2.exchange_code(SERVER, APP, CONSENT, Secret("planted-code"), send)
    assert send.form == {
        "grant_type": "authorization_code",
        "code": "planted-code",
        "redirect_uri": REDIRECT,
        "code_verifier": CONSENT.verifier.reveal(),
        "client_id": "hub id",
        "client_secret": "planted secret/:+ä",
    }
    assert grant.scopes == ("read", "write")


async def test_a_token_request_is_sent_once_and_follows_no_redirect_and_keeps_its_answer_out_of_errors():
    send = Recorder()
    await oauth2.refresh(SERVER, APP, Secret("planted-refresh"), send)
    request = send.requests[0]
    assert (request.repeatable, request.follow, request.private) == (False, False, True)
    assert {400, 401, 302, 500} <= set(request.expected)
    assert "planted" not in repr(request)


async def test_by_basic_both_halves_are_encoded_before_they_are_joined():
    send = Recorder()
    await oauth2.refresh(msgspec.structs.replace(SERVER, client_auth="basic"), APP, Secret("r"), send)
    value = send.requests[0].headers["Authorization"]
    assert isinstance(value, Secret)
    assert base64.b64decode(value.reveal().removeprefix("Basic ")) == b"hub+id:planted+secret%2F%3A%2B%C3%A4"
    assert "client_id" not in send.form
    assert "client_secret" not in send.form


async def test_a_public_client_says_who_it_is_and_nothing_more():
    for how in ("basic", "body"):
        send = Recorder()
        await oauth2.refresh(msgspec.structs.replace(SERVER, client_auth=how), App("public"), Secret("r"), send)
        assert send.form == {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "public"}
        assert "Authorization" not in send.requests[0].headers


async def test_a_service_that_wants_json_gets_json():
    send = Recorder()
    server = msgspec.structs.replace(SERVER, encoding="json", client_auth="basic", token_params={"audience": "x"})
    await oauth2.refresh(server, APP, Secret("r"), send)
    assert json.loads(send.requests[0].body or b"") == {
        "grant_type": "refresh_token",
        "refresh_token": "r",
        "audience": "x",
    }


async def test_client_credentials_and_passwords_are_sent_as_the_standard_says():
    send = Recorder()
    await oauth2.client_credentials(SERVER, APP, ("read", "write"), send)
    assert (send.form["grant_type"], send.form["scope"]) == ("client_credentials", "read write")
    await oauth2.password(SERVER, APP, "me@example.org", Secret("pass word&ß"), send)
    assert (send.form["grant_type"], send.form["password"]) == ("password", "pass word&ß")


async def test_a_refused_code_asks_to_connect_again_and_a_refused_refresh_is_the_callers_to_judge():
    send = Recorder(b'{"error": "invalid_grant"}', 400)
    with pytest.raises(NeedsConsent):
        await oauth2.exchange_code(SERVER, APP, CONSENT, Secret("c"), send)
    with pytest.raises(GrantRefused):
        await oauth2.refresh(SERVER, APP, Secret("r"), send)


async def test_a_token_is_given_back_where_the_service_takes_it():
    send = Recorder(b"", 200)
    assert await oauth2.revoke(SERVER, APP, Secret("r"), "refresh_token", send)
    assert send.form["token"] == "r"
    assert send.form["token_type_hint"] == "refresh_token"
    assert not await oauth2.revoke(SERVER, APP, Secret("r"), "refresh_token", Recorder(b"", 400))
    assert not await oauth2.revoke(msgspec.structs.replace(SERVER, revoke_url=""), APP, Secret("r"), "x", send)
