"""Discarding a run that a brake stopped: what it read and nobody followed is forgotten, and listed anew next time."""

from entrepot.storage import incoming, streams
from entrepot.storage.transaction import Writing


def discard(tx: Writing, stream: int) -> int:
    """How many records were waiting. What was edited in the hub still waits to go out."""
    forgotten = incoming.forget_all(tx, stream)
    streams.forget_positions(tx, stream)
    return forgotten
