"""Answers to writes that cannot be true: what a service says of a record it was sent is believed only within reason."""

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused
from entrepot.core.kinds import KINDS, encode
from entrepot.sdk.writer import Write
from entrepot.storage.apply import is_storable_change


class Unbelievable(RecordRefused):
    """The service may have done what it was asked: what became of it is looked up before it is asked again."""


def believed(told: Change, write: Write, kind: str) -> Change:
    """The answer, where it can be one to this write to a stream of this kind. Raises `Unbelievable`."""
    if write.verb == "delete":
        return told
    if told.data is None and write.verb == "create":
        raise Unbelievable("The service answered that it has no record of what it was just sent.")
    if write.ref is not None and told.ref.id != write.ref.id:
        raise Unbelievable("The service answered with another record than the one that was written.")
    if (why := unreadable(told, kind)) is not None:
        raise Unbelievable(f"The service answered with a record that cannot be kept: {why}.")
    return told


def unreadable(told: Change, kind: str) -> str | None:
    """Why it cannot be kept; None where it can. Another kind than the stream's is a bug of the connector."""
    if not is_storable_change(told):
        return "its id, version or collection is empty, too long or not text"
    if told.data is None:
        return None
    if not isinstance(told.data, KINDS[kind]):
        raise TypeError(f"stream {told.stream} is of {kind}, not {type(told.data).__name__}")
    try:
        encode(told.data)
    except UnicodeEncodeError:
        return "it holds half characters (lone surrogates)"
    return None
