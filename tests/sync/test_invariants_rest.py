"""Both sides come to agree, and then there is rest: with services that rewrite, stamp, lag and repeat themselves."""

import os
import random
from datetime import timedelta

import pytest
from tests.sync.fake_remote import FakeRemote, Knobs
from tests.sync.world import World

SEEDS = int(os.environ.get("SEEDS", "1"))


def tidied(fields):
    return {
        **fields,
        "title": str(fields["title"]).strip().lower()[:20],
        "keywords": sorted({each.lower() for each in fields["keywords"]}),
        "priority": {None: None}.get(fields["priority"], min(4, fields["priority"] or 4)),
    }


def tidied_field(name, value):
    empty = {"title": "", "keywords": [], "priority": None}
    return tidied({**empty, name: value})[name] if name in empty else value


def completed(fields):
    """It finishes what is full, by itself."""
    done = fields["percent_complete"] == 100
    return {**fields, "progress": "completed" if done else fields["progress"]}


def filled(fields):
    """It fills what is completed, by itself: lists of what one has seen do."""
    done = fields["progress"] == "completed"
    return {**fields, "percent_complete": 100 if done else fields["percent_complete"]}


HABITS = {
    "plain": {},
    "rewrites and says so": {"normalise": tidied, "project": tidied_field},
    "rewrites and does not say so": {"normalise": tidied},
    "completes": {"normalise": completed},
    "no versions": {"versions": False},
    "no versions, rewrites": {"versions": False, "normalise": tidied},
    "late versions": {"late_versions": True},
    "late versions, rewrites": {"late_versions": True, "normalise": tidied},
    "another version on every read": {"bogus_versions": True},
    "replays": {"replay": 50},
    "replays, newest first": {"replay": 50, "reverse": True},
    "listings only": {"feed": False},
    "listings only, no versions, rewrites": {"feed": False, "versions": False, "normalise": tidied},
    "stamps": {"stamps": timedelta(hours=-3)},
    "stamps whole minutes": {"stamps": timedelta(days=400), "coarse": 60},
    "small pages": {"page": 2},
}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("habit", HABITS)
def test_i01_without_new_edits_all_sides_come_to_agree(tmp_path, habit, seed):
    """A lone service with the habit, one without, and edits at random on all three sides, never of one thing at once."""
    chance, habits = random.Random(f"{habit} {seed}"), HABITS[habit]
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        for step in range(8):
            _meddle(chance, world, step, a, b)
            world.sync(chance.choice("ab"), confirmed=True)
        world.settle(rounds=10, confirmed=True)
        told = habits.get("normalise", lambda fields: fields)
        names = ("title", "keywords", "priority", "description", "percent_complete")
        there = sorted(str([told(record.fields)[name] for name in names]) for record in a.records.values())
        assert there == sorted(str([told(fields)[name] for name in names]) for fields in world.items().values())
        assert there == sorted(str([told(record.fields)[name] for name in names]) for record in b.records.values())
        assert world.conflicts() == []
        assert world.rest() == 0


