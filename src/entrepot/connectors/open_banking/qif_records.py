"""QIF as records: lines of one letter and a value, ended by `^`, under headers that say what they are."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

LISTS = frozenset({"cat", "class", "tag", "security", "prices", "memorized", "budget", "invitem", "template", "option"})
"""What Quicken writes besides accounts and transactions; no kind of ours holds it."""


class Record(NamedTuple):
    """`section` is `account`, or what stands after `!Type:` in lower case; empty before the first header."""

    section: str
    fields: list[tuple[str, str]]
    line: int
    is_whole: bool = True

    def first(self, code: str) -> str:
        """The field before any split: a split may have its own `D`, `E` and `$`."""
        for found, value in self.fields:
            if found == code:
                return value
            if found == "S":
                break
        return ""

    @property
    def is_transaction(self) -> bool:
        return self.section != "account" and self.section not in LISTS

    def text(self) -> str:
        return "\n".join(code + value for code, value in self.fields)


def records(lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
    """Empty records are passed over; the last is not whole where the file ends without `^`."""
    section, fields, start = "", list[tuple[str, str]](), 0
    for number, line in lines:
        text = line.strip()
        if not text or (text.startswith("#") and not fields):
            continue
        if text.startswith("!"):
            section = _section(text, section)
        elif text.startswith("^"):
            if fields:
                yield Record(section, fields, start)
            fields = []
        else:
            start = start if fields else number
            fields.append((text[0], text[1:].strip()))
    if fields:
        yield Record(section, fields, start, is_whole=False)


def _section(header: str, before: str) -> str:
    name, _, kind = header[1:].partition(":")
    match name.strip().lower():
        case "type":
            return kind.strip().lower()
        case "account":
            return "account"
        case _:
            return before if before == "account" else "option"
