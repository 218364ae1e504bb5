"""How a command ends: the exit code, and the error as a sentence for people or as JSON for programs.

0 done · 1 failed · 2 wrong use or bad input · 3 done, but some records were refused · 4 needs consent ·
5 stopped by a safety brake
"""

from entrepot.core.errors import EntrepotError, NeedsConsent, PersonMustFix, SafetyStop

DONE, FAILED, WRONG_USE, SOME_REFUSED, NEEDS_CONSENT, STOPPED = range(6)

STATUS_CODES = {
    "done": DONE,
    "failed": FAILED,
    "needs-consent": NEEDS_CONSENT,
    "stopped": STOPPED,
    "paused": DONE,
    "cancelled": FAILED,
}
"""Status of a run → exit code."""


def code_of(error: EntrepotError) -> int:
    match error:
        case PersonMustFix():
            return WRONG_USE
        case NeedsConsent():
            return NEEDS_CONSENT
        case SafetyStop():
            return STOPPED
        case _:
            return FAILED


def as_json(error: EntrepotError) -> dict[str, object]:
    return {"error": {"code": error.code, "message": error.message}}
