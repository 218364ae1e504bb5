"""Secrets on a command line: from a file or standard input, so that no shell history keeps them."""

import sys
from pathlib import Path

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret


def read_secret(option: str, value: str, *, allow_plain: bool = True) -> Secret:
    """`@FILE`, `-` for one line of standard input, or (where allowed) the value itself."""
    if value == "-":
        return Secret(sys.stdin.readline().rstrip("\r\n"))
    if value.startswith("@"):
        try:
            return Secret(Path(value[1:]).read_text(encoding="utf-8").rstrip("\r\n"))
        except OSError as problem:
            raise PersonMustFix(f"{option}: {value[1:]} cannot be read: {problem.strerror}.") from None
        except UnicodeDecodeError:
            raise PersonMustFix(f"{option}: {value[1:]} is not text in UTF-8.") from None
    if not allow_plain:
        raise PersonMustFix(f"{option} takes @FILE, or - for standard input, so that no shell history keeps it.")
    return Secret(value)


def read_secrets(words: list[str]) -> dict[str, Secret]:
    """`--secret KEY=VALUE|@FILE|-` words as a mapping."""
    found: dict[str, Secret] = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key:
            raise PersonMustFix("--secret takes KEY=VALUE, KEY=@FILE or KEY=- (standard input).")
        found[key] = read_secret(f"--secret {key}", value)
    return found
