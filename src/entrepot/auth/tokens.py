"""Access tokens that stay fresh: of all processes that meet an expired token, exactly one asks for the next.

In a process callers share one flight; between processes a lease on the credential's row lets one through, and a
compare-and-set on its version settles the rest. docs/why/tokens.md says what each step is for.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from secrets import token_hex

import msgspec

from entrepot.auth import turns
from entrepot.auth.grants import Grant, GrantRefused
from entrepot.auth.held import Held
from entrepot.auth.signers import with_headers
from entrepot.auth.turns import Fresh, Mine, Owner, Turn
from entrepot.core.errors import EntrepotError, TryLater
from entrepot.core.secret import Secret
from entrepot.transport.message import Request, Response

PATIENCE = 90.0
"""Seconds to wait for another process's renewal: longer than a lease, so a dead one is outlived."""
JUST_NOW = 10.0
"""A token refused so soon after it was renewed is not renewed again: something else is wrong."""
KEEP_PAUSES = (1.0, 5.0, 20.0)

Renew = Callable[[Held], Awaitable[Grant]]
"""Asks the service for new tokens; raises `GrantRefused` where the service no longer takes what we have."""


class Clocks(msgspec.Struct, frozen=True):
    """Both must agree that a token is fresh: the one stands still in a sleeping machine, the other can be set."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


SYSTEM = Clocks()


class Tokens:
    """The tokens of one integration. `renew` is None where nothing but the person can renew them."""

    def __init__(
        self,
        where: turns.Where,
        renew: Renew | None,
        *,
        clocks: Clocks = SYSTEM,
        lease: float = turns.LEASE,
    ) -> None:
        self._where = where
        self._renew = renew
        self._clocks = clocks
        self._owner = Owner(token_hex(8), lease)
        self._known: Fresh | None = None
        self._good_until = (0.0, 0.0)
        self._flight: asyncio.Task[Fresh] | None = None

    async def current(self) -> Secret:
        """A token that is good for a while; most calls cost two looks at a clock."""
        known = self._known
        if known is None or not self._is_good():
            known = await self._fly(rejected=None)
        return known.token

    async def rejected(self, token: Secret) -> bool:
        """The service refused this token. True: there is another one now."""
        known = self._known
        if known is None or known.token != token:
            return True
        if self._renew is None:
            looked = self._learn(await asyncio.to_thread(turns.look, self._where))
            return looked.token != token
        return (await self._fly(rejected=known)).token != token

    async def renew_now(self) -> None:
        """Use an idle refresh token before it dies."""
        if self._renew is not None:
            await self._fly(rejected=self._learn(await asyncio.to_thread(turns.look, self._where)), even_new=True)

    async def _fly(self, rejected: Fresh | None, *, even_new: bool = False) -> Fresh:
        """One flight at a time. It goes on when a caller is cancelled: its answer may hold the only good token."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.ensure_future(self._seek(rejected, even_new=even_new))
            self._flight.add_done_callback(_notice)
        return await asyncio.shield(self._flight)

    async def _seek(self, rejected: Fresh | None, *, even_new: bool) -> Fresh:
        deadline = self._clocks.monotonic() + max(PATIENCE, 2 * self._owner.lease)
        unwanted = rejected.version if rejected and (even_new or rejected.age > JUST_NOW) else 0
        while True:
            turn = await asyncio.to_thread(self._take, unwanted)
            match turn:
                case Fresh():
                    return self._learn(turn)
                case Mine():
                    return self._learn(await self._ask(turn))
                case None if self._clocks.monotonic() > deadline:
                    raise TryLater("Another process is fetching a new token and has not come back yet.", after=30)
                case None:
                    await asyncio.sleep(random.uniform(0.05, 0.25))  # noqa: S311  # spreads, does not protect

    def _take(self, unwanted: int) -> Turn:
        return turns.take(self._where, self._owner, unwanted, can_renew=self._renew is not None)

    async def _ask(self, mine: Mine) -> Fresh:
        assert self._renew is not None
        try:
            grant = await self._renew(mine.held)
        except GrantRefused as why:
            return await asyncio.to_thread(turns.refused, self._where, self._owner, mine, str(why))
        except EntrepotError:
            await asyncio.to_thread(turns.failed, self._where, self._owner, mine)
            raise
        return await self._keep(mine, grant)

    async def _keep(self, mine: Mine, grant: Grant) -> Fresh:
        """Tried again where the database is busy: the grant may be the only good token there is."""
        for pause in KEEP_PAUSES:
            try:
                return await asyncio.to_thread(turns.keep, self._where, mine, grant)
            except TryLater:
                await asyncio.sleep(pause)
        return await asyncio.to_thread(turns.keep, self._where, mine, grant)

    def _learn(self, fresh: Fresh) -> Fresh:
        self._known = fresh
        left = fresh.good_for
        self._good_until = (self._clocks.monotonic() + left, self._clocks.wall() + left)
        return fresh

    def _is_good(self) -> bool:
        monotonic, wall = self._good_until
        return self._clocks.monotonic() < monotonic and self._clocks.wall() < wall


def _notice(flight: asyncio.Task[Fresh]) -> None:
    """Its error reaches those who wait; where all were cancelled, nobody needs to hear of it."""
    if not flight.cancelled():
        flight.exception()


class TokenSigner:
    """Bearer tokens (RFC 6750) from `Tokens`."""

    def __init__(self, tokens: Tokens, prefix: str = "Bearer ") -> None:
        self._tokens = tokens
        self._prefix = prefix

    async def sign(self, request: Request) -> Request:
        token = await self._tokens.current()
        return with_headers(request, {"Authorization": token.map(lambda text: self._prefix + text)})

    async def rejected(self, request: Request, response: Response) -> bool:  # noqa: ARG002  # as Signer has it
        sent = request.headers.get("Authorization")
        text = sent.reveal() if isinstance(sent, Secret) else sent or ""
        return await self._tokens.rejected(Secret(text.removeprefix(self._prefix)))
