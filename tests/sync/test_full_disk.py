"""A disk that is full in the middle of a sync: the next run goes on, and nothing is made twice."""

import pytest
from tests.sync.fake_remote import FakeRemote
from tests.sync.world import World

from entrepot.core.errors import PersonMustFix
from entrepot.storage.database import Database
from entrepot.storage.sqlite import Sqlite


@pytest.mark.parametrize("finds", [True, False])
def test_a_disk_that_is_full_in_the_middle_makes_nothing_twice(tmp_path, finds):
    remote = FakeRemote("a")
    remote.knobs.finds = finds
    with World(tmp_path, remote) as world:
        world.attach("a")
        world.settle()
        for number in range(20):
            world.add(title=f"t{number}", description="x" * 20_000)
            remote.put(f"r{number}", title=f"r{number}", description="y" * 20_000)
        size = world.rows("PRAGMA page_count")[0][0]
        world.database.close()
        outcomes = []
        for room in range(0, 400, 40):
            world.database = Database(Sqlite(tmp_path / "hub.db", most_pages=size + room))
            try:
                outcomes.append(world.sync("a").status)
            except PersonMustFix as why:
                outcomes.append(why.message)
            world.database.close()
        assert any("disk is full" in outcome for outcome in outcomes) or "failed" in outcomes
        world.database = world.open()
        world.settle()
        assert len(remote.records) == len(world.items()) == 40
        assert remote.titles() == world.titles()
