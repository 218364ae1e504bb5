"""MT940 as fields: `:61:…` and the lines that belong to it, out of SWIFT envelopes, bank headers and broken lines."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TAG = re.compile(r":(\d{2}[A-Z]?|NS):").match
_END = re.compile(r"-(?:\}.*|X{3})?$").match
_ENVELOPE = re.compile(r"^\{.*\{4:")


class Field(NamedTuple):
    """`tag` is `-` where a message ends. Lines that belong together are kept apart by newlines."""

    tag: str
    text: str
    line: int


def fields(lines: Iterable[tuple[int, str]]) -> Iterator[Field]:
    tag, start = "", 0
    text = list[str]()
    for number, line in _mended(lines):
        found = _TAG(line)
        is_end = found is None and _END(line.strip()) is not None
        if found is None and not is_end:
            text.append(line)
            continue
        if tag:
            yield Field(tag, "\n".join(text).rstrip("\n"), start)
        tag, start, text = ("-", number, []) if found is None else (found[1], number, [line[found.end() :]])
    if tag:
        yield Field(tag, "\n".join(text).rstrip("\n"), start)


def _mended(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """A bank that breaks lines blindly leaves a colon alone at the end of one, and its tag on the next."""
    is_torn = False
    for number, line in lines:
        mended = _ENVELOPE.sub("", line.replace("\0", ""))
        if is_torn:
            mended, is_torn = ":" + mended, False
        if mended.strip() == ":":
            is_torn = True
        else:
            yield number, mended
