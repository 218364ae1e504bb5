"""The one table from an HTTP status to one of the seven errors. A connector lists only where it differs."""

import re
from collections.abc import Mapping

import msgspec

from entrepot.core.errors import (
    EntrepotError,
    NeedsConsent,
    PersonMustFix,
    RecordRefused,
    SafetyStop,
    ServiceChanged,
    Stale,
    TryLater,
)
from entrepot.transport.message import Request, Response

ERRORS: Mapping[str, type[EntrepotError]] = {
    error.__name__: error
    for error in (PersonMustFix, NeedsConsent, TryLater, Stale, RecordRefused, SafetyStop, ServiceChanged)
}
_BY_STATUS: Mapping[int, type[EntrepotError]] = {
    401: NeedsConsent,
    402: PersonMustFix,
    403: NeedsConsent,
    405: ServiceChanged,
    406: ServiceChanged,
    407: PersonMustFix,
    408: TryLater,
    409: Stale,
    410: Stale,
    412: Stale,
    415: ServiceChanged,
    421: TryLater,
    423: TryLater,
    425: TryLater,
    426: ServiceChanged,
    428: Stale,
    429: TryLater,
    501: ServiceChanged,
    505: ServiceChanged,
    507: PersonMustFix,
    511: PersonMustFix,
}
_ADVICE: Mapping[type[EntrepotError], str] = {
    PersonMustFix: "Check the address and the settings of this integration.",
    NeedsConsent: "Connect the account again, with the rights it asks for.",
    TryLater: "It will be tried again later.",
    Stale: "It changed in the meantime and is read again.",
    RecordRefused: "This record is set aside.",
    SafetyStop: "Confirm it to go on.",
    ServiceChanged: "The stream is paused until the connector is brought up to date.",
}
_LIMITED = re.compile(
    rb"(?i)[\"'](?:code|reason|type|error|status)[\"']\s*:\s*[\"']\w*(?:rate_?limit|throttl|quotaexceeded)"
)
_SAYS = (
    "message",
    "error_description",
    "error_summary",
    "detail",
    "description",
    "title",
    "reason",
    "error",
    "errors",
    "err",
)


def error_type(request: Request, response: Response, overrides: Mapping[int, str]) -> type[EntrepotError]:
    """The request's own mapping, then the client's, then the table.

    400, 404, 422 and the like speak of what was asked: of a reading request that is a setting or an address, of a
    writing one the record in it.
    """
    name = request.errors.get(response.status) or overrides.get(response.status)
    if name is not None:
        return ERRORS[name]
    if is_limited(response):
        return TryLater
    if response.status in _BY_STATUS:
        return _BY_STATUS[response.status]
    if response.status >= 500:
        return TryLater
    if response.status < 400:
        return ServiceChanged
    return PersonMustFix if request.is_reading else RecordRefused


def error_for(request: Request, response: Response, kind: type[EntrepotError], after: float | None) -> EntrepotError:
    says = "" if request.private else response.clean(_saying(response))[:200]
    told = f" ({says})" if says else ""
    message = f"{response.place} answered {request.method} with {response.status}{told}. {_ADVICE[kind]}"
    detail = response.shown_body()
    return TryLater(message, detail=detail, after=after) if kind is TryLater else kind(message, detail=detail)


def is_limited(response: Response) -> bool:
    """Whether the request was turned away unread because there were too many; some say so with 400 or 403.

    423 is how calendar servers that take one write at a time turn away the second.
    """
    if response.status in {423, 429}:
        return True
    if response.status not in {400, 403}:
        return False
    headers = response.headers
    return (
        "Retry-After" in headers
        or headers.get("X-RateLimit-Remaining") == "0"
        or _LIMITED.search(response.body, 0, 4096) is not None
    )


def _saying(response: Response) -> str:
    """The service's own sentence about what went wrong, where its answer is JSON with one of the usual names."""
    try:
        found: object = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    for _ in range(4):
        if isinstance(found, list):
            found = found[0] if found else ""
        if not isinstance(found, dict):
            break
        found = next((found[name] for name in _SAYS if found.get(name)), "")
    return " ".join(found[:4096].split()) if isinstance(found, str) else ""
