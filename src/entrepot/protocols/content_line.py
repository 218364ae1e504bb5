"""Content lines, which iCalendar (RFC 5545) and vCard (RFC 6350) share: unfold, take apart, put together, fold.

A line that nobody changes is written back as it came, so a record keeps what we do not model.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from entrepot.core.errors import RecordRefused

OCTETS = 75
MOST_LINES = 200_000
MOST_TEXT = 8 << 20
"""Bytes of one record, but for what is a file in it: no person writes more, and reading them takes a second."""
_FOLDS = (b"\r\n ", b"\r\n\t", b"\n ", b"\n\t")
_FILE = re.compile(rb"(?:[\w-]{1,64}\.)?(?:ATTACH|PHOTO|LOGO|SOUND|KEY|IMAGE)[;:]", re.IGNORECASE)
_LINE = re.compile(r'(?:([\w-]+)\.)?([\w-]+)((?:;[^";:]*(?:"[^"]*"[^";:]*)*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([^";:]*(?:"[^"]*"[^";:]*)*)')
_VALUE = re.compile(r'"([^"]*)"|([^,"]+)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MARK = re.compile(r"\\.|[,;]", re.DOTALL)
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no line may hold, nor the XML in which servers hand it out; a line break would begin another line."""
_CARET = {"^n": "\n", "^'": '"', "^^": "^"}

Parameters = Mapping[str, list[str]]
_NONE: Parameters = {}


class Line(msgspec.Struct, frozen=True, gc=False):
    """`NAME;PARAMETER=a,b:value`, names in capitals. `text` is the line as it came, unfolded; empty for a new one.

    A line that is none (no colon) has no name and only its text. A vCard 2.1 parameter without `=` counts as TYPE.
    """

    name: str
    value: str = ""
    parameters: Parameters = {}
    group: str = ""
    text: str = ""

    def parameter(self, name: str) -> str:
        found = self.parameters.get(name)
        return found[0] if found else ""

    def written(self) -> str:
        if self.text:
            return self.text
        name = f"{self.group}.{self.name}" if self.group else self.name
        parameters = "".join(f";{key}={_joined(values)}" for key, values in self.parameters.items() if values)
        return _FORBIDDEN.sub("", f"{name}{parameters}:{self.value}")


def decoded(data: bytes) -> str:
    """Text from bytes whose lines are unfolded already: UTF-8, or what broken programs write instead of it."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def unfolded(data: bytes) -> str:
    """Folds are taken out before decoding, because they may cut a UTF-8 character in two."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", "replace").encode()
    plain = without_folds(data)
    refuse_too_much(plain)
    return decoded(plain)


def without_folds(data: bytes) -> bytes:
    for fold in _FOLDS:
        data = data.replace(fold, b"")
    return data


def refuse_too_much(plain: bytes) -> None:
    """Raises RecordRefused where unfolded lines are more than `MOST_LINES`, or have more than `MOST_TEXT`."""
    if plain.count(b"\n") > MOST_LINES:
        raise RecordRefused(f"The record was left out: it has more than {MOST_LINES:,} lines.")
    if len(plain) > MOST_TEXT and sum(len(one) for one in plain.split(b"\n") if not _FILE.match(one)) > MOST_TEXT:
        raise RecordRefused(f"The record was left out: it has more than {MOST_TEXT:,} bytes of text.")


def lines(data: bytes) -> Iterator[Line]:
    for text in unfolded(data).split("\n"):
        stripped = text.rstrip("\r")
        if stripped:
            yield taken_apart(stripped)


def taken_apart(text: str) -> Line:
    head, colon, rest = text.partition(":")
    if colon and head.isalpha() and head.isascii():  # most lines, and three times faster than the pattern
        return Line(head.upper(), rest, _NONE, "", text)
    match = _LINE.fullmatch(text)
    if match is None:
        return Line("", text=text)
    group, name, parameters, value = match.groups()
    return Line(name.upper(), value, _parameters(parameters) if parameters else _NONE, group or "", text)


def folded(text: str) -> str:
    """At most 75 octets a line, never inside a character; ends with CRLF."""
    if len(text) <= OCTETS and text.isascii():
        return text + "\r\n"
    data = text.encode()
    parts: list[str] = []
    start, room = 0, OCTETS
    while start < len(data):
        end = min(start + room, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[start:end].decode())
        start, room = end, OCTETS - 1
    return "\r\n ".join(parts) + "\r\n"


def unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def escaped(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def listed(value: str) -> list[str]:
    """The texts of a value that is a list, split at the commas that are not escaped."""
    if "," not in value:
        return [unescaped(value)] if value else []
    return [unescaped(part) for part in _split(value, ",")]


def structured(value: str) -> list[str]:
    """The components of a vCard value such as N or ADR, still escaped."""
    return _split(value, ";")


def by_name(content: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in content:
        found.setdefault(line.name, []).append(line)
    return found


def _split(value: str, separator: str) -> list[str]:
    if "\\" not in value:
        return value.split(separator)
    parts: list[str] = []
    start = 0
    for found in _MARK.finditer(value):
        if found[0] == separator:
            parts.append(value[start : found.start()])
            start = found.end()
    return [*parts, value[start:]]


def _parameters(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in _PARAMETER.findall(text):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().upper(), []).extend(_values(value))
        elif name:
            found.setdefault("TYPE", []).append(name.strip())
    return found


def _values(text: str) -> list[str]:
    if '"' not in text and "," not in text and "^" not in text:
        return [text]
    return [_uncareted(quoted or plain) for quoted, plain in _VALUE.findall(text)]


def _uncareted(text: str) -> str:
    """RFC 6868."""
    return re.sub(r"\^[n'^]", lambda found: _CARET[found[0]], text) if "^" in text else text


def _joined(values: list[str]) -> str:
    return ",".join(_quoted(value) for value in values)


def _quoted(value: str) -> str:
    value = value.replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    return f'"{value}"' if any(mark in value for mark in ":;,") else value
