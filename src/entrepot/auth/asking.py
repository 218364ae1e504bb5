"""Asking a service's OAuth server: by which client, and with which grant a credential is made or renewed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec

from entrepot.auth import oauth2
from entrepot.auth.grants import Grant, GrantRefused
from entrepot.auth.held import Held
from entrepot.auth.oauth2 import App, Send, Server
from entrepot.core.errors import PersonMustFix
from entrepot.sdk import service
from entrepot.sdk.manifest import Manifest
from entrepot.transport.client import Client, Log
from entrepot.transport.egress import Egress
from entrepot.transport.limits import MEGABYTE, Limits
from entrepot.transport.retry import NEVER

SECONDS = 30.0
"""For one token request in all; `turns.LEASE` must be longer."""

Sending = Callable[[], AbstractAsyncContextManager[Send]]


def sending(manifest: Manifest, base_url: str = "", *, allow_private: bool = False, log: Log | None = None) -> Sending:
    """Opens a client that reaches the connector's own hosts and, where given, the person's; it asks once."""

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Send]:
        egress = Egress(service.hosts(manifest), [base_url] if base_url else [], allow_private=allow_private)
        limits = Limits(body=MEGABYTE, connect_seconds=10, total_seconds=SECONDS)
        async with Client(egress=egress, limits=limits, retry=NEVER, log=log) as client:
            yield client.send

    return opened


class Asking(msgspec.Struct, frozen=True):
    """`lives` is how long a token lives where its answer does not say; `idle` how long an unused refresh token does."""

    server: Server
    app: App
    send: Sending
    scopes: tuple[str, ...] = ()
    lives: float | None = None
    idle: float | None = None

    async def first(self, held: Held) -> Held:
        """The credential of a grant that needs no browser: client credentials, or a name and password."""
        async with self.send() as send:
            try:
                grant = await self._again(held, send)
            except GrantRefused as why:
                raise PersonMustFix(
                    f"{self.server.service} refuses what you gave. Check it and try again.", detail=str(why)
                ) from None
        return self._without_password(held.renewed(self.completed(grant)))

    async def renew(self, held: Held) -> Grant:
        """By refresh token, or else by the grant that gave the first one."""
        async with self.send() as send:
            token = held.value("refresh_token")
            if token is None:
                return self.completed(await self._again(held, send))
            try:
                return self.completed(await oauth2.refresh(self.server, self.app, token, send))
            except GrantRefused:
                if held.grant != "client_credentials":
                    raise
                return self.completed(await self._again(held, send))

    async def revoke(self, held: Held) -> bool:
        """The refresh token where there is one (RFC 7009, 2.1: its access tokens go with it), else the access token."""
        for name in ("refresh_token", "access_token"):
            token = held.value(name)
            if token is not None:
                async with self.send() as send:
                    return await oauth2.revoke(self.server, self.app, token, name, send)
        return False

    def completed(self, grant: Grant) -> Grant:
        """With what the manifest knows and the answer does not say."""
        return msgspec.structs.replace(
            grant,
            expires_in=grant.expires_in or self.lives,
            refresh_expires_in=grant.refresh_expires_in or self.idle,
        )

    async def _again(self, held: Held, send: Send) -> Grant:
        if held.grant == "client_credentials":
            return await oauth2.client_credentials(self.server, self.app, held.scopes or self.scopes, send)
        username, secret = held.value("username"), held.value("password")
        if held.grant == "password" and username is not None and secret is not None:
            return await oauth2.password(self.server, self.app, username.reveal(), secret, send)
        raise GrantRefused("nothing to ask with")

    def _without_password(self, held: Held) -> Held:
        """A password is kept only where the service gave no refresh token."""
        if held.value("refresh_token") is None:
            return held
        return msgspec.structs.replace(held, values={k: v for k, v in held.values.items() if k != "password"})
