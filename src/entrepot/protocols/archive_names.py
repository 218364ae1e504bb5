"""Names inside archives: one spelling for all, none that climbs out, none twice."""

import re
from pathlib import PurePosixPath
from unicodedata import normalize

from entrepot.core.errors import PersonMustFix

UTF8_FLAG = 0x800
_DRIVE = re.compile(r"^[A-Za-z]:")
_LEFTOVERS = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$)")


def clean_name(raw: str, archive: str, limit: int) -> str | None:
    """The entry's path with forward slashes and NFC, or None for what operating systems leave lying about.

    Raises PersonMustFix for a name that is absolute, climbs out of the archive or is longer than `limit`.
    """
    slashed = raw.replace("\\", "/")
    if len(slashed) > limit:
        raise PersonMustFix(
            f"{archive} holds a name of {len(slashed)} characters ({slashed[:60]}…); {limit} is the limit."
        )
    parts = slashed.split("/")
    if slashed.startswith("/") or _DRIVE.match(slashed) or ".." in parts or "\0" in slashed:
        raise PersonMustFix(
            f"{archive} holds a name that points outside of it ({slashed[:120]!r}); nothing was read. "
            "Services do not write such archives: get it again from the service itself."
        )
    name = normalize("NFC", "/".join(part for part in parts if part not in {"", "."}))
    return None if not name or _LEFTOVERS.search(name) else name


def repaired_zip_name(name: str, flags: int) -> str:
    """Zipfile reads names without the UTF-8 flag as cp437, but macOS and many services write UTF-8 all the same."""
    if flags & UTF8_FLAG or name.isascii():
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


class FreeNames:
    """Gives each name once: `name`, and `name (2)` before the suffix where an archive holds the same name twice."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def take(self, name: str) -> str:
        number = self._last.get(name)
        free = name
        if number is not None:
            path = PurePosixPath(name)
            while free in self._last:
                number += 1
                free = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
            self._last[name] = number
        self._last[free] = 1
        return free
