"""Time as transport sees it: one object to hand in, so that a test can wait a year in no time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec


class Clock(msgspec.Struct, frozen=True):
    """`monotonic` measures waits; `now` (seconds since 1970) only reads the dates that services write."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


SYSTEM = Clock()
