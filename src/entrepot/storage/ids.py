"""Public ids: a prefix that says what it is, the time, and randomness; they sort by the moment they were made."""

import secrets
import time

RANDOM_BITS = 60


def new_id(prefix: str) -> str:
    return new_ids(prefix, 1)[0]


def new_ids(prefix: str, count: int) -> list[str]:
    """Ids of one moment count upwards from one random start (as ULIDs do), so an index takes them at its end.

    They are unique, not secret: knowing one is never permission.
    """
    begin = f"{prefix}_{int(time.time() * 1000):011x}"
    start = secrets.randbits(RANDOM_BITS - 1)
    return [f"{begin}{number:015x}" for number in range(start, start + count)]
