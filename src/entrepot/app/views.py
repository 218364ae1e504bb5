"""What people and programs see of the hub's rows: public ids, aware times, data as its kind."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property

import msgspec

from entrepot.core import kinds
from entrepot.core.kind import Kind
from entrepot.core.report import Counts, Status
from entrepot.storage import browsing
from entrepot.storage.integrations import Integration
from entrepot.storage.runs import Run


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Source(msgspec.Struct, frozen=True):
    """Where an item came from. `integration` is its name in the hub; both are `hub` where it was made here."""

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


def item(row: browsing.Item) -> Item:
    return Item(
        id=row.id,
        kind=row.kind,
        collection=row.collection.id if row.collection else None,
        data=msgspec.Raw(row.data),
        source=Source(row.platform, row.integration.name, row.object_id),
        imported_at=moment(row.imported_at),
        updated_at=moment(row.updated_at),
        deleted_at=moment(row.deleted_at) if row.deleted_at is not None else None,
    )


def integration(row: Integration) -> IntegrationView:
    return IntegrationView(
        id=row.id,
        name=row.name,
        connector=row.connector,
        mode=row.mode,
        status=row.status,
        account_id=row.account_id,
        account_name=row.account_name,
        base_url=row.base_url,
        settings=row.settings,
        last_error=row.last_error,
        created_at=moment(row.created_at),
    )


def run(row: Run) -> RunView:
    return RunView(
        run=row.id,
        connector=row.connector,
        integration=row.integration_name,
        task=row.task,
        status=row.status,
        started=moment(row.started_at) if row.started_at is not None else None,
        seconds=row.seconds(),
        counts=row.total(),
        error={"code": row.error_code, "message": row.error} if row.error_code else None,
    )
