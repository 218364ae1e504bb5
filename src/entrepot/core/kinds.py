"""The registry of kinds: name to struct, and the JSON Schema, reader and writer derived from each struct."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import msgspec

from entrepot.core.kind import Kind
from entrepot.core.life import HealthSample, LibraryEntry, Play, Visit, Workout
from entrepot.core.people import Contact, Message, Post
from entrepot.core.planner import Event, Issue, Task
from entrepot.core.trade import Account, Company, Deal, Metric, Order, Transaction
from entrepot.core.writing import Citation, Document, File, Media, Note

KINDS: Mapping[str, type[Kind]] = MappingProxyType(
    {
        struct.kind: struct
        for struct in (
            Account, Citation, Company, Contact, Deal, Document, Event, File, HealthSample, Issue,
            LibraryEntry, Media, Message, Metric, Note, Order, Play, Post, Task, Transaction, Visit, Workout,
        )
    }
)  # fmt: skip

MOST_TITLE = 120

_ENCODER = msgspec.json.Encoder(decimal_format="string")


def encode(data: Kind) -> bytes:
    """The JSON an item is stored as: camelCase, defaults left out, the same bytes for the same data."""
    return _ENCODER.encode(data)


@cache
def decoder(kind: str) -> msgspec.json.Decoder[Kind]:
    return msgspec.json.Decoder(KINDS[kind])


def decode(kind: str, data: bytes) -> Kind:
    return decoder(kind).decode(data)


@cache
def schema(kind: str) -> dict[str, object]:
    """JSON Schema 2020-12 of a kind's data."""
    struct = KINDS[kind]
    found = msgspec.json.schema(struct)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "description": struct.standard,
        **found,
    }


_TITLES = ("title", "name", "subject", "file_name", "path", "summary", "content", "text", "remittance", "type", "sport")


def title_of(data: Kind) -> str:
    """A few words by which people know a record, whatever its kind."""
    for field in _TITLES:
        value = getattr(data, field, None)
        text = getattr(value, "full", None) if field == "name" and not isinstance(value, str) else value
        if isinstance(text, str) and text.strip():
            line = text.strip().splitlines()[0]
            return line if len(line) <= MOST_TITLE else f"{line[: MOST_TITLE - 1]}…"
    return ""
