"""GraphQL says what went wrong in an ordinary answer, often with status 200: read here, as one of the seven errors.

https://spec.graphql.org/October2021/#sec-Errors
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.core.errors import (
    EntrepotError,
    NeedsConsent,
    PersonMustFix,
    RecordRefused,
    ServiceChanged,
    Stale,
    TryLater,
)
from entrepot.transport.budget import Budget
from entrepot.transport.client import Client
from entrepot.transport.dig import dig
from entrepot.transport.limits import Limits
from entrepot.transport.message import Request, Response
from entrepot.transport.rate_headers import FAR, read_wait
from entrepot.transport.redact import Redactor
from entrepot.transport.status import ERRORS, is_limited

ANSWERED = (400, 404, 422)
"""Statuses with which services send an ordinary answer that holds `errors`: a request calls them expected."""

_READ = 4096
"""Characters of a message that are looked at: services quote whole requests in it."""
_CODES: Mapping[str, type[EntrepotError]] = {
    "RATELIMITED": TryLater,
    "THROTTLED": TryLater,
    "TOOMANYREQUESTS": TryLater,
    "COMPLEXITYEXCEPTION": TryLater,
    "COMPLEXITYBUDGETEXHAUSTED": TryLater,
    "INTERNALSERVERERROR": TryLater,
    "INTERNALERROR": TryLater,
    "SERVICEUNAVAILABLE": TryLater,
    "UNAUTHENTICATED": NeedsConsent,
    "AUTHENTICATIONERROR": NeedsConsent,
    "UNAUTHORIZED": NeedsConsent,
    "ACCESSDENIED": NeedsConsent,
    "FORBIDDEN": NeedsConsent,
    "INSUFFICIENTSCOPES": NeedsConsent,
    "CONFLICT": Stale,
    "GRAPHQLVALIDATIONFAILED": ServiceChanged,
    "GRAPHQLPARSEFAILED": ServiceChanged,
    "UNDEFINEDFIELD": ServiceChanged,
    "ARGUMENTNOTACCEPTED": ServiceChanged,
}
_STATUSES: Mapping[int, type[EntrepotError]] = {401: NeedsConsent, 403: NeedsConsent, 409: Stale, 429: TryLater}
_SENTENCES: tuple[tuple[re.Pattern[str], type[EntrepotError]], ...] = (
    (re.compile(r"(?i)rate.?limit|too many requests|throttled"), TryLater),
    (re.compile(r"(?i)invalid (access )?token|unauthori[sz]ed|not authenticated|unauthenticated"), NeedsConsent),
    (
        re.compile(
            r"(?i)cannot query field|unknown (argument|type|field|directive)|syntax error|doesn't exist on type"
            r"|must have a selection of subfields|got invalid value.*not defined"
        ),
        ServiceChanged,
    ),
)


class Speaking:
    """A client for one GraphQL service. `codes` maps the service's own error codes to names of the seven errors.

    `unknown` is what a refused question means where neither code nor words tell.
    """

    def __init__(
        self,
        client: Client,
        *,
        codes: Mapping[str, str] | None = None,
        unknown: type[EntrepotError] = PersonMustFix,
    ) -> None:
        self._client = client
        self._codes = {**_CODES, **{_plain(code): ERRORS[name] for code, name in (codes or {}).items()}}
        self._unknown = unknown

    @property
    def limits(self) -> Limits:
        return self._client.limits

    @property
    def budget(self) -> Budget:
        return self._client.budget

    @property
    def redactor(self) -> Redactor:
        return self._client.redactor

    async def send(self, request: Request) -> Response:
        """An answer without errors; waits and asks again where the errors say to come later."""
        attempt = 1
        while True:
            response = await self._client.send(request)
            error = self._error(request, response)
            if error is None:
                return response
            wait = self._client.retry.wait(attempt, error.after) if isinstance(error, TryLater) else None
            if wait is None or not request.is_repeatable:
                raise error
            await self.budget.clock.sleep(wait)
            attempt += 1

    def _error(self, request: Request, response: Response) -> EntrepotError | None:
        answer = response.json(_Answer)
        if not answer.errors:
            if bytes(answer.data) != b"null":
                return None
            return ServiceChanged(f"{response.place} answered without data and without saying why.")
        first = answer.errors[0]
        kind = TryLater if is_limited(response) else self._kind(request, first)
        words = " ".join((first.message or "")[:_READ].split())
        says = response.clean(words)[:200] or response.clean(_code(first)[:_READ])[:80]
        message = f"{response.place} answered: {says or 'an error without words'}"
        detail = response.shown_body()
        if kind is TryLater:
            after = _after(answer, first)
            after = read_wait(response.headers, self.budget.clock.now()) if after is None else after
            return TryLater(message, detail=detail, after=after)
        return kind(message, detail=detail)

    def _kind(self, request: Request, error: "_Error") -> type[EntrepotError]:
        known = self._codes.get(_plain(_code(error)))
        if known is not None:
            return known
        for pattern, kind in _SENTENCES:
            if pattern.search(error.message or "", 0, _READ):
                return kind
        status = error.status or 0
        if status in _STATUSES:
            return _STATUSES[status]
        if status >= 500:
            return TryLater
        return self._unknown if request.is_reading else RecordRefused


class _Error(msgspec.Struct):
    message: str | None = None
    type: str | None = None
    status: int | None = None
    extensions: dict[str, Any] | None = None
    path: Any = None


_NULL = msgspec.Raw(b"null")


class _Answer(msgspec.Struct):
    data: msgspec.Raw = _NULL
    errors: list[_Error] | None = None
    extensions: dict[str, Any] | None = None


def _code(error: _Error) -> str:
    found = dig(error.extensions, "code") or dig(error.extensions, "type") or error.type
    return found if isinstance(found, str) else ""


def _plain(code: str) -> str:
    return re.sub(r"[^A-Za-z]", "", code).upper()


def _after(answer: _Answer, error: _Error) -> float | None:
    """Seconds until the answer's own words allow another try, where it has any."""
    told = _number(error.extensions, "retry_in_seconds")  # monday
    if told is not None:
        return told
    cost = dig(answer.extensions, "cost")  # Shopify: points come back at a rate, and the query costs so many
    wanted, have = _number(cost, "requestedQueryCost"), _number(cost, "throttleStatus.currentlyAvailable")
    rate = _number(cost, "throttleStatus.restoreRate")
    return max(0.0, (wanted - have) / rate) if wanted is not None and have is not None and rate else None


def _number(data: object, path: str) -> float | None:
    """Not negative, and no larger than a number of seconds or points can be."""
    found = dig(data, path)
    return float(found) if isinstance(found, int | float) and 0 <= found <= FAR else None
