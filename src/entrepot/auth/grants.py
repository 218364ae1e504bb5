"""What a token endpoint answers (RFC 6749, sections 5.1 and 5.2), in all the shapes services give it."""

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

import msgspec

from entrepot.core.errors import EntrepotError, NeedsConsent, PersonMustFix, ServiceChanged, TryLater
from entrepot.core.secret import Secret

LONGEST_LIFE = 10 * 366 * 86400
_OUR_FAULT = {
    "invalid_client": "does not know this app registration: check the client id and the client secret",
    "unauthorized_client": "does not let this app registration ask for tokens in this way",
    "unsupported_grant_type": "does not give tokens in this way",
    "invalid_scope": "does not give the permissions that were asked for",
    "invalid_request": "could not read the request for a token",
    "redirect_uri_mismatch": "knows another redirect address for this app registration",
    "incorrect_client_credentials": "does not know this app registration: check the client id and the client secret",
}
_WORD = re.compile(r"[a-z_]*")
_LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down", "rate_limited"})


class Grant(msgspec.Struct, frozen=True):
    """Tokens as a service gave them. `expires_in` is in seconds, None where the service says nothing."""

    access_token: Secret
    refresh_token: Secret | None = None
    expires_in: float | None = None
    refresh_expires_in: float | None = None
    scopes: tuple[str, ...] | None = None


class GrantRefused(Exception):
    """The code, refresh token or password is not (or no longer) good: `invalid_grant` in any spelling."""


def read_grant(service: str, status: int, media_type: str, body: bytes) -> Grant:
    """The tokens in an answer, or the error that says what has to happen next; `GrantRefused` is the caller's.

    Some services answer errors with status 200 (GitHub, Slack), so the body is looked at before the status.
    """
    answer = _decode(media_type, body)
    token = answer.get("access_token")
    if status < 400 and isinstance(token, str) and token:
        return _grant(service, token, answer)
    raise _refusal(service, status, answer)


def _grant(service: str, token: str, answer: Mapping[str, object]) -> Grant:
    kind = answer.get("token_type")
    if isinstance(kind, str) and kind.lower() in {"mac", "dpop", "pop"}:
        raise ServiceChanged(f"{service} gave a token of type {kind}, which must be signed in a way we do not know.")
    refresh = answer.get("refresh_token")
    return Grant(
        access_token=Secret(token),
        refresh_token=Secret(refresh) if isinstance(refresh, str) and refresh else None,
        expires_in=_seconds(answer.get("expires_in")),
        refresh_expires_in=_seconds(answer.get("refresh_token_expires_in", answer.get("refresh_expires_in"))),
        scopes=_scopes(answer.get("scope")),
    )


def _refusal(service: str, status: int, answer: Mapping[str, object]) -> EntrepotError | GrantRefused:
    named = answer.get("error", answer.get("error_code", answer.get("status")))
    code = named.lower() if isinstance(named, str) else ""
    # A code is a word; what is more could repeat what it was asked with.
    detail = f"token endpoint: status {status}, error {code[:60] if _WORD.fullmatch(code) else 'not told'}"
    if status == 429 or status >= 500 or code in _LATER:
        return TryLater(f"{service} cannot give a token right now.", detail=detail)
    if code in _OUR_FAULT:
        return PersonMustFix(f"{service} {_OUR_FAULT[code]}.", detail=detail)
    if code in {"access_denied", "consent_required", "interaction_required"}:
        return NeedsConsent(f"{service} asks for your permission again. Reconnect.", detail=detail)
    if code or status in {400, 401, 403}:
        return GrantRefused(detail)
    return ServiceChanged(f"{service} answered a request for a token with something that is not one.", detail=detail)


def _decode(media_type: str, body: bytes) -> Mapping[str, object]:
    """JSON or a form, by what it is rather than by its label: either comes labelled as text now and then."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(body, type=dict[str, object])
    if "html" not in media_type:
        with suppress(UnicodeDecodeError, ValueError):
            return dict(parse_qsl(body.decode("utf-8"), max_num_fields=100))
    return {}


def _seconds(value: object) -> float | None:
    """Seconds from a number or a text; None for what cannot be a lifetime (0 means `never` at some services)."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            seconds = float(value)
            if 0 < seconds < float("inf"):
                return min(seconds, LONGEST_LIFE)
    return None


def _scopes(value: object) -> tuple[str, ...] | None:
    """Granted scopes, apart by spaces or commas or as a list; None (all that were asked for) where nothing is said."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split()) or None
    if isinstance(value, list):
        return tuple(str(part) for part in value) or None
    return None
