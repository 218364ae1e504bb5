"""Seven errors, told apart by what has to happen next.

    EntrepotError
    ├── PersonMustFix    a setting, mapping or file is wrong: show it as it is
    ├── NeedsConsent     permission is gone: pause, offer to reconnect
    ├── TryLater         busy, limited or down: come back after `after` seconds
    ├── Stale            it changed underneath us: read again, plan again
    ├── RecordRefused    this one record: set it aside, go on
    ├── SafetyStop       too destructive to run unasked: a person confirms
    └── ServiceChanged   an answer nobody can read: pause the stream, keep a sample

Anything else is a bug and stays an ordinary exception.
"""

from typing import ClassVar


class EntrepotError(Exception):
    """`code` is stable, `message` is one sentence for people, `detail` is for logs and holds no secret."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class PersonMustFix(EntrepotError):
    code: ClassVar[str] = "person-must-fix"


class NeedsConsent(EntrepotError):
    code: ClassVar[str] = "needs-consent"


class TryLater(EntrepotError):
    """`after` is in seconds, or None where the service named no time."""

    code: ClassVar[str] = "try-later"

    def __init__(self, message: str, *, detail: str = "", after: float | None = None) -> None:
        super().__init__(message, detail=detail)
        self.after = after


class Stale(EntrepotError):
    code: ClassVar[str] = "stale"


class RecordRefused(EntrepotError):
    code: ClassVar[str] = "record-refused"


class SafetyStop(EntrepotError):
    code: ClassVar[str] = "safety-stop"


class ServiceChanged(EntrepotError):
    code: ClassVar[str] = "service-changed"
