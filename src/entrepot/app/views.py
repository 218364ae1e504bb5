"""What people and programs see of the hub's rows: public ids, aware times, data as its kind."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property

import msgspec

from entrepot.core import kinds
from entrepot.core.kind import Kind
from entrepot.core.report import Counts, Status


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Source(msgspec.Struct, frozen=True):
    """Where an item came from. `integration` is its name in the hub."""

    platform: str
    integration: str
    object_id: str


class Item(msgspec.Struct, frozen=True, dict=True):
    """One record in the hub. `data` is its JSON; `value` the same as a struct of its kind."""

    id: str
    kind: str
    collection: str | None
    data: msgspec.Raw
    source: Source
    imported_at: datetime
    updated_at: datetime
    deleted_at: datetime | None

    @cached_property
    def value(self) -> Kind:
        return kinds.decode(self.kind, bytes(self.data))

    @property
    def title(self) -> str:
        """A few words by which people know it."""
        return kinds.title_of(self.value)


class IntegrationView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    connector: str
    mode: str
    status: str
    account_id: str
    account_name: str
    base_url: str
    settings: Mapping[str, str]
    last_error: str
    created_at: datetime


class CollectionView(msgspec.Struct, frozen=True):
    id: str
    kind: str
    name: str
    items: int


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    connector: str
    integration: str
    task: str
    status: Status
    started: datetime | None
    seconds: float
    counts: Counts
    error: Mapping[str, str] | None = None


class Amount(msgspec.Struct, frozen=True):
    """How many items of a kind came from a source."""

    kind: str
    source: str
    items: int


class Removed(msgspec.Struct, frozen=True):
    id: str
    items_deleted: int
