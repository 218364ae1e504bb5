"""vCard 2.1, 3.0 and 4.0 ↔ Contact, with a merge that keeps every line nobody changed."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any, Literal

import msgspec

from entrepot.core.change import Attachment
from entrepot.core.errors import RecordRefused
from entrepot.core.people import Contact
from entrepot.protocols.content_line import Line, folded, unescaped
from entrepot.protocols.vcard_field import KNOWN_TYPES, LABEL, Bundle, Card, Field, card_of
from entrepot.protocols.vcard_fields import TEXT_FIELDS
from entrepot.protocols.vcard_line import card_lines, modern, types_of
from entrepot.protocols.vcard_reach import REACH_FIELDS

Version = Literal["3.0", "4.0"]
FIELDS: tuple[Field, ...] = (*TEXT_FIELDS, *REACH_FIELDS)
_MANAGED = frozenset(
    {"TYPE", "PREF", "LABEL", "SERVICE-TYPE", "X-SERVICE-TYPE", "USERNAME", "X-USER", "X-APPLE-OMIT-YEAR"}
)
_GROUPED = frozenset({LABEL, "X-ABADR"})
_SUFFIXES = {"jpeg": "jpg", "jpg": "jpg", "png": "png", "gif": "gif", "webp": "webp"}


class ReadCard(msgspec.Struct, frozen=True):
    """A contact and the picture inside its card, if there is one: `data.photo` is then the picture's sha256."""

    data: Contact
    photo: Attachment | None


def read(text: str | bytes) -> Contact:
    """Raises RecordRefused, naming the UID or the name, where the card cannot be read."""
    return read_card(text).data


def read_card(text: str | bytes) -> ReadCard:
    card = card_of(_lines(text))
    values: dict[str, Any] = {}
    uid = card.first("UID")
    if uid is not None and uid.value.strip():
        values["uid"] = unescaped(uid.value).strip()
    for field in FIELDS:
        field.read(card, values)
    photo = _photo(card)
    address = _photo_address(card)
    if photo is not None or address:
        values["photo"] = photo.sha256 if photo else address
    return ReadCard(Contact(**values), photo)


def write(data: Contact, *, version: Version = "3.0") -> str:
    """A new card. The picture is not in it: its bytes are the hub's, and go in by `merge` only if they were there."""
    lines = [Line("VERSION", version), *([Line("UID", data.uid)] if data.uid else [])]
    for field in FIELDS:
        lines += grouped(field.write(data, version), lines)
    if data.photo and ":" in data.photo:
        lines.append(Line("PHOTO", data.photo, {} if version == "4.0" else {"VALUE": ["uri"]}))
    return _written(lines)


def merge(data: Contact, *, into: str | bytes) -> str:
    """The native card with the contact's fields in it; a card of version 2.1 becomes one of 3.0."""
    lines = _lines(into)
    card = card_of(lines)
    before = read(into)
    version = "4.0" if card.version.startswith("4") else "3.0"
    if card.version.startswith("2"):
        lines = [modern(line) for line in lines]
    for field in FIELDS:
        if field.key(before) != field.key(data):
            lines = _replaced(lines, field, field.write(data, version))
    if before.uid != data.uid and data.uid:
        lines = [line for line in lines if line.name != "UID"] + [Line("UID", data.uid)]
    if before.photo != data.photo:
        lines = [line for line in lines if line.name != "PHOTO"]
        if data.photo and ":" in data.photo:
            lines.append(Line("PHOTO", data.photo, {"VALUE": ["uri"]}))
    return _written(lines)


def _lines(text: str | bytes) -> list[Line]:
    """What is between BEGIN and END. A card inside a card (AGENT in 2.1) is left out."""
    data = text.encode() if isinstance(text, str) else text
    found: list[Line] = []
    depth = 0
    for line in card_lines(data):
        mark = (line.name, line.value.strip().upper())
        if mark == ("BEGIN", "VCARD"):
            depth += 1
        elif mark == ("END", "VCARD"):
            depth -= 1
            if depth == 0:
                return found
        elif depth == 1:
            found.append(line)
    name = next((line.value for line in found if line.name in {"UID", "FN"}), "")
    raise RecordRefused(f"The contact {name[:80] or 'without a name'} was left out: its card is cut off.")


def _written(lines: Iterable[Line]) -> str:
    return "".join(["BEGIN:VCARD\r\n", *(folded(line.written()) for line in lines), "END:VCARD\r\n"])


def grouped(bundles: Iterable[Bundle], there: Iterable[Line]) -> Iterator[Line]:
    """Lines that belong together get a group that no other line has."""
    taken = {line.group.lower() for line in there if line.group}
    number = 0
    for bundle in bundles:
        group = bundle[0].group
        if len(bundle) > 1 and not group:
            number = next(n for n in range(number + 1, number + len(taken) + 2) if f"item{n}" not in taken)
            group = f"item{number}"
        for line in bundle:
            yield line if line.group == group else Line(line.name, line.value, line.parameters, group)


def _replaced(lines: Sequence[Line], field: Field, bundles: Sequence[Bundle]) -> list[Line]:
    old = [line for line in lines if line.name in field.names]
    groups = {line.group.lower() for line in old if line.group}
    gone = {id(line) for line in lines if line in old or (line.name in _GROUPED and line.group.lower() in groups)}
    rest = [line for line in lines if id(line) not in gone]
    place = next((at for at, line in enumerate(lines) if id(line) in gone), len(lines))
    place = sum(id(line) not in gone for line in lines[:place])
    new = list(grouped([_carried(bundle, old) for bundle in bundles], rest))
    return [*rest[:place], *new, *rest[place:]]


def _carried(bundle: Bundle, old: Sequence[Line]) -> Bundle:
    """A line for a value that was there keeps the parameters and types that we do not model."""
    line = bundle[0]
    same = next((one for one in old if one.value == line.value), None)
    if same is None:
        return bundle
    kept = {name: values for name, values in same.parameters.items() if name not in _MANAGED}
    types = [value for value in same.parameters.get("TYPE", ()) if value.lower() not in KNOWN_TYPES]
    own = line.parameters.get("TYPE", [])
    every = [*own, *(value for value in types if value.lower() not in {one.lower() for one in own})]
    parameters = {**line.parameters, **kept, **({"TYPE": every} if every else {})}
    name = same.name if line.name in {"TITLE", "URL"} else line.name
    return (Line(name, line.value, parameters), *bundle[1:])


def _photo(card: Card) -> Attachment | None:
    line = card.first("PHOTO")
    if line is None:
        return None
    value, kind = line.value, next((one for one in types_of(line) if one in _SUFFIXES), "")
    if value[:5].lower() == "data:":
        head, _, value = value.partition(",")
        kind = head.partition("/")[2].partition(";")[0].lower()
    elif ":" in value:
        return None
    try:
        data = base64.b64decode("".join(value.split()), validate=True)
    except ValueError:
        return None
    if not data:
        return None
    kind = kind or _kind_of(data)
    name = f"photo.{_SUFFIXES.get(kind, 'jpg')}"
    media_type = f"image/{'jpeg' if kind == 'jpg' else kind}"
    return Attachment(sha256(data).hexdigest(), len(data), name, media_type, lambda: BytesIO(data))


def _photo_address(card: Card) -> str:
    line = card.first("PHOTO")
    return line.value.strip() if line and line.value[:6].lower() in {"http:/", "https:"} else ""


def _kind_of(data: bytes) -> str:
    signs = {b"\x89PNG": "png", b"GIF8": "gif", b"RIFF": "webp"}
    return signs.get(data[:4], "jpeg")
