"""How a command ends: the exit code, and the error as a sentence for people or as JSON for programs.

0 done · 1 failed · 2 wrong use or bad input · 3 done, but some records were refused · 4 needs consent ·
5 stopped by a safety brake
"""

from entrepot.core.errors import EntrepotError, NeedsConsent, PersonMustFix, SafetyStop

DONE, FAILED, WRONG_USE, SOME_REFUSED, NEEDS_CONSENT, STOPPED = range(6)

STATUS_CODES = {
    "queued": DONE,
    "running": DONE,
    "done": DONE,
    "failed": FAILED,
    "stopped": STOPPED,
    "paused": DONE,
    "cancelled": FAILED,
}
"""Status of a run → exit code; what failed is told apart by its error."""

ERROR_CODES = {
    PersonMustFix.code: WRONG_USE,
    NeedsConsent.code: NEEDS_CONSENT,
    SafetyStop.code: STOPPED,
}
"""The error's code → exit code; any other is 1."""


def code_of(error: EntrepotError) -> int:
    return ERROR_CODES.get(error.code, FAILED)


def as_json(error: EntrepotError) -> dict[str, object]:
    # A file's name in the message may be bytes that are no text.
    return {"error": {"code": error.code, "message": error.message.encode(errors="replace").decode()}}
