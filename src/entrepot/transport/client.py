"""The one way to a service: signs, waits for the budget, retries, turns every failure into one of the seven errors."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, Unpack, overload
from urllib.parse import urlencode

import aiohttp
import msgspec
from msgspec.structs import replace

from entrepot.core.errors import EntrepotError, RecordRefused, TryLater
from entrepot.core.secret import Secret
from entrepot.transport.body import TooLarge, read_body, read_pieces
from entrepot.transport.budget import Budget
from entrepot.transport.egress import Egress
from entrepot.transport.limits import Limits
from entrepot.transport.message import Extra, Param, Request, Response, Text
from entrepot.transport.rate_headers import read_wait
from entrepot.transport.redact import Redactor, host
from entrepot.transport.retry import Retry
from entrepot.transport.signing import Signer
from entrepot.transport.status import error_for, error_type, is_limited
from entrepot.transport.trouble import CAUGHT, Broken, Trouble, explain
from entrepot.transport.wire import Wire, with_params

T = TypeVar("T")
_JSON = {"Accept": "application/json"}


class Log(Protocol):
    """What is written for each attempt; structlog's loggers fit."""

    def debug(self, event: str, **fields: object) -> object: ...


class Client:
    """One for each integration; many requests may be under way at once. Use it as `async with`.

    `url` of a request is absolute or appended to `base_url`. `errors` maps a status to the name of one of the seven
    errors where this service differs from the table in `status`.
    """

    def __init__(  # noqa: PLR0913 - nine parts that a caller gives by name and may leave out
        self,
        *,
        egress: Egress,
        budget: Budget | None = None,
        signer: Signer | None = None,
        base_url: str = "",
        headers: Mapping[str, Text] | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        errors: Mapping[int, str] | None = None,
        retry: Retry = Retry(),  # noqa: B008 - frozen
        log: Log | None = None,
    ) -> None:
        self.budget = budget or Budget()
        self.base_url = base_url.rstrip("/")
        self.limits = limits
        self.redactor = Redactor()
        self._signer = signer
        self._headers = dict(headers or {})
        self._errors = dict(errors or {})
        self.retry = retry
        self._log = log
        self._wire = Wire(egress, signer, limits, self.redactor)

    async def __aenter__(self) -> Self:
        self._wire.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._wire.close()

    async def send(self, request: Request) -> Response:
        """The answer, with a status the request calls expected or below 300 (or 304); else one of the seven errors."""
        response, _ = await self._settle(self._prepare(request), streaming=False)
        return response

    @overload
    async def json(
        self,
        method: str,
        url: str,
        *,
        type: type[T],
        params: Mapping[str, Param] | None = None,
        json: object = None,
        form: Mapping[str, Text] | None = None,
        headers: Mapping[str, Text] | None = None,
        **extra: Unpack[Extra],
    ) -> T: ...

    @overload
    async def json(
        self,
        method: str,
        url: str,
        *,
        type: None = None,
        params: Mapping[str, Param] | None = None,
        json: object = None,
        form: Mapping[str, Text] | None = None,
        headers: Mapping[str, Text] | None = None,
        **extra: Unpack[Extra],
    ) -> Any: ...

    async def json(
        self,
        method: str,
        url: str,
        *,
        type: Any = None,  # noqa: A002 - the name msgspec gives it
        params: Mapping[str, Param] | None = None,
        json: object = None,
        form: Mapping[str, Text] | None = None,
        headers: Mapping[str, Text] | None = None,
        **extra: Unpack[Extra],
    ) -> Any:
        """The answer's JSON as `type` (msgspec); None for an answer without content where no type is asked for."""
        body, content = self._body(json, form)
        response = await self.send(
            Request(
                method=method,
                url=url,
                params=params or {},
                headers={**_JSON, **content, **(headers or {})},
                body=body,
                **extra,
            )
        )
        return None if type is None and not response.body else response.json(type)

    @asynccontextmanager
    async def stream(self, request: Request, *, limit: int | None = None) -> AsyncGenerator["Stream"]:
        """The answer's body, decompressed, piece by piece; RecordRefused where it is larger than `limit` bytes."""
        prepared = self._prepare(request)
        response, answer = await self._settle(prepared, streaming=True)
        assert answer is not None
        try:
            yield Stream(response, _pieces(answer, self.limits.stream if limit is None else limit, response.place))
        finally:
            answer.release()
            self.budget.leave()

    def _prepare(self, request: Request) -> Request:
        url = request.url
        if not url.startswith(("https://", "http://")):
            url = f"{self.base_url}/{url.lstrip('/')}" if url else self.base_url
        return replace(
            request,
            url=with_params(url, request.params, self.redactor) if request.params else url,
            params={},
            headers={**self._headers, **request.headers} if self._headers else request.headers,
        )

    def _body(self, json: object, form: Mapping[str, Text] | None) -> tuple[bytes | None, dict[str, Text]]:
        if form is not None:
            learn = self.redactor.learn
            pairs = {name: learn(text) if isinstance(text, Secret) else text for name, text in form.items()}
            return urlencode(pairs).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        if json is not None:
            return msgspec.json.encode(json), {"Content-Type": "application/json"}
        return None, {}

    async def _settle(self, request: Request, *, streaming: bool) -> tuple[Response, aiohttp.ClientResponse | None]:
        """Attempts until one is good, with pauses, or until asking again is of no use."""
        attempt, renewed = 1, False
        while True:
            signed, outcome, answer = await self._attempt(request, attempt, streaming=streaming)
            if isinstance(outcome, Response):
                if _is_fine(request, outcome):
                    return outcome, answer
                # After a redirect to another host it went unsigned, and nothing renewed would change that.
                at_home = host(outcome.url) == host(request.url)
                if outcome.status == 401 and at_home and not renewed and await self._renew(signed, outcome):
                    renewed = True
                    continue
            error, wait = self._judge(request, outcome, attempt)
            if wait is None:
                raise error
            await self.budget.clock.sleep(wait)
            attempt += 1

    async def _renew(self, signed: Request, response: Response) -> bool:
        return self._signer is not None and await self._signer.rejected(signed, response)

    async def _attempt(
        self, request: Request, attempt: int, *, streaming: bool
    ) -> tuple[Request, Response | Trouble, aiohttp.ClientResponse | None]:
        budget = self.budget
        await budget.enter(request.weight, self.retry.patience)
        kept = False
        try:
            signed, answer = await self._wire.send(request, streaming=streaming)
            kept = streaming and 200 <= answer.status < 300
            response = await self._read(request, answer, unread=kept)
            self._learn(response)
            self._note(signed, attempt, response.status)
        except Broken as broken:
            self._note(request, attempt, broken.trouble.what)
            return request, broken.trouble, None
        finally:
            if not kept:
                budget.leave()
        return signed, response, answer if kept else None

    async def _read(self, request: Request, answer: aiohttp.ClientResponse, *, unread: bool) -> Response:
        body = b""
        if not unread:
            try:
                body = await read_body(answer, self.limits.body)
            except CAUGHT as error:
                raise Broken(explain(error)) from None
            finally:
                answer.release()
        return Response(
            status=answer.status,
            headers=answer.headers,
            body=body,
            url=str(answer.url),
            private=request.private,
            clean=self.redactor.clean,
        )

    def _learn(self, response: Response) -> None:
        limited = is_limited(response) if response.status >= 400 else False
        self.budget.learn(response.headers, limited=limited, after=self._after(response) if limited else None)

    def _after(self, response: Response) -> float | None:
        return read_wait(response.headers, self.budget.clock.now())

    def _judge(self, request: Request, outcome: Response | Trouble, attempt: int) -> tuple[EntrepotError, float | None]:
        """The error to raise, and how long to wait instead where another attempt may help."""
        if isinstance(outcome, Trouble):
            error = outcome.kind(f"{host(request.url)} {outcome.what}.")
            again = not outcome.final and (request.is_repeatable or not outcome.sent)
            return error, self.retry.wait(attempt) if again else None
        kind = error_type(request, outcome, self._errors)
        after = self._after(outcome) if kind is TryLater else None
        error = error_for(request, outcome, kind, after)
        again = kind is TryLater and (request.is_repeatable or is_limited(outcome))
        return error, self.retry.wait(attempt, after) if again else None

    def _note(self, request: Request, attempt: int, result: int | str) -> None:
        if self._log is not None:
            url = ascii(self.redactor.clean(request.url))[1:-1]  # a service may have written it; a terminal shows it
            self._log.debug("request", method=request.method, url=url, attempt=attempt, result=result)


class Stream(AsyncIterator[bytes]):
    """The pieces of a body, and what came before it: `response` has status and headers but an empty body."""

    def __init__(self, response: Response, pieces: AsyncIterator[bytes]) -> None:
        self.response = response
        self._pieces = pieces

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._pieces)


async def _pieces(answer: aiohttp.ClientResponse, limit: int, place: str) -> AsyncGenerator[bytes]:
    try:
        async for piece in read_pieces(answer, limit):
            yield piece
    except TooLarge:
        raise RecordRefused(f"{place} is larger than the {limit:,} bytes that are accepted.") from None
    except CAUGHT as error:
        trouble = explain(error)
        raise trouble.kind(f"{place} {trouble.what}.") from None


def _is_fine(request: Request, response: Response) -> bool:
    status = response.status
    if 200 <= status < 300 or status == 304 or status in request.expected:
        return True
    return 300 <= status < 400 and not request.follow
