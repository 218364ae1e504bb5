"""Signers that need nothing but the credential itself: API key, Basic, bearer, or nothing at all."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Literal

import msgspec

from entrepot.core.secret import Secret
from entrepot.transport.message import Request, Response


class Fixed:
    """A credential that nobody but the person can renew, so a 401 is final."""

    async def rejected(self, request: Request, response: Response) -> bool:  # noqa: ARG002  # as Signer has it
        return False


class Unsigned(Fixed):
    """For what needs no permission: open data, feeds, a stand-in on loopback."""

    async def sign(self, request: Request) -> Request:
        return request


class Header(Fixed):
    """One header or more, the same on every request."""

    def __init__(self, headers: Mapping[str, Secret]) -> None:
        self._headers = headers

    async def sign(self, request: Request) -> Request:
        return with_headers(request, self._headers)


class Query(Fixed):
    """Keys in the address, where a service knows no other way; the client keeps them out of logs."""

    def __init__(self, params: Mapping[str, Secret]) -> None:
        self._params = params

    async def sign(self, request: Request) -> Request:
        return msgspec.structs.replace(request, params={**request.params, **self._params})


def bearer(token: Secret, prefix: str = "Bearer ", header: str = "Authorization") -> Header:
    """RFC 6750, 2.1; some services want another word or none (`prefix=""`)."""
    return Header({header: token.map(lambda text: prefix + text)})


def basic(username: str, password: Secret) -> Header:
    """RFC 7617, in UTF-8."""
    return Header({"Authorization": basic_header(username, password)})


def api_key(key: Secret, name: str, where: Literal["header", "query"] = "header", prefix: str = "") -> Header | Query:
    value = key.map(lambda text: prefix + text)
    return Header({name: value}) if where == "header" else Query({name: value})


def basic_header(username: str, password: Secret) -> Secret:
    return password.map(lambda text: "Basic " + b64encode(f"{username}:{text}".encode()).decode("ascii"))


def with_headers(request: Request, headers: Mapping[str, str | Secret]) -> Request:
    """The request with these headers in place of any of the same name in another case."""
    names = {name.lower() for name in headers}
    kept = {name: value for name, value in request.headers.items() if name.lower() not in names}
    return msgspec.structs.replace(request, headers={**kept, **headers})
