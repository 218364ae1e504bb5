"""A hybrid logical clock (Kulkarni et al. 2014): order of edits in the hub that no stepping clock can turn around.

A value, not a thing that ticks: whoever holds the last stamp and knows the time makes the next one.
"""

from typing import Self

import msgspec

from entrepot.core.errors import RecordRefused

MOST_COUNT = 0xFFFF
MOST_AHEAD = 24 * 60 * 60 * 1000
"""Milliseconds that a stamp from elsewhere may be ahead of our clock: one from next year would win for a year."""


class Stamp(msgspec.Struct, frozen=True, order=True):
    """Ordered by time (milliseconds since 1970), then count, then node: no two nodes' stamps are equal."""

    time: int
    count: int = 0
    node: str = ""

    def next(self, now: int) -> Self:
        """The stamp of an edit made here at `now`; always later than this one."""
        return self._after(now, self.time, self.count)

    def after(self, other: "Stamp", now: int) -> Self:
        """The stamp of having seen `other`: later than both, with our own node."""
        if other.time > now + MOST_AHEAD:
            raise RecordRefused(f"The edit says it was made {(other.time - now) // 3_600_000} hours from now.")
        last = max((self.time, self.count), (other.time, other.count))
        return self._after(now, *last)

    def text(self) -> str:
        """Sorts as stamps do, for as long as times have 12 hexadecimal digits (until the year 10889)."""
        return f"{self.time:012x}-{self.count:04x}-{self.node}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """ValueError where it is not what `text` gave."""
        time, count, node = text.split("-", 2)
        if len(time) != 12 or len(count) != 4:
            raise ValueError(f"not a stamp: {text!r}")
        return cls(int(time, 16), int(count, 16), node)

    def _after(self, now: int, time: int, count: int) -> Self:
        if now > time:
            return type(self)(now, 0, self.node)
        # A full count carries over into time, where the next edit finds it.
        return type(self)(time, count + 1, self.node) if count < MOST_COUNT else type(self)(time + 1, 0, self.node)
