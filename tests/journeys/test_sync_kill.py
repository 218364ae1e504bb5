"""`kill -9` of a sync at random moments, also while the service changes: what is there in the end is what the service has."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.app.hub import Hub
from tests.journeys.conftest import environment
from tests.standin import Shop, connect, open_hub, open_shop, write_connector

RECORDS = 10_000
"""In each of three streams."""
KILLS = [8, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        opened.page = 250
        for shelf in (opened.tasks, opened.events, opened.notes):
            shelf.fill(RECORDS)
        yield opened


@pytest.fixture
def kill(data: Path, tmp_path: Path, shop: Shop):
    """Syncs until it is killed; whether it was still at work then."""
    folder = write_connector(tmp_path / "connectors")
    with open_hub(data, folder) as hub:
        connect(hub, shop)
    command = [sys.executable, "-m", "entrepot", "sync", "shop", "--json"]
    env = environment(data, ENTREPOT_CONNECTORS=str(folder))

    def run(seconds: float) -> bool:
        asked = len(shop.asked)
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            # Half of the time is counted from the first request: before it, there is little to break.
            until = time.monotonic() + 20
            while len(shop.asked) == asked and process.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(seconds)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                return True
        return False

    return run


def shown(hub: Hub, kind: str) -> dict[str, str]:
    items = list(hub.items(kind=kind))
    found = {item.source.object_id: item.value.title for item in items}
    assert len(found) == len(items), "none is there twice"
    return found


def offered(shop: Shop, kind: str) -> dict[str, str]:
    return {name: str(record["title"]) for name, record in getattr(shop, f"{kind}s").records.items()}


@pytest.mark.parametrize("kills", KILLS)
def test_a_first_sync_killed_at_random_moments_ends_as_if_it_had_not_been(kills, kill, shop, data, tmp_path):
    dice = random.Random(kills)
    longest = 2.4 / kills
    killed = sum(kill(dice.uniform(0, longest)) for _ in range(kills))
    assert killed > kills / 2
    with open_hub(data, tmp_path / "connectors") as hub:
        report = hub.sync("shop")
        assert report.status == "done"
        assert report.counts.deleted == 0
        for kind in ("task", "event", "note"):
            assert shown(hub, kind) == offered(shop, kind)
        [links] = _fetch(hub, "SELECT count(*) FROM links")
        assert links == (3 * RECORDS,)
        again = hub.sync("shop", full=True).counts
        assert (again.created, again.updated, again.deleted) == (0, 0, 0)


@pytest.mark.parametrize("kills", KILLS)
def test_nor_do_kills_lose_what_changed_and_went_meanwhile(kills, kill, shop, data, tmp_path):
    with open_hub(data, tmp_path / "connectors") as hub:
        assert hub.sync("shop").status == "done"
    dice = random.Random(kills)
    killed = 0
    for turn in range(kills):
        for shelf in (shop.tasks, shop.events, shop.notes):
            for number in dice.sample(sorted(shelf.records), 20)[:15]:
                shelf.put(int(number[1:]), f"Changed in turn {turn}", day=min(28, turn + 2))
            shelf.remove(*(int(number[1:]) for number in dice.sample(sorted(shelf.records), 5)))
            shelf.put(RECORDS + turn, f"New in turn {turn}", day=min(28, turn + 2))
        killed += kill(dice.uniform(0, 0.4))
    assert killed > kills / 2
    with open_hub(data, tmp_path / "connectors") as hub:
        assert hub.sync("shop").status == "done"  # goes on with the listing that was killed
        assert hub.sync("shop").status == "done"
        for kind in ("task", "event"):
            assert shown(hub, kind) == offered(shop, kind)
        assert hub.sync("shop", full=True).status == "done"  # which alone shows what of the notes is gone
        for kind in ("task", "event", "note"):
            assert shown(hub, kind) == offered(shop, kind)


def _fetch(hub: Hub, sql: str) -> list[tuple[object, ...]]:
    with hub.services.database.read() as tx:
        return [tuple(row) for row in tx.fetch(sql)]
