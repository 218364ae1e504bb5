"""What tests of hostile input share."""

import time
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def quickly(seconds: float = 1.0) -> Generator[None]:
    """Processor time, so that a busy machine fails nothing."""
    began = time.process_time()
    yield
    took = time.process_time() - began
    assert took < seconds, f"took {took:.1f} seconds"
