"""The first lines of a manifest, readable without YAML: a list of a hundred connectors must not read them whole."""

from collections.abc import Mapping
from pathlib import Path

IDENTITY = ("id", "name", "summary", "kinds", "docs", "importer", "uses", "reads")
"""Keys of the identity; they stand first, one line each, without quotes, up to the first blank line."""


def identity_of(text: str) -> Mapping[str, str]:
    """The lines `key: value` before the first blank line; comments are passed over."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        key, colon, value = line.partition(": ")
        if not colon or key not in IDENTITY:
            break
        found[key] = value.strip()
    return found


def read_identity(path: Path) -> Mapping[str, str]:
    """The identity of a manifest file, from its first two kilobytes."""
    with path.open("rb") as file:
        return identity_of(file.read(2048).decode("utf-8", "replace"))


def kinds_of(identity: Mapping[str, str]) -> tuple[str, ...]:
    return _list(identity.get("kinds", ""))


def reads_of(identity: Mapping[str, str]) -> tuple[str, ...]:
    """`live` for a service, `archive` for files; said in the file only where it is both."""
    return _list(identity.get("reads", "")) or (("archive",) if "importer" in identity else ("live",))


def _list(written: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in written.strip("[]").split(",") if word.strip())
