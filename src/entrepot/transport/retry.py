"""When to ask again: full jitter, and what the service says itself, up to a cap."""

import random
from collections.abc import Callable

import msgspec


class Retry(msgspec.Struct, frozen=True):
    """Seconds. A service that asks to wait longer than `patience` is left alone: TryLater says when to come back."""

    attempts: int = 4
    base: float = 0.5
    ceiling: float = 20
    patience: float = 60
    draw: Callable[[], float] = random.random

    def wait(self, attempt: int, after: float | None = None) -> float | None:
        """How long to wait after this attempt (the first is 1), or None to give up."""
        if attempt >= self.attempts or (after is not None and after > self.patience):
            return None
        jitter = self.draw() * min(self.ceiling, self.base * 2.0 ** (attempt - 1))
        return jitter if after is None else after + jitter


NEVER = Retry(attempts=1)
