"""The fields of a contact that are texts, names, organizations, dates and the like."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from entrepot.core.people import Anniversary, Contact, NameParts, Organization
from entrepot.protocols.content_line import Line, escaped, listed, unescaped
from entrepot.protocols.vcard_field import Bundle, Card, Field, labelled, texts
from entrepot.protocols.vcard_line import parts_of

_KINDS = frozenset({"individual", "group", "org", "location", "device", "application"})
_DATE = re.compile(r"(\d{4}|--?)-?(\d\d)?-?(\d\d)?(?:[T ].*)?")
_TYPES = {
    "BDAY": "birth",
    "DEATHDATE": "death",
    "ANNIVERSARY": "wedding",
    "X-ANNIVERSARY": "wedding",
    "X-EVOLUTION-ANNIVERSARY": "wedding",
}
_NO_YEAR = "1604"
"""The leap year Apple writes where the year is not known."""


def simple(name: str, attribute: str) -> Field:
    def read(card: Card, into: dict[str, Any]) -> None:
        text = texts(card.first(name))
        if text:
            into[attribute] = text

    def write(data: Contact, _: str) -> Sequence[Bundle]:
        text = getattr(data, attribute)
        return [(Line(name, escaped(text)),)] if text else []

    return Field(names=(name,), key=attrgetter(attribute), read=read, write=write)


def many(names: Sequence[str], attribute: str, *, in_one: bool = False, is_uri: bool = False) -> Field:
    """Several lines, or with `in_one` one line with commas. What is written goes under the first name."""

    def read(card: Card, into: dict[str, Any]) -> None:
        lines = card.all(*names)
        found = [text for line in lines for text in (listed(line.value) if in_one else [unescaped(line.value)])]
        values = list(dict.fromkeys(text.strip() for text in found if text.strip()))
        if values:
            into[attribute] = values

    def write(data: Contact, _: str) -> Sequence[Bundle]:
        values = getattr(data, attribute)
        if in_one:
            return [(Line(names[0], ",".join(escaped(value) for value in values)),)] if values else []
        return [(Line(names[0], value if is_uri else escaped(value)),) for value in values]

    return Field(names=names, key=attrgetter(attribute), read=read, write=write)


def instant(name: str, attribute: str) -> Field:
    def read(card: Card, into: dict[str, Any]) -> None:
        at = _instant(texts(card.first(name)))
        if at is not None:
            into[attribute] = at

    def write(data: Contact, version: str) -> Sequence[Bundle]:
        at = getattr(data, attribute)
        form = "%Y%m%dT%H%M%SZ" if version.startswith("4") else "%Y-%m-%dT%H:%M:%SZ"
        return [(Line(name, at.astimezone(UTC).strftime(form)),)] if at else []

    return Field(names=(name,), key=attrgetter(attribute), read=read, write=write)


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_name(card: Card, into: dict[str, Any]) -> None:
    line, full = card.first("N"), texts(card.first("FN"))
    parts = parts_of(line, 5) if line else [""] * 5
    surname, given, given2, title, credential = (part or None for part in parts[:5])
    if full or any(parts):
        into["name"] = NameParts(
            full=full or None, given=given, given2=given2, surname=surname, title=title, credential=credential
        )


def _write_name(data: Contact, _: str) -> Sequence[Bundle]:
    """FN is asked for by every version; where the record has none it is put together."""
    name = data.name or NameParts()
    parts = (name.surname, name.given, name.given2, name.title, name.credential)
    spoken = " ".join(part for part in (name.title, name.given, name.given2, name.surname) if part)
    full = name.full or spoken or _substitute(data)
    return [(Line("FN", escaped(full)),), (Line("N", ";".join(escaped(part or "") for part in parts)),)]


def _substitute(data: Contact) -> str:
    organization = data.organizations[0].name if data.organizations else None
    email = data.emails[0].address if data.emails else None
    return organization or (data.nicknames[0] if data.nicknames else None) or email or ""


def _read_organizations(card: Card, into: dict[str, Any]) -> None:
    found: list[Organization] = []
    for line in card.all("ORG"):
        name, *units = parts_of(line, 1)
        if name or any(units):
            found.append(Organization(name=name or None, units=[unit for unit in units if unit]))
    if found:
        into["organizations"] = found


def _write_organizations(data: Contact, _: str) -> Sequence[Bundle]:
    return [
        (Line("ORG", ";".join(escaped(part) for part in (one.name or "", *one.units))),) for one in data.organizations
    ]


def _read_dates(card: Card, into: dict[str, Any]) -> None:
    found: list[Anniversary] = []
    for line in card.all(*_TYPES, "X-ABDATE"):
        date = _date(line)
        if date:
            kind = _TYPES.get(line.name) or (card.label(line) or "other").lower()
            found.append(Anniversary(type="wedding" if kind == "anniversary" else kind, date=date))
    if found:
        into["anniversaries"] = list(dict.fromkeys(found))


def _date(line: Line) -> str | None:
    """None for a text such as «around 1800», which stays in the native card."""
    found = _DATE.fullmatch(line.value.strip())
    if found is None:
        return None
    year, month, day = found.groups()
    if year == (line.parameter("X-APPLE-OMIT-YEAR") or _NO_YEAR) and month:
        year = "-"
    year = "-" if year.startswith("-") else year
    if (
        (month and not 1 <= int(month) <= 12)
        or (day and not 1 <= int(day) <= 31)
        or (year == "-" and not (month and day))
    ):
        return None
    return "-".join(part for part in (year, month, day) if part)


def _write_dates(data: Contact, version: str) -> Sequence[Bundle]:
    return [_date_bundle(one, version) for one in data.anniversaries]


def _date_bundle(one: Anniversary, version: str) -> Bundle:
    name = {"birth": "BDAY", "death": "DEATHDATE", "wedding": "ANNIVERSARY"}.get(one.type, "X-ABDATE")
    if version.startswith("4"):
        plain = one.date.replace("-", "") if len(one.date) == 10 else one.date
        text = "--" + one.date[2:].replace("-", "") if one.date.startswith("-") else plain
        return labelled(Line(name, text), one.type if name == "X-ABDATE" else None)
    name = "X-ANNIVERSARY" if name == "ANNIVERSARY" else name
    if one.date.startswith("-"):
        line = Line(name, f"{_NO_YEAR}{one.date[1:]}", {"X-APPLE-OMIT-YEAR": [_NO_YEAR]})
    else:
        line = Line(name, one.date)
    return labelled(line, one.type if name == "X-ABDATE" else None)


def _read_kind(card: Card, into: dict[str, Any]) -> None:
    kind = texts(card.first("KIND", "X-ADDRESSBOOKSERVER-KIND")).lower()
    if kind in _KINDS:
        into["card_kind"] = kind


def _write_kind(data: Contact, version: str) -> Sequence[Bundle]:
    name = "KIND" if version.startswith("4") else "X-ADDRESSBOOKSERVER-KIND"
    return [(Line(name, data.card_kind),)] if data.card_kind != "individual" else []


def _write_members(data: Contact, version: str) -> Sequence[Bundle]:
    name = "MEMBER" if version.startswith("4") else "X-ADDRESSBOOKSERVER-MEMBER"
    return [(Line(name, member),) for member in data.members]


def made(
    names: Sequence[str],
    attribute: str,
    read: Callable[[Card, dict[str, Any]], None],
    write: Callable[[Contact, str], Sequence[Bundle]],
) -> Field:
    return Field(names=names, key=attrgetter(attribute), read=read, write=write)


_MEMBERS = many(("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"), "members", is_uri=True)
TEXT_FIELDS = (
    Field(
        names=("FN", "N"),
        key=lambda data: (data.name, _substitute(data) if not (data.name and data.name.full) else None),
        read=_read_name,
        write=_write_name,
    ),
    made(("KIND", "X-ADDRESSBOOKSERVER-KIND"), "card_kind", _read_kind, _write_kind),
    made(_MEMBERS.names, "members", _MEMBERS.read, _write_members),
    many(("NICKNAME",), "nicknames", in_one=True),
    made(("ORG",), "organizations", _read_organizations, _write_organizations),
    many(("TITLE", "ROLE"), "titles"),
    many(("URL",), "links", is_uri=True),
    made((*_TYPES, "X-ABDATE"), "anniversaries", _read_dates, _write_dates),
    many(("NOTE",), "notes"),
    many(("CATEGORIES",), "keywords", in_one=True),
    simple("LANG", "language"),
    instant("REV", "updated"),
    instant("CREATED", "created"),
)
