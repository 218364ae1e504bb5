"""Three steps of importance in Microsoft Graph for the nine of RFC 5545."""

from entrepot.core.errors import RecordRefused

_PRIORITIES = {"high": 1, "normal": None, "low": 9}
_MIDDLE = 5


def priority_of(importance: str | None) -> int | None:
    if importance is None:
        return None
    if importance not in _PRIORITIES:
        raise RecordRefused(f"{importance!r} is no importance that is known; there are {', '.join(_PRIORITIES)}.")
    return _PRIORITIES[importance]


def importance_of(priority: int | None) -> str:
    """1 to 4 are high, 6 to 9 low (RFC 5545 section 3.8.1.9); the rest is as if nothing were said."""
    if not priority or priority == _MIDDLE:
        return "normal"
    return "high" if priority < _MIDDLE else "low"


def kept_priority(priority: int | None) -> int | None:
    """What is told again of a priority."""
    return _PRIORITIES[importance_of(priority)]
