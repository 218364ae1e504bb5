"""OAuth 2.0 at a service (RFC 6749, 7009, 7636, 9207, 9700): what is sent, and what must be true to believe it."""

from base64 import b64encode
from collections.abc import Mapping
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Literal, Protocol
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit, urlunsplit

import msgspec

from entrepot.auth.grants import Grant, GrantRefused, read_grant
from entrepot.auth.pkce import Method, challenge_of, fresh_verifier
from entrepot.core.errors import NeedsConsent, PersonMustFix, SafetyStop, ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.message import Request, Response


class Server(msgspec.Struct, frozen=True):
    """A service's OAuth server. `issuer` is compared with the callback's `iss` where both are there (RFC 9207)."""

    service: str
    token_url: str
    authorize_url: str = ""
    revoke_url: str = ""
    issuer: str = ""
    pkce: Method = "S256"
    client_auth: Literal["basic", "body"] = "body"
    encoding: Literal["form", "json"] = "form"
    scope_separator: str = " "
    authorize_params: Mapping[str, str] = {}
    token_params: Mapping[str, str] = {}


class App(msgspec.Struct, frozen=True):
    """An app registration; without a secret it is a public client (RFC 6749, 2.1)."""

    client_id: str
    client_secret: Secret | None = None


class Consent(msgspec.Struct, frozen=True):
    """What was asked for and must come back; kept by whoever started it until the person returns."""

    redirect_uri: str
    scopes: tuple[str, ...]
    state: Secret
    verifier: Secret


class Send(Protocol):
    """Sends one request and returns the answer whatever its status; never a second time by itself."""

    async def __call__(self, request: Request) -> Response: ...


def new_consent(redirect_uri: str, scopes: tuple[str, ...]) -> Consent:
    return Consent(redirect_uri, scopes, state=Secret(token_urlsafe(32)), verifier=fresh_verifier())


def authorization_url(server: Server, app: App, consent: Consent) -> str:
    """The page where the person says yes."""
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": consent.redirect_uri,
        "state": consent.state.reveal(),
        **({"scope": server.scope_separator.join(consent.scopes)} if consent.scopes else {}),
        **challenge_of(consent.verifier, server.pkce),
        **server.authorize_params,
    }
    parts = urlsplit(server.authorize_url)
    query = "&".join(part for part in (parts.query, urlencode(asked)) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def read_callback(server: Server, consent: Consent, callback: str) -> Secret:
    """The code in the address the person came back with, if it is the answer to this consent and no other."""
    if not _same_place(callback, consent.redirect_uri):
        raise SafetyStop(f"The answer did not come to {consent.redirect_uri}, so it was not used. Start again.")
    try:
        pairs = parse_qsl(urlsplit(callback).query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise SafetyStop(f"The answer from {server.service} holds more than it may. Start again.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SafetyStop(f"The answer from {server.service} names something twice, so it was not used. Start again.")
    if not compare_digest(found.get("state", "").encode(), consent.state.reveal().encode()):
        raise SafetyStop(f"The answer does not belong to this request to {server.service}. Start again.")
    if server.issuer and found.get("iss", server.issuer) != server.issuer:
        raise SafetyStop(f"The answer comes from another server than {server.issuer}, so it was not used.")
    if "error" in found:
        raise _declined(server, found["error"])
    if not found.get("code"):
        raise ServiceChanged(f"{server.service} sent you back with neither a code nor an error.")
    return Secret(found["code"])


async def exchange_code(server: Server, app: App, consent: Consent, code: Secret, send: Send) -> Grant:
    form = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": consent.redirect_uri}
    if server.pkce != "none":
        form["code_verifier"] = consent.verifier.reveal()
    try:
        grant = await _ask(server, app, form, send)
    except GrantRefused as why:
        raise NeedsConsent(f"{server.service} no longer takes this code. Connect again.", detail=str(why)) from None
    return msgspec.structs.replace(grant, scopes=grant.scopes or consent.scopes)


async def refresh(server: Server, app: App, refresh_token: Secret, send: Send) -> Grant:
    """New tokens; raises `GrantRefused`, because only the caller can see whether another process was first."""
    return await _ask(server, app, {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}, send)


async def client_credentials(server: Server, app: App, scopes: tuple[str, ...], send: Send) -> Grant:
    return await _ask(server, app, {"grant_type": "client_credentials", **_scope(server, scopes)}, send)


async def password(server: Server, app: App, username: str, secret: Secret, send: Send) -> Grant:
    """Only where a service has nothing else (RFC 9700, 2.4 forbids it for new servers)."""
    form = {"grant_type": "password", "username": username, "password": secret.reveal()}
    return await _ask(server, app, form, send)


async def revoke(server: Server, app: App, token: Secret, hint: str, send: Send) -> bool:
    """Give a token back (RFC 7009); False where the service has no such address or did not take it."""
    if not server.revoke_url:
        return False
    form = {"token": token.reveal(), "token_type_hint": hint}
    return (await send(_request(server, app, server.revoke_url, form))).status < 400


async def _ask(server: Server, app: App, form: Mapping[str, str], send: Send) -> Grant:
    response = await send(_request(server, app, server.token_url, {**form, **server.token_params}))
    return read_grant(server.service, response.status, response.headers.get("Content-Type", ""), response.body)


def _request(server: Server, app: App, url: str, form: Mapping[str, str]) -> Request:
    fields = dict(form)
    headers: dict[str, str | Secret] = {"Accept": "application/json"}
    if server.client_auth == "basic" and app.client_secret is not None:
        # RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
        pair = f"{quote_plus(app.client_id)}:{quote_plus(app.client_secret.reveal())}"
        headers["Authorization"] = Secret("Basic " + b64encode(pair.encode()).decode("ascii"))
    else:
        fields["client_id"] = app.client_id
        if app.client_secret is not None:
            fields["client_secret"] = app.client_secret.reveal()
    if server.encoding == "json":
        headers["Content-Type"] = "application/json"
        return _post(url, headers, msgspec.json.encode(fields))
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return _post(url, headers, urlencode(fields).encode("ascii"))


def _post(url: str, headers: Mapping[str, str | Secret], body: bytes) -> Request:
    """Sent once: a rotating refresh token that is sent again looks stolen. A redirect could carry it elsewhere."""
    return Request(
        "POST",
        url,
        headers=headers,
        body=body,
        repeatable=False,
        expected=range(300, 600),
        private=True,
        follow=False,
    )


def _scope(server: Server, scopes: tuple[str, ...]) -> dict[str, str]:
    return {"scope": server.scope_separator.join(scopes)} if scopes else {}


def _same_place(callback: str, redirect_uri: str) -> bool:
    """Scheme, host, port and path exactly (RFC 9700, 4.1.3); a fragment never belongs in a code answer."""
    try:
        came, asked = urlsplit(callback), urlsplit(redirect_uri)
    except ValueError:
        return False
    return (came.scheme, came.netloc, came.path or "/", came.fragment) == (
        asked.scheme,
        asked.netloc,
        asked.path or "/",
        "",
    )


def _declined(server: Server, error: str) -> NeedsConsent | PersonMustFix:
    if error == "access_denied":
        return NeedsConsent(f"You did not give {server.service} permission. Connect again if that was a mistake.")
    known = {"invalid_scope", "unauthorized_client", "invalid_request", "unsupported_response_type"}
    shown = error if error in known else "an error"
    return PersonMustFix(f"{server.service} answered {shown}: check the app registration and its redirect address.")
