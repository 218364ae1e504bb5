"""Lines of a vCard, with what version 2.1 does otherwise: quoted-printable values, charsets, nameless parameters."""

import quopri
import re
from collections.abc import Iterator

from entrepot.protocols.content_line import (
    Line,
    decoded,
    refuse_too_much,
    structured,
    taken_apart,
    unescaped,
    without_folds,
)

_QUOTED = re.compile(rb"(?i)^[^:\r\n]*[;=]QUOTED-PRINTABLE[;:]")
_CHARSET = re.compile(rb"(?i);CHARSET=\"?([\w.:-]+)")
_CHARSETS = re.compile(
    r"(?:us-)?ascii|utf-?(?:8|16|32)|(?:x-)?(?:iso|windows|cp|ibm|mac|koi8|big5|gb|euc|shift|sjis|ks_c|latin|tis)",
    re.IGNORECASE,
)
_TRANSFER = frozenset({"ENCODING", "CHARSET"})
_TRANSFER_TYPES = frozenset({"quoted-printable", "base64", "b", "8bit", "7bit"})


def card_lines(data: bytes) -> Iterator[Line]:
    """Values are decoded from quoted-printable and from their charset; base64 stays as it is."""
    plain = without_folds(data)
    refuse_too_much(plain)
    raw = plain.split(b"\n")
    numbers = iter(range(len(raw)))
    for number in numbers:
        line = raw[number].rstrip(b"\r")
        if b"=" in line and _QUOTED.match(line):
            parts = [line]
            while parts[-1].endswith(b"=") and number + 1 < len(raw):
                number = next(numbers)  # noqa: PLW2901 - a soft line break of quoted-printable
                parts[-1] = parts[-1][:-1]
                parts.append(raw[number].rstrip(b"\r"))
            yield _decoded(b"".join(parts), quoted=True)
        elif line.strip():
            yield _decoded(line, quoted=False)


def _decoded(line: bytes, *, quoted: bool) -> Line:
    found = _CHARSET.search(line.partition(b":")[0])
    if not quoted and found is None:
        return taken_apart(decoded(line))
    head, _, body = line.partition(b":")
    body = quopri.decodestring(body) if quoted else body
    apart = taken_apart(decoded(head) + ":")
    value = _text(body, found[1].decode() if found else "utf-8")
    return Line(apart.name, value.replace("\r\n", "\n"), apart.parameters, apart.group)


def _text(data: bytes, charset: str) -> str:
    """Python knows more charsets than there are: some of them take for ever, or are none."""
    try:
        return data.decode(charset) if _CHARSETS.match(charset) else decoded(data)
    except (LookupError, UnicodeError):
        return decoded(data)


def modern(line: Line) -> Line:
    """A line of version 2.1 as version 3.0 writes it."""
    if line.name == "VERSION":
        return Line("VERSION", "3.0")
    encoded = "BASE64" in {value.upper() for values in line.parameters.values() for value in values}
    parameters = {name: values for name, values in line.parameters.items() if name not in _TRANSFER}
    types = [value for value in parameters.pop("TYPE", []) if value.lower() not in _TRANSFER_TYPES]
    if types:
        parameters["TYPE"] = types
    if encoded:
        parameters["ENCODING"] = ["b"]
    return Line(line.name, line.value.replace("\n", "\\n"), parameters, line.group)


def types_of(line: Line) -> list[str]:
    """TYPE values in small letters; some programs put several into one value."""
    return [
        part.strip().lower() for value in line.parameters.get("TYPE", ()) for part in value.split(",") if part.strip()
    ]


def parts_of(line: Line, count: int) -> list[str]:
    """The components of N, ADR or ORG as texts; where one is a list, its values are joined by a blank."""
    parts = [
        unescaped(part.replace("\\,", "\0").replace(",", " ").replace("\0", ",")).strip()
        for part in structured(line.value)
    ]
    return (parts + [""] * count)[: max(count, len(parts))]
