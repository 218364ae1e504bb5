from tests.sync.fake_remote import FakeRemote
from tests.sync.world import World


def test_two_services_come_to_agree(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    a.put("a1", title="milk")
    b.put("b1", title="bread")
    world = World(tmp_path, a, b)
    world.attach("a")
    world.attach("b")
    world.settle()
    assert a.titles() == b.titles() == world.titles() == ["bread", "milk"]
    item = next(public for public, fields in world.items().items() if fields["title"] == "milk")
    world.edit(item, title="oat milk")
    a.put("a1", description="two")
    world.settle()
    assert a.titles() == b.titles() == ["bread", "oat milk"]
    assert [r.fields["description"] for r in b.records.values() if r.fields["title"] == "oat milk"] == ["two"]
    b.drop("b1")
    world.settle()
    assert a.titles() == b.titles() == world.titles() == ["oat milk"]
    world.delete(item)
    world.settle()
    assert a.titles() == b.titles() == world.titles() == []
    world.close()


def test_same_on_both_sides(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    for n in range(5):
        a.put(f"a{n}", title=f"t{n}", due="2026-01-01T00:00:00")
        b.put(f"b{n}", title=f"t{n}", due="2026-01-01T00:00:00")
    world = World(tmp_path, a, b)
    world.attach("a")
    world.attach("b")
    world.settle()
    assert world.writes() == 0
    assert len(world.items()) == 5
    world.close()


def test_conflict(tmp_path):
    a = FakeRemote("a")
    a.put("a1", title="milk")
    world = World(tmp_path, a)
    world.attach("a")
    world.settle()
    item = next(iter(world.items()))
    world.edit(item, title="oat")
    a.put("a1", title="soy", description="x")
    world.settle()
    assert world.rows("SELECT field, words FROM conflicts WHERE closed = ''") == [("title", "edited differently on both sides")]
    assert world.titles() == ["oat"] and a.titles() == ["soy"]
    assert world.items()[item]["description"] == "x"
    world.settle()
    world.close()
