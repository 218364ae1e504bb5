"""The two ways in which Evernote writes an instant; always UTC."""

from datetime import UTC, datetime

_FORMS = ("%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%S", "%Y%m%d")


def instant_of(text: str | None) -> datetime | None:
    """None where nothing is said, or no instant."""
    for form in _FORMS if text else ():
        try:
            return datetime.strptime(text or "", form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
