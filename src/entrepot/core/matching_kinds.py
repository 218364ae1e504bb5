"""By what records of each kind are known again on another side: names the world gave them, and what makes alike."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from entrepot.core.lens import LensError
from entrepot.core.lens_time import parsed, zone_named

Record = Any
"""Something with the attributes of the kind."""

SERVICES_OWN = frozenset({"url"})
"""Names that every service gives anew: the same one proves something, another one nothing."""

_APART = re.compile(r"[\s:;,.\-‐‑–—~〜/・|]+")  # not `!` and `'`: they tell one season of a series from the next
_PHONE_DIGITS = 9  # what is left of a number without country and trunk prefix


class Claim(NamedTuple):
    """Records that share the text are looked at; `score` is what the sharing alone is worth."""

    words: str
    score: float
    text: str


class Mark(msgspec.Struct, frozen=True):
    """What speaks against a pair: the score is less by `differs` or, where only one side has it, by `lacks`."""

    field: str
    differs: float
    lacks: float = 0.0
    read: Callable[[Record], Any] | None = None
    """What is compared, if not the field as it is."""


def _nothing(_record: Record) -> Iterator[Any]:
    yield from ()


class Likeness(msgspec.Struct, frozen=True):
    """`names`: what the record is called, name and value. `fields` are those that the claims look at."""

    names: Callable[[Record], Iterator[tuple[str, str]]] = _nothing
    claims: Callable[[Record], Iterator[Claim]] = _nothing
    fields: frozenset[str] = frozenset()
    marks: tuple[Mark, ...] = ()


def plain(text: str | None) -> str:
    """Text without what people and services write one way or the other: case, widths, spaces."""
    if not text:
        return ""
    return " ".join((text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()).split())


def moment(local: str | None, zone: str | None, *, is_day: bool) -> str:
    """The same text for the same moment, whatever zone it is told in; a floating time is no moment of any zone."""
    if local is None:
        return ""
    if is_day:
        return local[:10]
    if zone is None:
        return local
    try:
        return str(parsed(local).replace(tzinfo=zone_named(zone)).timestamp())
    except (LensError, OverflowError):
        return f"{local} {zone}"


def likeness(kind: str) -> Likeness:
    """Kinds without an entry are known again only if all is equal."""
    return _KINDS.get(kind, _ANY)


def _of(*names: str) -> Callable[[Record], Iterator[tuple[str, str]]]:
    def read(record: Record) -> Iterator[tuple[str, str]]:
        for name in names:
            if value := getattr(record, name):
                yield name, plain(value)

    return read


def _event(record: Record) -> Iterator[Claim]:
    if (title := plain(record.title)) and record.start:
        at = moment(record.start, record.time_zone, is_day=record.show_without_time)
        yield Claim("title and start", 0.97, f"{title}\n{at}\n{record.recurrence_id}")


def _task(record: Record) -> Iterator[Claim]:
    if title := plain(record.title):
        due = moment(record.due, record.time_zone, is_day=record.show_without_time)
        yield Claim("title and due date" if due else "title", 0.97, f"{title}\n{due}\n{record.recurrence_id}")


def _is_done(task: Record) -> bool | None:
    return True if task.progress in {"completed", "cancelled", "failed"} else None


def _contact(record: Record) -> Iterator[Claim]:
    for email in record.emails:
        if address := plain(email.address):
            yield Claim("e-mail address", 0.97, address)
    for phone in record.phones:
        digits = re.sub(r"\D", "", phone.number)[-_PHONE_DIGITS:]
        if len(digits) >= 7:
            yield Claim("phone number", 0.92, digits)


def _person(contact: Record) -> tuple[str, str]:
    """Given name and surname, as far as anybody can tell."""
    name = contact.name
    if name is None:
        return "", ""
    words = plain(name.full).split()
    given = plain(name.given) or (words[0] if words else "")
    return given, plain(name.surname) or (words[-1] if len(words) > 1 else "")


def _text(record: Record) -> Iterator[Claim]:
    title, body = plain(record.title), "\n".join(line.rstrip() for line in record.body.strip().splitlines())
    if body:
        yield Claim("title and text", 0.97, f"{title}\n{body}")
    elif title:
        yield Claim("title", 0.9, title)


def _identifiers(entry: Record) -> Iterator[tuple[str, str]]:
    for name, value in entry.identifiers.items():
        if value:
            yield name, f"{entry.medium}\n{plain(value)}"


def _library(entry: Record) -> Iterator[Claim]:
    main = _work(entry.title)
    if main:
        yield Claim("title", 0.95, f"{entry.medium}\n{main}")
    for title in dict.fromkeys(map(_work, entry.titles.values())):
        if title and title != main:
            yield Claim("one of its titles", 0.9, f"{entry.medium}\n{title}")


def _work(title: str) -> str:
    return " ".join(_APART.split(plain(title))).strip()


def _format(entry: Record) -> str:
    return "".join(each for each in plain(entry.format) if each.isalnum())


def _citation_names(citation: Record) -> Iterator[tuple[str, str]]:
    if citation.doi:
        yield "doi", plain(citation.doi).removeprefix("https://doi.org/")
    if citation.isbn and citation.type == "book":  # the chapters of a book have its number, too
        yield "isbn", citation.isbn.replace("-", "").replace(" ", "")
    yield from _of("url")(citation)


def _citation(citation: Record) -> Iterator[Claim]:
    if title := _work(citation.title):
        author = citation.author[0] if citation.author else None
        family = plain(author.family or author.literal) if author else ""
        yield Claim("title, author and year", 0.92, f"{title}\n{family}\n{(citation.issued or '')[:4]}")


def _joined(name: str, *fields: str) -> Callable[[Record], Iterator[tuple[str, str]]]:
    def read(record: Record) -> Iterator[tuple[str, str]]:
        values = [plain(getattr(record, field)) for field in fields]
        if all(values):
            yield name, "\n".join(values)

    return read


def _together(words: str, score: float, *fields: str) -> Callable[[Record], Iterator[Claim]]:
    """Claimed where all of the fields say something."""

    def read(record: Record) -> Iterator[Claim]:
        values = [getattr(record, field) for field in fields]
        if all(values):
            yield Claim(words, score, "\n".join(plain(str(value)) for value in values))

    return read


_ANY = Likeness()
_WHEN = frozenset({"title", "time_zone", "show_without_time", "recurrence_id"})
_WRITTEN = frozenset({"title", "body"})
_KINDS: Mapping[str, Likeness] = {
    "event": Likeness(
        claims=_event,
        fields=_WHEN | {"start"},
        marks=(
            Mark("time_zone", 0.05, 0.02),
            Mark("duration", 0.1),
            Mark("recurrence_rules", 0.1, 0.1),
            Mark("description", 0.05, 0.02, lambda event: plain(event.description)),
            Mark("locations", 0.03),
        ),
    ),
    "task": Likeness(
        claims=_task,
        fields=_WHEN | {"due"},
        marks=(
            Mark("start", 0.1, 0.03),
            Mark("recurrence_rules", 0.1, 0.05),
            Mark("description", 0.06, 0.03, lambda task: plain(task.description)),
            Mark("progress", 0.1, 0.1, _is_done),
        ),
    ),
    "contact": Likeness(
        claims=_contact,
        fields=frozenset({"emails", "phones", "name"}),
        marks=(
            Mark("name", 0.05, 0.13, lambda contact: " ".join(_person(contact)).strip()),
            Mark("name", 0.2, 0.0, lambda contact: _person(contact)[0]),
            Mark("name", 0.1, 0.0, lambda contact: _person(contact)[1]),
        ),
    ),
    "note": Likeness(claims=_text, fields=_WRITTEN, marks=(Mark("tags", 0.03),)),
    "document": Likeness(claims=_text, fields=_WRITTEN, marks=(Mark("tags", 0.03), Mark("properties", 0.15, 0.02))),
    "library_entry": Likeness(
        names=_identifiers,
        claims=_library,
        fields=frozenset({"medium", "title"}),
        marks=(Mark("total", 0.2), Mark("total_volumes", 0.1), Mark("format", 0.08, 0.0, _format)),
    ),
    "issue": Likeness(names=_of("url"), claims=_text, fields=_WRITTEN, marks=(Mark("repository", 0.1),)),
    "citation": Likeness(names=_citation_names, claims=_citation, fields=frozenset({"title", "author", "issued"})),
    "message": Likeness(names=_of("message_id")),
    "post": Likeness(
        names=_of("url"),
        claims=_together("text and time", 0.95, "content", "published"),
        fields=frozenset({"content", "published"}),
    ),
    "file": Likeness(
        claims=_together("path", 0.97, "path"),
        fields=frozenset({"path"}),
        marks=(Mark("sha256", 0.1), Mark("size", 0.05)),
    ),
    "media": Likeness(
        names=_of("sha256"),
        claims=_together("file name and time", 0.9, "file_name", "date_time_original"),
        fields=frozenset({"file_name", "date_time_original"}),
    ),
    "company": Likeness(
        names=_of("domain"),
        claims=_together("name", 0.92, "name"),
        fields=frozenset({"name"}),
        marks=(Mark("domain", 0.5, 0.1), Mark("country", 0.3), Mark("city", 0.2)),
    ),
    "deal": Likeness(
        claims=_together("name", 0.92, "name"),
        fields=frozenset({"name"}),
        marks=(Mark("amount", 0.3, 0.1), Mark("currency", 0.3), Mark("close_date", 0.1)),
    ),
    "workout": Likeness(
        claims=_together("sport and start", 0.93, "sport", "start"), fields=frozenset({"sport", "start"})
    ),
    "account": Likeness(names=_of("iban")),
    "transaction": Likeness(names=_joined("bank reference", "account", "account_servicer_reference")),
    "order": Likeness(names=_joined("order number", "seller", "order_number")),
}
