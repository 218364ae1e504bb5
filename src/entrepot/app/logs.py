"""Logs for operators: one line an event on stderr, with nothing secret in it. People read reports, not logs."""

import logging
import sys

from entrepot.transport.client import Log


def logger(level: str) -> Log:
    import structlog  # noqa: PLC0415 -- it loads rich's tracebacks, which a command without logs need not wait for

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(sort_keys=False, key_order=["timestamp", "level", "event"]),
        ],
    )
