"""Bases: what the hub and a service last agreed on about a record, as each of them holds it."""

from collections.abc import Iterable

from sqlalchemy import Boolean, Column, LargeBinary, Table, Text

from entrepot.core import kinds
from entrepot.core.fields import Fields, decode_fields, encode_fields, fields_of, record_of
from entrepot.core.kinds import KINDS
from entrepot.core.plan_sides import Base
from entrepot.storage.metadata import METADATA, Key
from entrepot.storage.transaction import Writing

# `hub` is null where both sides hold the same. `whole`: the JSON of the kind, defaults left out, as items have it.
bases = Table(
    "bases",
    METADATA,
    Column("link_id", Key, primary_key=True, autoincrement=False),
    Column("attachment_id", Key, nullable=False, index=True),
    Column("whole", Boolean, nullable=False),
    Column("hub", LargeBinary, nullable=True),
    Column("remote", LargeBinary, nullable=False),
    Column("version", Text, nullable=True),
)


def keep(tx: Writing, kind: str, rows: Iterable[tuple[int, int, Base]]) -> None:
    """Each with the keys of its link and its attachment."""
    tx.each(
        "INSERT INTO bases (link_id, attachment_id, whole, hub, remote, version) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (link_id) DO UPDATE SET attachment_id = excluded.attachment_id, whole = excluded.whole,"
        " hub = excluded.hub, remote = excluded.remote, version = excluded.version",
        [(link, attachment, *_packed(kind, base)) for link, attachment, base in rows],
    )


def forget(tx: Writing, links: Iterable[int]) -> None:
    tx.each("DELETE FROM bases WHERE link_id = ?", [(link,) for link in links])


def unpacked(kind: str, *, whole: bool, hub: bytes | None, remote: bytes, version: str | None) -> Base:
    """The base that a row holds."""
    there = _unpack(kind, remote, whole=whole)
    return Base(hub=there if hub is None else _unpack(kind, hub, whole=whole), remote=there, version=version)


def _packed(kind: str, base: Base) -> tuple[bool, bytes | None, bytes, str | None]:
    whole = len(base.hub) == len(base.remote) == len(KINDS[kind].__struct_fields__)
    remote = _pack(kind, base.remote, whole=whole)
    hub = _pack(kind, base.hub, whole=whole)
    return whole, None if hub == remote else hub, remote, base.version


def _pack(kind: str, fields: Fields, *, whole: bool) -> bytes:
    return kinds.encode(record_of(kind, fields)) if whole else encode_fields(kind, fields)


def _unpack(kind: str, data: bytes, *, whole: bool) -> Fields:
    return fields_of(kinds.decode(kind, data)) if whole else decode_fields(kind, data)
