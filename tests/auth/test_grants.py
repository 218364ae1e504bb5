import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.auth.grants import LONGEST_LIFE, Grant, GrantRefused, read_grant
from entrepot.core.errors import EntrepotError, NeedsConsent, PersonMustFix, ServiceChanged, TryLater

JSON = "application/json"


def read(body: object, status: int = 200, media_type: str = JSON) -> Grant:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_grant("Stand-in", status, media_type, raw)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (JSON, b'{"access_token": "a", "refresh_token": "r", "expires_in": 3600, "scope": "x y"}'),
        ("text/plain", b'{"access_token": "a", "refresh_token": "r", "expires_in": "3600", "scope": "x,y"}'),
        ("", b'{"access_token": "a", "refresh_token": "r", "expires_in": 3600.0, "scope": ["x", "y"]}'),
        ("application/x-www-form-urlencoded", b"access_token=a&refresh_token=r&expires_in=3600&scope=x%20y"),
        ("text/plain; charset=utf-8", b"access_token=a&scope=x%2Cy&expires_in=3600&refresh_token=r"),
    ],
)
def test_an_answer_is_read_in_every_shape_that_services_give_it(media_type: str, body: bytes):
    grant = read(body, media_type=media_type)
    assert grant.access_token.reveal() == "a"
    assert grant.refresh_token is not None
    assert grant.refresh_token.reveal() == "r"
    assert (grant.expires_in, grant.scopes) == (3600.0, ("x", "y"))


@pytest.mark.parametrize("nothing", [{}, {"refresh_token": None, "scope": None}, {"refresh_token": "", "scope": ""}])
def test_what_is_missing_is_none(nothing: dict[str, object]):
    grant = read({"access_token": "a", **nothing})
    assert (grant.refresh_token, grant.expires_in, grant.scopes) == (None, None, None)


@pytest.mark.parametrize("strange", [0, -1, "0", "soon", None, True, [], "nan", "inf", "1e999"])
def test_a_lifetime_that_is_none_is_not_believed(strange: object):
    assert read({"access_token": "a", "expires_in": strange}).expires_in is None


def test_a_lifetime_of_a_thousand_years_is_capped():
    assert read({"access_token": "a", "expires_in": 10**15}).expires_in == LONGEST_LIFE


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant", "error_description": "planted-secret"}, GrantRefused),
        (200, {"error": "bad_refresh_token"}, GrantRefused),
        (200, {"ok": False, "error": "invalid_refresh_token"}, GrantRefused),
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "planted-secret"}, GrantRefused),
        (403, {}, GrantRefused),
        (401, {"error": "invalid_client"}, PersonMustFix),
        (200, {"error": "incorrect_client_credentials"}, PersonMustFix),
        (400, {"error": "unsupported_grant_type"}, PersonMustFix),
        (400, {"error": "consent_required"}, NeedsConsent),
        (429, {}, TryLater),
        (500, {"error": "invalid_grant"}, TryLater),
        (503, b"<html>busy</html>", TryLater),
        (200, b"<html>please sign in</html>", ServiceChanged),
        (302, b"", ServiceChanged),
        (200, b"", ServiceChanged),
        (200, b'{"access_token": "cut off', ServiceChanged),
        (200, b"[1, 2]", ServiceChanged),
        (200, {"access_token": ""}, ServiceChanged),
        (200, {"access_token": 7}, ServiceChanged),
        (200, {"access_token": "a", "token_type": "DPoP"}, ServiceChanged),
        (200, b"\xff\xfe\x00", ServiceChanged),
    ],
)
def test_each_refusal_says_what_has_to_happen_next(status: int, body: object, error: type[Exception]):
    media_type = "text/html" if isinstance(body, bytes) and body.startswith(b"<") else JSON
    with pytest.raises(error) as caught:
        read(body, status, media_type)
    assert "planted-secret" not in str(caught.value) + getattr(caught.value, "detail", "")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_answer_nested_without_end_is_no_bug_either(status: int):
    with pytest.raises((EntrepotError, GrantRefused)):
        read(b'{"error":' * 100_000, status)


def test_an_error_that_repeats_what_it_was_asked_with_is_not_told():
    with pytest.raises(GrantRefused) as caught:
        read({"error": "no such client_secret: planted-secret"}, 400)
    assert "planted" not in str(caught.value)


@given(status=st.integers(200, 599), body=st.binary(max_size=80), media_type=st.sampled_from([JSON, "text/html", ""]))
def test_no_answer_whatever_is_a_bug(status: int, body: bytes, media_type: str):
    with contextlib.suppress(EntrepotError, GrantRefused):
        read_grant("Stand-in", status, media_type, body)
