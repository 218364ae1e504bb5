"""Records and their counterparts: one each, found again, kept whole, and none held up by another."""

import pytest
from tests.sync.fake_remote import BatchingRemote, FakeRemote, Knobs
from tests.sync.faults import failing, no_fault
from tests.sync.world import World

DUE = "2026-01-01T00:00:00"


@pytest.mark.parametrize("remote", [FakeRemote, BatchingRemote])
@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_i14_one_record_that_is_refused_does_not_hold_up_the_others(tmp_path, remote, verb):
    a = remote("a")
    with World(tmp_path, a) as world:
        for number in range(5):
            a.put(f"a{number}", title=f"t{number}")
        world.attach("a")
        world.settle()
        a.knobs.refuses = lambda write: "it is locked" if verb == write.verb and _is_second(write) else ""
        for public, fields in world.items().items():
            match verb:
                case "create":
                    world.add(title=f"x{fields['title']}")
                case "update":
                    world.edit(public, title=f"x{fields['title']}")
                case _ if fields["title"] in {"t1", "t2"}:
                    world.delete(public)
        world.settle()
        assert world.aside() == ["it is locked"]
        done = {"create": 9, "update": 4, "delete": 1}[verb]
        assert len([each for each, _ in a.writes if each == verb]) == (4 if verb == "create" else done)
        assert world.rest() == 0
        report = world.sync("a")
        assert report.status == "done"
        if verb != "create":
            assert a.records["a1"].fields["title"] == "t1"


def _is_second(write):
    return write.data.title == "xt1" if write.data is not None else write.ref.id == "a1"


@pytest.mark.parametrize("by", ["an edit here", "an edit there"])
def test_i14_what_was_refused_is_tried_again_once_it_is_edited(tmp_path, by):
    a = FakeRemote("a", knobs=Knobs(refuses=lambda write: "too long" if len(write.data.title) > 5 else ""))
    with World(tmp_path, a) as world:
        a.put("a1", title="milk")
        world.attach("a")
        world.settle()
        world.edit(world.item("milk"), title="semi-skimmed milk", percent_complete=10)
        world.settle()
        tried = a.requests.count("before update")
        world.settle()
        assert a.requests.count("before update") == tried
        assert world.aside() == ["too long"]
        if by == "an edit here":
            world.edit(world.item("semi-skimmed milk"), title="oat")
            world.settle()
            assert a.titles() == world.titles() == ["oat"]
        else:
            a.knobs.refuses = lambda _: ""
            a.put("a1", description="new")
            world.settle()
            assert a.titles() == world.titles() == ["semi-skimmed milk"]
            assert world.told("semi-skimmed milk", "description") == "new"
        assert world.aside() == []
        assert a.records["a1"].fields["percent_complete"] == 10
        assert world.conflicts() == []


def test_i14_what_the_service_edits_still_comes_in_while_our_edit_is_set_aside(tmp_path):
    a = FakeRemote("a", knobs=Knobs(refuses=lambda _: "no"))
    with World(tmp_path, a) as world:
        a.put("a1", title="milk")
        world.attach("a")
        world.settle()
        world.edit(world.item("milk"), title="oat milk")
        world.settle()
        a.put("a1", description="news")
        world.settle()
        assert world.told("oat milk", "description") == "news"
        assert world.aside() == ["no"]
        a.put("a1", title="soy milk")
        world.settle()
        assert world.conflicts() == ["title"]


