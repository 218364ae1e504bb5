"""Text from elsewhere, as every database can keep it."""


def storable(text: str, most: int | None = None) -> str:
    """At most so many characters; lone surrogates and NUL, which damaged files and services send, are replaced."""
    return text[:most].encode(errors="replace").decode().replace("\0", "\ufffd")


def is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