def test_i01_two_services_and_the_hub_agree_on_every_sort_of_edit(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    a.put("a1", title="milk")
    b.put("b1", title="bread")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["bread", "milk"]
        item = world.item("milk")
        world.edit(item, title="oat milk")
        a.put("a1", description="two")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["bread", "oat milk"]
        assert b.told("oat milk", "description") == world.told("oat milk", "description") == "two"
        b.drop("b1")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["oat milk"]
        world.delete(item)
        world.settle()
        assert a.titles() == b.titles() == world.titles() == []
        assert [verb for verb, _ in a.writes] == ["create", "update", "delete", "delete"]
        assert [verb for verb, _ in b.writes] == ["create", "update", "delete"]


def _meddle(chance, world, step, a, b):
    """One edit of one record on one side, after which all sides are told before it is edited elsewhere."""
    what = chance.choice(["new here", "new a", "new b", "edit here", "edit a", "edit b", "drop"])
    if not what.startswith("new"):
        world.settle(rounds=10, confirmed=True)
    match what:
        case "new here":
            world.add(title=f"Here {step}", keywords=["B", "a"], priority=chance.choice([None, 1, 7]))
        case "new a":
            a.put(f"made{step}", title=f"at a {step}", percent_complete=chance.choice([None, 50, 100]))
        case "new b":
            b.put(f"made{step}", title=f" At B {step} ", keywords=["C", "D"], priority=9)
        case "edit here" if items := world.items():
            world.edit(chance.choice(sorted(items)), description=f"d{step}", priority=chance.choice([None, 2, 8]))
        case "edit a" if a.records:
            a.put(chance.choice(sorted(a.records)), percent_complete=100)
        case "edit b" if b.records:
            b.put(chance.choice(sorted(b.records)), title=f" Again {step}", keywords=["C", str(step)])
        case "drop" if b.records:
            b.drop(chance.choice(sorted(b.records)))


@pytest.mark.parametrize("habits", HABITS.values(), ids=HABITS)
def test_i02_once_agreed_further_rounds_write_nothing(tmp_path, habits):
    a, b = FakeRemote("a", knobs=Knobs(**habits)), FakeRemote("b", knobs=Knobs(**habits))
    for number in range(4):
        a.put(f"a{number}", title=f" Thing A{number}", keywords=["X", "y"], priority=number)
        b.put(f"b{number}", title=f" Thing B{number}", keywords=["Y", "z"], percent_complete=100)
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        world.add(title=" From Here ", keywords=["Q"], priority=9)
        world.settle()
        world.edit(
            world.item(" From Here "), description="x", keywords=["Q", "R"]
        ) if " From Here " in world.titles() else None
        world.settle()
        entries, items = len(world.journal()), world.items()
        assert world.rest(rounds=5) == 0
        assert len(world.journal()) == entries
        assert world.items() == items
        assert len(items) == len(a.records) == len(b.records) == 9


def test_i02_a_feed_that_lags_behind_our_own_writes_is_no_edit(tmp_path):
    a, b = FakeRemote("a", knobs=Knobs(lag=2)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        item = world.add(title="one")
        world.settle()
        for title in ("two", "three", "four"):
            world.edit(item, title=title)
            world.settle()
        a.knobs.lag = 0
        assert world.rest() == 0
        assert a.titles() == b.titles() == world.titles() == ["four"]


def test_i02_an_old_page_that_comes_after_our_own_write_takes_nothing_back(tmp_path):
    """The feed tells again what it told before, and the record as it was then: some caches do."""
    a = FakeRemote("a")
    a.put("a1", title="one")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.settle()
        world.edit(world.item("one"), title="two")
        world.settle()
        a.log.append(("a1", "main"))
        world.settle()
        assert a.titles() == world.titles() == ["two"]


@pytest.mark.parametrize("habits", [{}, {"versions": False}, {"late_versions": True}], ids=str)
def test_i18_what_a_service_makes_of_an_edit_beyond_it_comes_back_and_goes_on(tmp_path, habits):
    a, b = FakeRemote("a", knobs=Knobs(normalise=filled, **habits)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        item = world.add(title="milk", progress="in-process")
        world.settle()
        world.edit(item, progress="completed")
        world.settle()
        assert a.told("milk", "percent_complete") == b.told("milk", "percent_complete") == 100
        assert world.told("milk", "percent_complete") == 100
        assert world.rest() == 0


def test_i18_what_a_service_fills_in_of_a_new_record_is_its_own(tmp_path):
    """A list that dates what is entered as seen today does not make the others say so."""
    a, b = FakeRemote("a", knobs=Knobs(normalise=filled)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        b.put("b1", title="milk", progress="completed")
        world.attach("b")
        world.settle()
        assert [side.told("milk", "percent_complete") for side in (a, b, world)] == [100, None, None]
        assert world.rest() == 0
        a.put(a.of("milk").id, percent_complete=90)
        world.settle()
        assert [side.told("milk", "percent_complete") for side in (a, b, world)] == [90, 90, 90]


SCORES = {"ten": 10, "five": 20, "three": 34}


def stepped(step):
    def project(name, value):
        if name != "score" or value is None:
            return value
        return max(step, min(100, (value + step // 2) // step * step))

    return project


@pytest.mark.parametrize("step", SCORES.values(), ids=SCORES)
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "not declared"])
def test_i18_a_coarser_echo_is_no_edit_for_every_value(tmp_path, step, declared):
    project = stepped(step)

    def normalise(fields):
        return {**fields, "score": project("score", fields["score"])}

    knobs = Knobs(normalise=normalise, **({"project": project} if declared else {}))
    a, b = FakeRemote("a", kind="library_entry", knobs=knobs), FakeRemote("b", kind="library_entry")
    with World(tmp_path, a, b, kind="library_entry") as world:
        world.attach("a")
        world.attach("b")
        for value in range(1, 101):
            world.add(title=f"{value:03}", score=value)
        world.settle(confirmed=True)
        assert world.rest() == 0
        assert [fields["score"] for fields in world.items().values()] == list(range(1, 101))
        assert sorted(record.fields["score"] for record in b.records.values()) == list(range(1, 101))
        assert all(
            record.fields["score"] == project("score", int(record.fields["title"])) for record in a.records.values()
        )
        record = a.of("085")
        a.put(record.id, notes="seen")
        world.settle()
        assert (world.told("085", "score"), world.told("085", "notes"), b.told("085", "score")) == (85, "seen", 85)
        a.put(record.id, score=step)
        world.settle()
        assert world.told("085", "score") == b.told("085", "score") == step


def test_i24_a_bridge_between_two_services_that_are_both_attached_comes_to_an_end(tmp_path):
    """Somebody else copies between a and b, too, and knows nothing of us."""
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        a.put("a1", title="milk", due="2026-01-01T00:00:00")
        counts = []
        for _ in range(12):
            _bridge(a, b)
            _bridge(b, a)
            world.sync("a")
            world.sync("b")
            counts.append((world.writes(), len(a.records), len(b.records)))
        assert counts[-1] == counts[-4]
        assert len(world.items()) <= 3


def _bridge(one, other):
    """It makes there what is not there by its title."""
    for record in list(one.records.values()):
        if record.fields["title"] not in other.titles():
            other.put(f"bridged-{record.id}", **record.fields)


def test_i24_three_services_in_one_collection_end_as_one(tmp_path):
    names = ("a", "b", "c")
    remotes = [FakeRemote(name, knobs=Knobs(normalise=tidied)) for name in names]
    with World(tmp_path, *remotes) as world:
        for remote in remotes:
            remote.put("1", title=f"From {remote.name}")
            world.attach(remote.name)
        world.settle()
        assert len(world.items()) == 3
        assert all(len(remote.records) == 3 for remote in remotes)
        remotes[2].put("1", description="edited")
        world.settle()
        assert [sum(r.fields["description"] == "edited" for r in remote.records.values()) for remote in remotes] == [
            1,
            1,
            1,
        ]
        remotes[0].drop("1")
        world.settle()
        assert [len(remote.records) for remote in remotes] == [2, 2, 2]
        assert world.writes() == 6 + 2 + 2
        assert world.rest() == 0


def test_i24_two_remote_collections_of_one_stream_in_one_collection_hold_the_same(tmp_path):
    a = FakeRemote("a", places=("main", "other"))
    a.put("1", title="one")
    a.put("2", "other", title="two")
    with World(tmp_path, a) as world:
        world.attach("a")
        world.attach("a", remote="other")
        world.settle()
        assert a.titles("main") == a.titles("other") == world.titles() == ["one", "two"]
        a.put("1", title="uno")
        world.settle()
        assert a.titles("main") == a.titles("other") == world.titles() == ["two", "uno"]
        a.drop("2")
        world.settle()
        assert a.titles("main") == a.titles("other") == world.titles() == ["uno"]
        world.delete(world.item("uno"))
        world.settle()
        assert a.titles() == world.titles() == []
        assert world.rest() == 0
