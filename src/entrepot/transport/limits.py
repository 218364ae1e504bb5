"""How large and how slow an answer may be before it is refused."""

import msgspec

MEGABYTE = 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    """Bytes and seconds. `body` holds for answers kept in memory, `stream` for those passed on piece by piece."""

    header_line: int = 16 * 1024
    headers: int = 128
    body: int = 64 * MEGABYTE
    stream: int = 16 * 1024 * MEGABYTE
    redirects: int = 5
    pages: int = 100_000
    connect_seconds: float = 15
    idle_seconds: float = 60
    """Between two pieces of an answer."""
    total_seconds: float = 300
    """For a whole answer that is kept in memory."""
    stream_seconds: float = 6 * 3600
