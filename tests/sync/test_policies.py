"""Who wins where both sides edited the same: by field, by collection, by integration; and what is left to a person."""

from datetime import timedelta

import pytest
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.world import World

from entrepot.core.conflict import Policy
from entrepot.storage import conflicts
from entrepot.sync import resolving

LEVELS = ["field", "collection", "integration"]


@pytest.fixture
def a():
    return FakeRemote("a", knobs=Knobs(stamps=timedelta(hours=1)))


@pytest.fixture
def world(tmp_path, a):
    with World(tmp_path, a) as opened:
        a.put("a1", title="milk", description="one")
        opened.attach("a")
        opened.settle()
        yield opened


def say(world, level, policy):
    match level:
        case "field":
            world.policies(title=policy)
        case "collection":
            world.policies(policy)
        case _:
            world.policies(policy, integration="a")


def clash(world, a):
    world.edit(world.item("milk"), title="oat milk")
    a.put("a1", title="soy milk")
    world.settle()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("policy", "winner"),
    [
        (Policy(mode="latest"), "soy milk"),
        (Policy(mode="source", sources=("hub", "a")), "oat milk"),
        (Policy(mode="source", sources=("a", "hub")), "soy milk"),
        (Policy(mode="source", sources=("a",)), "soy milk"),
        (Policy(mode="source", sources=("hub",)), "oat milk"),
    ],
    ids=["latest", "source hub", "source a", "only a", "only the hub"],
)
def test_a_policy_settles_a_clash_at_each_level_and_tells_what_lost(world, a, level, policy, winner):
    say(world, level, policy)
    clash(world, a)
    assert a.titles() == world.titles() == [winner]
    assert world.conflicts() == []
    (told,) = [each for each in world.resolutions() if each["field"] == "title"]
    loser = {"soy milk": "oat milk", "oat milk": "soy milk"}[winner]
    assert (told["kept"], told["lost"]) == ({"title": winner}, {"title": loser})
    assert world.rest() == 0


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("policy", [Policy(), Policy(mode="manual"), Policy(mode="source", sources=("other",))])
def test_what_no_policy_settles_waits_for_a_person(world, a, level, policy):
    say(world, level, policy)
    clash(world, a)
    assert (a.titles(), world.titles()) == (["soy milk"], ["oat milk"])
    assert world.conflicts() == ["title"]
    assert world.rest() == 0


def test_the_nearest_policy_holds(world, a):
    world.policies(Policy(mode="source", sources=("hub",)), integration="a")
    world.policies(Policy(mode="latest"), title=Policy(mode="manual"))
    world.edit(world.item("milk"), title="oat milk", priority=1)
    a.put("a1", title="soy milk", priority=2)
    world.settle()
    assert world.conflicts() == ["title"]
    assert world.told("oat milk", "priority") == a.told("soy milk", "priority") == 2


def test_manual_asks_about_every_double_edit_even_one_that_would_merge(world, a):
    a.put("a1", keywords=["x"])
    world.settle()
    world.policies(keywords=Policy(mode="manual"))
    world.edit(world.item("milk"), keywords=["x", "here"])
    a.put("a1", keywords=["x", "there"])
    world.settle()
    assert world.conflicts() == ["keywords"]


def test_a_policy_said_later_settles_what_was_open(world, a):
    clash(world, a)
    assert world.conflicts() == ["title"]
    world.policies(Policy(mode="source", sources=("hub",)))
    world.edit(world.item("oat milk"), description="anything")
    world.settle()
    assert world.conflicts() == []
    assert a.titles() == world.titles() == ["oat milk"]


def test_source_orders_three_services(tmp_path):
    remotes = [FakeRemote(name) for name in "abc"]
    with World(tmp_path, *remotes) as world:
        for remote in remotes:
            remote.put("1", title="milk", uid="u")
            world.attach(remote.name)
        world.settle()
        world.policies(Policy(mode="source", sources=("c", "b", "a")))
        for remote in remotes:
            remote.put("1", title=f"by {remote.name}")
        world.settle()
        assert {title for remote in remotes for title in remote.titles()} == {"by c"}
        assert world.titles() == ["by c"]
        assert world.conflicts() == []
        assert world.rest() == 0


@pytest.mark.parametrize(
    ("use", "given", "title"),
    [
        ("hub", None, "oat milk"),
        ("remote", None, "soy milk"),
        ("base", None, "milk"),
        ("merged", "rye milk", "rye milk"),
    ],
)
def test_a_persons_word_on_a_conflict_reaches_both_sides(world, a, use, given, title):
    clash(world, a)
    with world.database.write() as tx:
        (row,) = conflicts.open_in(tx, world.workspace)
        resolving.resolve(tx, world.workspace, row, use, *([given] if given else []))
    assert world.conflicts() == []
    world.settle()
    assert a.titles() == world.titles() == [title]
    assert world.conflicts() == []
    assert world.rest() == 0


@pytest.mark.parametrize("use", ["hub", "remote"])
@pytest.mark.parametrize("gone", ["hub", "service"])
def test_a_persons_word_on_whether_a_record_is_to_exist_reaches_both_sides(world, a, use, gone):
    world.policies(Policy(deletion="ask"))
    item = world.item("milk")
    if gone == "hub":
        world.delete(item)
        a.put("a1", title="edited")
    else:
        a.drop("a1")
        world.edit(item, title="edited")
    world.settle()
    assert world.conflicts() == [""]
    with world.database.write() as tx:
        (row,) = conflicts.open_in(tx, world.workspace)
        resolving.resolve(tx, world.workspace, row, use)
    world.settle(confirmed=True)
    assert a.titles() == world.titles() == ([] if use == {"hub": "hub", "service": "remote"}[gone] else ["edited"])
    assert world.conflicts() == []
    assert world.rest() == 0