def test_i14_a_service_that_is_busy_gets_the_rest_later(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(20):
            a.put(f"a{number:02}", title=f"t{number}")
        world.attach("a")
        world.attach("b")
        world.sync("a")
        b.fault = failing("before create", nth=6)
        assert world.sync("b").status == "failed"
        b.fault = no_fault
        assert 5 <= len(b.records) < 20
        world.settle()
        assert a.titles() == b.titles()
        assert len(b.writes) == 20


@pytest.mark.parametrize("lost", ["before batch", "after batch"])
def test_i14_a_batch_of_which_some_fail_and_the_answer_is_lost_makes_nothing_twice(tmp_path, lost):
    a = BatchingRemote("a", knobs=Knobs(refuses=lambda write: "no" if write.data.title == "t3" else ""))
    with World(tmp_path, a) as world:
        world.attach("a")
        for number in range(6):
            world.add(title=f"t{number}")
        a.fault = failing(lost)
        assert world.sync("a").status == "failed"
        a.fault = no_fault
        world.settle()
        assert a.titles() == ["t0", "t1", "t2", "t4", "t5"]
        assert world.aside() == ["no"]
        assert world.rest() == 0


def test_i15_at_most_one_link_for_each_record_and_for_each_item_at_an_attachment(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(4):
            a.put(f"a{number}", title="the same title", due=DUE)
            b.put(f"b{number}", title="the same title", due=DUE)
        world.attach("a")
        world.attach("b")
        world.settle()
        world.edit(next(iter(world.items())), title="another")
        a.drop("a1")
        b.put("b9", title="the same title", due=DUE)
        world.settle()
        for twice in ("stream_id, object_id", "stream_id, item_id"):
            assert (
                world.rows(f"SELECT {twice} FROM links WHERE gone_at IS NULL GROUP BY {twice} HAVING count(*) > 1")
                == []
            )
        assert a.titles() == b.titles() == world.titles()
        assert world.rest() == 0


def test_i15_a_record_whose_service_gave_it_another_id_is_still_one_everywhere(tmp_path):
    """The old id is gone, the same record stands there under a new one: at first that is a deletion and a new one."""
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("old", title="milk", due=DUE, uid="u1")
        world.attach("a")
        world.attach("b")
        world.settle()
        a.put("new", **a.records["old"].fields)
        a.drop("old")
        world.settle(confirmed=True)
        assert a.titles() == b.titles() == world.titles() == ["milk"]
        assert len(a.records) == 1
        assert world.rest() == 0


def test_i15_two_records_with_one_uid_are_two(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="one", uid="same")
        a.put("a2", title="two", uid="same")
        world.attach("a")
        world.attach("b")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["one", "two"]
        a.put("a1", title="uno")
        world.settle()
        assert a.titles() == b.titles() == world.titles() == ["two", "uno"]


@pytest.mark.parametrize("by", [{"uid": "u{0}"}, {}, {"description": "d{0}"}], ids=["uid", "equal", "alike"])
def test_i16_the_same_records_on_both_sides_are_linked_and_not_made_again(tmp_path, by):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(20):
            more = {name: value.format(number) for name, value in by.items()}
            a.put(f"a{number}", **{"title": f"t{number}", "due": f"2026-01-{number + 1:02}T00:00:00", **more})
            b.put(f"b{number}", **{"title": f"t{number}", "due": f"2026-01-{number + 1:02}T00:00:00", **more})
        if "description" in by:
            b.put("b3", description="edited meanwhile")
        world.attach("a")
        world.attach("b")
        world.settle()
        assert len(world.items()) == 20
        assert not [verb for remote in (a, b) for verb, _ in remote.writes if verb == "create"]
        assert world.rest() == 0


def test_i16_where_both_differ_in_a_field_at_the_first_link_neither_is_lost(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk", uid="u", description="at a", keywords=["x"])
        b.put("b1", title="milk", uid="u", description="at b", keywords=["y"])
        world.attach("a")
        world.attach("b")
        world.settle()
        (item,) = world.items().values()
        assert sorted(item["keywords"]) == ["x", "y"]
        assert (a.told("milk", "description"), b.told("milk", "description")) == ("at a", "at b")
        assert world.conflicts() == ["description"]


def test_i16_what_could_be_either_of_two_is_not_guessed(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(2):
            a.put(f"a{number}", title="call", priority=number + 1)
        b.put("b0", title="call", priority=9)
        world.attach("a")
        world.attach("b")
        world.settle()
        assert len(world.items()) == len(a.records) == len(b.records) == 3


@pytest.mark.parametrize("whole", [True, False], ids=["an update replaces all", "an update changes parts"])
def test_i17_what_no_field_of_ours_says_survives_an_edit(tmp_path, whole):
    a, b = FakeRemote("a", knobs=Knobs(whole=whole)), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        a.put("a1", title="milk", categories=["c"], links=["https://example.org"], color="#fff")
        secret = {"X-SECRET": "keep me", "nested": {"photo": [1, 2, 3]}}
        a.records["a1"].opaque = dict(secret)
        world.attach("a")
        world.attach("b")
        world.settle()
        before = dict(a.records["a1"].fields)
        world.edit(world.item("milk"), title="oat milk")
        world.settle()
        b.put(b.of("oat milk").id, description="from b")
        world.settle()
        assert a.records["a1"].opaque == secret
        assert a.records["a1"].fields == {**before, "title": "oat milk", "description": "from b"}
        assert [write.fields for write in a.written] == [frozenset({"title"}), frozenset({"description"})]


def test_i17_what_was_added_meanwhile_survives_too(tmp_path):
    a = FakeRemote("a", knobs=Knobs(whole=True))
    with World(tmp_path, a) as world:
        a.put("a1", title="milk")
        world.attach("a")
        world.settle()
        a.records["a1"].opaque = {"photo": 1}
        a.put("a1")
        world.edit(world.item("milk"), title="oat milk")
        world.settle()
        assert (a.titles(), a.records["a1"].opaque) == (["oat milk"], {"photo": 1})
