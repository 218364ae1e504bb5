"""One attempt on the wire: sign, look at the address, send, follow redirects. The only user of aiohttp's session."""

from collections.abc import Mapping
from io import BytesIO
from socket import AI_NUMERICHOST, AI_NUMERICSERV, AddressFamily
from urllib.parse import quote_plus

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec.structs import replace
from yarl import URL

from entrepot.core.errors import PersonMustFix, ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.egress import Egress
from entrepot.transport.limits import Limits
from entrepot.transport.message import READING, Param, Request, Text
from entrepot.transport.redact import Redactor, host, place
from entrepot.transport.signing import Signer
from entrepot.transport.trouble import CAUGHT, Broken, explain

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "entrepot/0.1"
_TRAVELS = frozenset(
    {"accept", "accept-language", "content-type", "depth", "if-modified-since", "if-none-match", "prefer", "range"}
)
"""Headers that may go to another host than the one they were meant for."""
_LARGE = 512 * 1024


class Wire:
    def __init__(self, egress: Egress, signer: Signer | None, limits: Limits, redactor: Redactor) -> None:
        self._egress = egress
        self._signer = signer
        self._limits = limits
        self._redactor = redactor
        self._session: aiohttp.ClientSession | None = None

        self._timeout = _timeout(limits, limits.total_seconds)
        self._streaming = _timeout(limits, limits.stream_seconds)

    def open(self) -> None:
        limits = self._limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_CheckedResolver(self._egress), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"},
            max_line_size=limits.header_line,
            max_field_size=limits.header_line,
            max_headers=limits.headers,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: Request, *, streaming: bool = False) -> tuple[Request, aiohttp.ClientResponse]:
        """The request as it was signed last and the open answer to it, which the caller releases."""
        start, target = _url(request.url), request
        at_home = True
        for _ in range(self._limits.redirects + 1):
            signed = await self._signer.sign(target) if self._signer is not None and at_home else target
            url, answer = await self._ask(signed, streaming=streaming)
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTS or not request.follow or location is None:
                return signed, answer
            answer.release()
            there = self._redirected(url, location)
            at_home = at_home and there.origin() == start.origin()
            target = _follow(target, answer.status, there, at_home=there.origin() == url.origin())
        raise ServiceChanged(
            f"{self._redactor.clean(place(request.url))} redirects again and again; it was not followed further."
        )

    async def _ask(self, request: Request, *, streaming: bool) -> tuple[URL, aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("the client is used outside `async with`")
        url = _url(request.url)
        if request.params:
            url = _url(with_params(request.url, request.params, self._redactor))
        self._egress.check(url)
        body = request.body
        headers = {name: self._plain(name, text) for name, text in request.headers.items()}
        try:
            answer = await self._session.request(
                request.method,
                url,
                headers=headers,
                data=BytesIO(body) if body is not None and len(body) > _LARGE else body,
                allow_redirects=False,
                timeout=self._streaming if streaming else self._timeout,
            )
        except CAUGHT as error:
            raise Broken(explain(error)) from None
        return url, answer

    def _plain(self, name: str, text: Text) -> str:
        value = self._redactor.learn(text) if isinstance(text, Secret) else text
        if "\n" in value or "\r" in value or "\0" in value:
            raise PersonMustFix(f"What is to be sent as {name} holds a line break; paste it again without one.")
        return value

    def _redirected(self, url: URL, location: str) -> URL:
        try:
            there = url.join(_url(location))
            if url.scheme == "https" and there.scheme != "https":
                raise ServiceChanged(f"{host(str(url))} redirects to an unprotected address; it was not followed.")
            self._egress.check(there)
        except PersonMustFix:
            raise ServiceChanged(
                f"{host(str(url))} redirects to {host(location) or 'an address'}, which this integration may not reach."
            ) from None
        return there.with_fragment(None)


class _CheckedResolver(AbstractResolver):
    """The addresses given back are those that were checked, and the connection is made to them: no second look-up."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: AddressFamily = AddressFamily.AF_UNSPEC,  # noqa: ARG002 - part of the interface; both are tried
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=AddressFamily.AF_INET6 if ":" in address else AddressFamily.AF_INET,
                proto=0,
                flags=AI_NUMERICHOST | AI_NUMERICSERV,
            )
            for address in await self._egress.addresses(host, port)
        ]

    async def close(self) -> None:
        return None


def with_params(url: str, params: Mapping[str, Param], redactor: Redactor | None = None) -> str:
    """The address with the parameters behind those it has, encoded."""
    pairs: list[str] = []
    for name, value in params.items():
        if value is None:
            continue
        values = value if isinstance(value, list | tuple) else (value,)
        pairs += [f"{_quote(name)}={_quote(_shown(each, redactor))}" for each in values]
    base, _, fragment = url.partition("#")
    if not pairs:
        return url
    joint = "" if base.endswith(("?", "&")) else "&" if "?" in base else "?"
    return f"{base}{joint}{'&'.join(pairs)}{'#' if fragment else ''}{fragment}"


def _quote(text: str) -> str:
    return text if text.isalnum() and text.isascii() else quote_plus(text)


def _shown(value: object, redactor: Redactor | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return redactor.learn(value) if redactor is not None else value.reveal()
    return str(value)


def _url(text: str) -> URL:
    """As it stands where it is encoded already: a signed address must not change by a letter."""
    encoded = text.isascii() and text.isprintable() and " " not in text
    try:
        return URL(text, encoded=encoded)
    except ValueError:
        raise PersonMustFix("There is an address that cannot be read.") from None


def _follow(request: Request, status: int, url: URL, *, at_home: bool) -> Request:
    """The request as the redirect wants it (RFC 9110, 15.4); to another origin only harmless headers go along."""
    method, body, headers = request.method, request.body, request.headers
    if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):
        method, body = "GET", None
        headers = {name: text for name, text in headers.items() if not name.lower().startswith("content-")}
    if not at_home:
        is_write = not request.is_reading and method not in READING
        if is_write or (body is not None and request.private):
            raise ServiceChanged(f"{host(request.url)} wants what was sent to it to go to another host; it did not.")
        headers = {name: text for name, text in headers.items() if _may_travel(name, text)}
    return replace(request, method=method, url=str(url), params={}, headers=headers, body=body)


def _may_travel(name: str, text: Text) -> bool:
    return name.lower() in _TRAVELS and not isinstance(text, Secret)


def _timeout(limits: Limits, total: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total, sock_connect=limits.connect_seconds, sock_read=limits.idle_seconds)
