"""AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from posixpath import normpath
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

import msgspec

from entrepot.auth.signers import Fixed, with_headers
from entrepot.core.secret import Secret
from entrepot.transport.message import Request

ALGORITHM = "AWS4-HMAC-SHA256"


class Keys(msgspec.Struct, frozen=True):
    """`session_token` only with temporary keys."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None


class Scope(msgspec.Struct, frozen=True):
    """S3 takes the path as it is and wants the body's hash in a header; all others encode the path once more."""

    region: str
    service: str

    @property
    def is_s3(self) -> bool:
        return self.service in {"s3", "s3express", "s3-outposts"}


def _now() -> datetime:
    return datetime.now(UTC)


class SigV4(Fixed):
    """Signs each request with the clock of the moment; a clock more than 15 minutes wrong is refused by AWS."""

    def __init__(self, keys: Keys, scope: Scope, now: Callable[[], datetime] = _now) -> None:
        self._keys = keys
        self._scope = scope
        self._now = now

    async def sign(self, request: Request) -> Request:
        return sign(request, self._keys, self._scope, self._now())


def sign(request: Request, keys: Keys, scope: Scope, at: datetime) -> Request:
    """`request.url` is absolute and holds the whole query, which is rewritten with `%20` where it had `+`.

    Every header the request has is signed.
    """
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    body_hash = sha256(request.body or b"").hexdigest()
    added: dict[str, str | Secret] = {"Host": urlsplit(request.url).netloc.rpartition("@")[2], "X-Amz-Date": stamp}
    if scope.is_s3:
        added["X-Amz-Content-Sha256"] = body_hash
    if keys.session_token is not None:
        added["X-Amz-Security-Token"] = keys.session_token
    query = _canonical_query(request.url)
    url = urlunsplit(urlsplit(request.url)._replace(query=query, fragment=""))
    dressed = with_headers(msgspec.structs.replace(request, url=url), added)
    headers = _canonical_headers(dressed.headers)
    names = ";".join(headers)
    canonical = "\n".join(
        (
            dressed.method,
            _canonical_path(dressed.url, scope),
            query,
            *(f"{name}:{value}" for name, value in headers.items()),
            "",
            names,
            body_hash,
        )
    )
    within = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    signature = _signature(keys, within, f"{ALGORITHM}\n{stamp}\n{within}\n{sha256(canonical.encode()).hexdigest()}")
    value = f"{ALGORITHM} Credential={keys.access_key_id}/{within}, SignedHeaders={names}, Signature={signature}"
    return with_headers(dressed, {"Authorization": Secret(value)})


def _signature(keys: Keys, within: str, text: str) -> str:
    key = f"AWS4{keys.secret_access_key.reveal()}".encode()
    for part in (*within.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _canonical_headers(headers: Mapping[str, str | Secret]) -> dict[str, str]:
    """Lower case, sorted, inner runs of spaces made one; a client's own Authorization is never part of it."""
    shown = {name.lower(): value.reveal() if isinstance(value, Secret) else value for name, value in headers.items()}
    return {name: " ".join(shown[name].split()) for name in sorted(shown) if name != "authorization"}


def _canonical_path(url: str, scope: Scope) -> str:
    path = urlsplit(url).path or "/"
    if scope.is_s3:  # keys such as `a//b` and `a/../b` are names, not steps
        return quote(unquote(path), safe="/~")
    clean = normpath(path)
    clean = "/" + clean.lstrip("/") + ("/" if path.endswith("/") and clean.strip("/") else "")
    return quote(clean, safe="/~")


def _canonical_query(url: str) -> str:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, v in pairs))


def _encoded(text: str) -> str:
    return quote(text, safe="~")
