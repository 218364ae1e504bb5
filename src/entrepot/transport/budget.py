"""How many calls a service allows: per period, by weight, at once; corrected by what it says in its headers."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from entrepot.core.errors import TryLater
from entrepot.transport.clock import SYSTEM, Clock
from entrepot.transport.rate_headers import Seen, read_limits

SLOTS = 256
"""A period is remembered in so many pieces, which bounds the memory of `a million a day`."""
CALM = 64
"""After so many good answers one more call at once is tried again."""
_NOTHING = 1e-9
_TICK = 0.001


class Rate(msgspec.Struct, frozen=True):
    """`calls` in any span of `per` seconds; a request of weight 2 counts as two."""

    calls: float
    per: float


class Budget:
    """Shared by every client that draws on the same allowance; all of them in one event loop."""

    def __init__(self, rates: Sequence[Rate] = (), *, concurrency: int = 8, clock: Clock = SYSTEM) -> None:
        self._windows = [_Window(rate) for rate in rates]
        self._most = max(1, concurrency)
        self._at_once = self._most
        self._calm = 0
        self._busy = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._left = _Left()
        self.clock = clock

    @property
    def concurrency(self) -> int:
        """How many calls may be under way at once now: fewer after the service has complained."""
        return self._at_once

    async def enter(self, weight: float = 1, patience: float = 60) -> None:
        """Waits for a place and for the rate; TryLater where that would take longer than `patience` seconds."""
        if self._busy >= self._at_once or self._queue:
            await self._queue_up()
        else:
            self._busy += 1
        try:
            await self._wait_for_rate(weight, patience)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        self._busy -= 1
        self._admit()

    def learn(self, headers: Mapping[str, str], *, limited: bool = False, after: float | None = None) -> None:
        """Takes in an answer: `limited` where the service turned the call away, `after` how long it wants quiet."""
        seen = read_limits(headers, self.clock.now())
        now = self.clock.monotonic()
        if seen is not None and seen.remaining is not None:
            self._left.learn(seen, now, self._busy - 1)
        if limited:
            self._at_once = max(1, self._at_once // 2)
            self._calm = 0
            if after is not None:
                self._left.quiet(now, after)
        elif self._at_once < self._most:
            self._calm += 1
            if self._calm >= CALM:
                self._calm = 0
                self._at_once += 1
                self._admit()

    async def _wait_for_rate(self, weight: float, patience: float) -> None:
        while (wait := self._wait(weight)) > 0:
            if wait > patience:
                raise TryLater("The service's allowance of calls is used up for now.", after=wait)
            await self.clock.sleep(wait)
        self._book(weight)

    def _wait(self, weight: float) -> float:
        now = self.clock.monotonic()
        wait = self._left.wait(now)
        for window in self._windows:
            wait = max(wait, window.wait(now, weight))
        return wait

    def _book(self, weight: float) -> None:
        self._left.take(weight)
        if self._windows:
            now = self.clock.monotonic()
            for window in self._windows:
                window.book(now, weight)

    async def _queue_up(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def _admit(self) -> None:
        while self._queue and self._busy < self._at_once:
            turn = self._queue.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)


class _Window:
    """The calls of the last `per` seconds, so that no span of that length ever holds too many.

    Calls close to each other share a slot [first, last, weight], which leaves when its last call is old enough.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._slot = rate.per / SLOTS
        self._booked: deque[list[float]] = deque()
        self._sum = 0.0

    def wait(self, now: float, weight: float) -> float:
        self._forget(now)
        too_many = self._sum + min(weight, self._rate.calls) - self._rate.calls
        if too_many <= _NOTHING:
            return 0
        for _, last, booked in self._booked:
            too_many -= booked
            if too_many <= _NOTHING:
                return max(_TICK, last + self._rate.per - now)
        return self._rate.per

    def book(self, now: float, weight: float) -> None:
        self._sum += weight
        if self._booked and now - self._booked[-1][0] < self._slot:
            self._booked[-1][1] = now
            self._booked[-1][2] += weight
        else:
            self._booked.append([now, now, weight])

    def _forget(self, now: float) -> None:
        booked = self._booked
        if booked and now < booked[-1][1]:
            # The clock went back: what was booked counts as booked now, so that nobody waits for its return.
            self._booked = deque([[now, now, self._sum]])
            return
        while booked and booked[0][1] + self._rate.per <= now:
            self._sum -= booked.popleft()[2]
        if not booked:
            self._sum = 0.0


class _Left:
    """What the service said is left, less what was sent since."""

    def __init__(self) -> None:
        self._calls: float | None = None
        self._until = 0.0
        self._span = 0.0

    def learn(self, seen: Seen, now: float, under_way: int) -> None:
        """Answers overtake each other: within one period the lowest number is the newest."""
        assert seen.remaining is not None
        left = max(0.0, seen.remaining - max(0, under_way))
        same = self._calls is not None and now < self._until
        if same and self._calls is not None and seen.remaining <= self._calls + under_way + 1:
            left = min(left, self._calls)
        self._calls = left
        if seen.seconds is not None:
            self._span = seen.seconds
            self._until = now + seen.seconds
        elif not same:
            self._calls = None

    def quiet(self, now: float, seconds: float) -> None:
        self._calls = 0
        self._span = seconds
        self._until = now + seconds

    def take(self, weight: float) -> None:
        if self._calls is not None:
            self._calls -= weight

    def wait(self, now: float) -> float:
        if self._calls is None or self._calls > 0:
            return 0
        left = self._until - now
        if left <= 0 or left > self._span:
            self._calls = None
            return 0
        return left
