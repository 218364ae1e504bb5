"""A hub connected to the made-up service, and what is in its tables."""

import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests.standin import Shop, connect, open_hub, open_shop, write_connector
from tests.storage.conftest import postgres, url  # noqa: F401 -- databases are as there

from entrepot.app.hub import Hub
from entrepot.core.report import Watch

Fingerprint = Callable[[], str]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.fixture
def connectors(tmp_path: Path) -> Path:
    return write_connector(tmp_path / "connectors")


@pytest.fixture
def hub(tmp_path: Path, connectors: Path, shop: Shop) -> Iterator[Hub]:
    with open_hub(tmp_path / "hub", connectors) as opened:
        connect(opened, shop)
        yield opened


@pytest.fixture
def rows(hub: Hub) -> Callable[..., list[tuple[object, ...]]]:
    def select(sql: str, *values: object) -> list[tuple[object, ...]]:
        with hub.services.database.read() as tx:
            return [tuple(row) for row in tx.fetch(sql, *values)]

    return select


@pytest.fixture
def fingerprint(rows) -> Fingerprint:
    """Changes with every write to what the hub holds: every column of items, links and native texts."""

    def taken() -> str:
        tables = [rows(f"SELECT * FROM {name} ORDER BY 1") for name in ("items", "links", "natives")]
        return sha256(repr(tables).encode()).hexdigest()

    return taken


@pytest.fixture
def titles(hub: Hub) -> Callable[[str], list[str]]:
    """What is there of a kind, as a person would see it."""
    return lambda kind: sorted(item.value.title for item in hub.items(kind=kind))


@pytest.fixture
def apart(shop: Shop) -> Callable[[], Watch]:
    """From now on a page is only sent once the one before is applied, so that none are joined; the watch tells."""

    def begin() -> Watch:
        applied = threading.Semaphore(2)

        def meddle(asked: str) -> None:
            if "/r" not in asked:
                applied.acquire(timeout=2)

        shop.meddle = meddle
        return lambda _: applied.release()

    return begin
