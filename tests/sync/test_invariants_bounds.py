"""What a sync must never do beyond its task: hammer, mail, write where it may not, surprise, or be beyond recall."""

import random

import pytest
from tests.sync.fake_remote import BatchingRemote, FakeRemote, Knobs
from tests.sync.faults import no_fault
from tests.sync.world import World

from entrepot.core.errors import TryLater

TABLES = (
    "attachments", "bases", "collections", "conflicts", "events", "excluded", "incoming", "integrations", "intents",
    "items", "journal", "links", "marks", "natives", "pending", "positions", "refused", "runs", "seen", "streams",
)  # fmt: skip


def dump(world):
    return {table: world.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


def begun(world, *remotes, count=3, **settings):
    for number in range(count):
        remotes[0].put(f"a{number}", title=f"t{number}")
    for remote in remotes:
        world.attach(remote.name, **settings)
    world.settle()


class Budget:
    """So many requests between two calls of `refill`; the service says so with the first beyond it."""

    def __init__(self, most, *free):
        self.most = self.left = most
        self.free = free
        self.beyond = 0

    def refill(self):
        self.left = self.most
        self.beyond = 0

    def __call__(self, what):
        if what.startswith("after") or what in self.free:
            return
        self.left -= 1
        if self.left < 0:
            self.beyond += 1
            raise TryLater("too many requests", after=60)


@pytest.mark.parametrize(("remote", "together"), [(FakeRemote, 8), (BatchingRemote, 1)])
def test_i26_a_busy_service_is_left_alone_at_once_and_work_goes_on_where_it_stood(tmp_path, remote, together):
    """What is under way already meets the same; nothing else is asked for."""
    a, b = FakeRemote("a"), remote("b", knobs=Knobs(page=4))
    b.most = 3
    for number in range(20):
        a.put(f"a{number:02}", title=f"a{number}")
        b.put(f"b{number:02}", title=f"b{number}")
    with World(tmp_path, a, b) as world:
        world.attach("a")
        world.attach("b")
        world.sync("a")
        b.fault = budget = Budget(12 if together > 1 else 4, "before create" if together == 1 else "")
        for _ in range(60):
            report = world.sync("b")
            assert budget.beyond <= together
            if report.status == "done":
                break
            assert report.status == "failed"
            assert "Not before" in report.error["message"]
            budget.refill()
        assert report.status == "done"
        assert b.requests.count("listing") <= 6 + 1
        b.fault = no_fault
        world.settle()
        assert a.titles() == b.titles() == world.titles()
        assert len(b.writes) == len(a.writes) == 20
        assert b.requests.count("find") <= together * 12


@pytest.mark.parametrize("seed", range(3))
def test_i25_hints_that_are_lost_doubled_or_out_of_order_end_with_the_same(tmp_path, seed):
    """A webhook only says when to look: what is there is read, and a look at times finds what no hint told."""
    chance = random.Random(seed)
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b)
        hints = []
        for step in range(12):
            side = chance.choice([a, b])
            side.put(f"{side.name}{chance.randrange(5)}", **{chance.choice(["title", "description"]): f"x{step}"})
            hints += [side.name] * chance.choice([0, 1, 1, 2])
            if chance.random() < 0.5:
                chance.shuffle(hints)
                for name in hints:
                    assert world.sync(name, confirmed=True).status == "done"
                hints = []
        world.settle(confirmed=True)
        assert len(a.records) == len(b.records) == len(world.items())
        if not world.conflicts():
            assert _state(a) == _state(b) == _items(world)
        assert world.rest() == 0


def test_i27_nothing_that_did_not_change_is_deleted_and_made_again(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b)
        before = {remote.name: dict(remote.records) for remote in (a, b)}
        a.expire()
        world.settle()
        world.detach("b")
        world.attach("b")
        world.settle()
        world.set("a", fields=frozenset({"title", "description"}))
        world.settle()
        world.edit(world.item("t1"), description="d")
        world.settle()
        assert {remote.name: set(remote.records) for remote in (a, b)} == {name: set(of) for name, of in before.items()}
        assert [verb for verb, _ in a.writes] == ["update"]
        assert [verb for verb, _ in b.writes] == ["create"] * 3 + ["update"]


def test_i27_people_who_take_part_are_not_written_to_unless_they_changed(tmp_path):
    """What would make a service send mail is in no write that is not about it."""
    a = FakeRemote("a", kind="event")
    with World(tmp_path, a, kind="event") as world:
        a.put("a1", title="Choir", start="2026-03-02T19:00:00", participants=[{"email": "a@example.org"}])
        a.records["a1"].fields = dict(_event(a.records["a1"].fields))
        world.attach("a")
        world.settle()
        world.edit(world.item("Choir"), title="Big choir")
        world.settle()
        assert [write.fields for write in a.written] == [frozenset({"title"})]


def _event(fields):
    from entrepot.core.planner import Participant

    return {**fields, "participants": [Participant(**each) for each in fields["participants"]]}


def test_i28_a_rehearsal_changes_nothing_and_says_what_the_next_run_then_does(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=5)
        a.put("a0", title="edited there")
        a.put("new", title="new there")
        a.drop("a1")
        world.edit(world.item("t2"), title="edited here")
        world.delete(world.item("t3"))
        world.add(title="new here")
        world.edit(world.item("t4"), title="here")
        a.put("a4", title="there")
        before, written, records = dump(world), list(a.writes), dict(a.records)
        steps = world.rehearse("a")
        assert dump(world) == before
        assert (a.writes, a.records) == (written, records)
        report = world.sync("a")
        assert report.status == "done"
        told = sorted((step.action, bool(step.hub), bool(step.remote), bool(step.conflicts)) for step in steps.kept)
        assert told == [
            ("create here", True, False, False),
            ("create there", False, True, False),
            ("delete here", False, False, False),
            ("delete there", False, False, False),
            ("nothing", False, False, True),
            ("take remote into hub", True, False, False),
            ("write hub to remote", False, True, False),
        ]
        assert sorted(verb for verb, _ in a.writes[len(written) :]) == ["create", "delete", "update"]
        assert {step.title for step in steps.kept} == {"t0", "new there", "t1", "edited here", "t3", "new here", "here"}
        assert world.conflicts() == ["title"]
        assert [step for step in world.rehearse("a").kept if step.hub or step.remote] == []


def test_i28_a_rehearsal_says_what_a_brake_would(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        begun(world, a)
        for number in range(3):
            a.drop(f"a{number}")
        before = dump(world)
        steps = world.rehearse("a")
        assert "All 3 tasks are gone" in steps.stop
        assert steps.by_action == {"delete here": 3}
        assert dump(world) == before


@pytest.mark.parametrize("way", ["read_only", "pull"])
@pytest.mark.parametrize("drift", ["keep", "revert"])
def test_i29_a_side_that_is_only_read_is_never_written_and_its_drift_kept_or_reverted(tmp_path, way, drift):
    a, b = FakeRemote("a", knobs=Knobs(read_only=way == "read_only")), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        for number in range(4):
            a.put(f"a{number}", title=f"t{number}")
        world.attach("a", "pull", drift=drift)
        world.attach("b")
        world.settle()
        world.edit(world.item("t0"), title="edited here", description="d")
        world.delete(world.item("t1"))
        world.add(title="new here")
        b.put(b.of("t2").id, title="edited at b")
        world.settle()
        a.put("a3", title="edited there")
        a.put("a0", percent_complete=10)
        world.settle()
        assert a.writes == []
        assert a.titles() == ["edited there", "t0", "t1", "t2"]
        if drift == "keep":
            assert world.titles() == b.titles() == ["edited at b", "edited here", "edited there", "new here"]
            assert world.told("edited here", "percent_complete") == 10
        else:
            assert world.titles() == b.titles() == ["edited there", "new here", "t0", "t1", "t2"]
            assert world.told("t0", "description") == ""
            assert {"edited here", "edited at b"} <= {
                each["lost"]["title"] for each in world.resolutions() if each["field"] == "title"
            }
        assert world.rest() == 0


@pytest.mark.parametrize("drift", ["keep", "revert"])
def test_i29_a_hub_that_only_pushes_takes_nothing_and_drift_there_is_kept_or_reverted(tmp_path, drift):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        for number in range(3):
            world.add(title=f"t{number}", description="d")
        world.attach("a", "push", drift=drift)
        world.settle()
        a.put(a.of("t0").id, title="edited there")
        a.drop(a.of("t1").id)
        a.put("new", title="new there")
        world.settle()
        assert world.titles() == ["t0", "t1", "t2"]
        if drift == "keep":
            assert a.titles() == ["edited there", "new there", "t2"]
        else:
            assert a.titles() == ["new there", "t0", "t1", "t2"]
        world.edit(world.item("t0"), description="e")
        world.settle()
        title = "edited there" if drift == "keep" else "t0"
        assert a.told(title, "description") == "e"
        assert world.titles() == ["t0", "t1", "t2"]
        assert world.rest() == 0


@pytest.mark.parametrize("lacks", ["create", "update", "delete"])
def test_i29_what_a_service_offers_no_way_to_do_is_set_aside_and_said(tmp_path, lacks):
    a = FakeRemote("a", knobs=Knobs(verbs=frozenset({"create", "update", "delete"}) - {lacks}))
    with World(tmp_path, a) as world:
        begun(world, a)
        world.add(title="new")
        world.edit(world.item("t0"), title="edited")
        world.delete(world.item("t1"))
        world.settle()
        assert lacks not in {verb for verb, _ in a.writes}
        assert len(a.writes) == 2
        assert world.aside() == [f"a offers no way to {lacks} this."]
        a.put("a2", title="still comes in")
        a.put("a0", description="this too")
        world.settle()
        assert "still comes in" in world.titles()
        assert world.told("edited", "description") == "this too"


def test_i29_a_field_that_cannot_be_written_keeps_its_edit_here(tmp_path):
    a = FakeRemote("a", knobs=Knobs(fields=frozenset({"title"})))
    with World(tmp_path, a) as world:
        begun(world, a)
        world.edit(world.item("t0"), title="edited", color="red")
        world.add(title="new", color="blue")
        world.settle()
        assert a.titles() == world.titles() == ["edited", "new", "t1", "t2"]
        assert {write.fields for write in a.written} == {frozenset({"title"})}
        assert (world.told("edited", "color"), world.told("new", "color")) == ("red", "blue")
        a.put("a0", color="green")
        world.settle()
        assert world.conflicts() == ["color"] or world.told("edited", "color") == "red"
        assert world.rest() == 0


def test_i30_a_run_that_is_undone_leaves_both_sides_as_they_were(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=4)
        before = {name: _state(side) for name, side in (("a", a), ("b", b))}, _items(world)
        a.put("a0", title="edited", description="too", keywords=["x"])
        a.drop("a1")
        a.put("new", title="new there")
        run = world.sync("a").run
        world.settle()
        assert b.titles() == ["edited", "new there", "t2", "t3"]
        found = world.undo(run)
        assert (found.undone, found.kept) == (3, 0)
        world.settle()
        assert _items(world) == before[1]
        assert _state(b) == before[0]["b"]
        assert {title for title, *_ in _state(a)} == {"t0", "t1", "t2", "t3", "new there"}
        assert world.rest() == 0
        assert world.undo(run).undone == 0


def test_i30_what_a_run_wrote_at_a_service_is_undone_there(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        begun(world, a)
        before = _state(a)
        world.edit(world.item("t0"), title="edited")
        world.delete(world.item("t1"))
        world.add(title="new")
        run = world.sync("a").run
        assert a.titles() == ["edited", "new", "t2"]
        world.undo(run)
        world.settle()
        assert _state(a) == before
        assert world.titles() == ["new", "t0", "t1", "t2"]
        assert world.rest() == 0


def test_i30_what_was_edited_since_stays(tmp_path):
    a = FakeRemote("a")
    with World(tmp_path, a) as world:
        begun(world, a)
        a.put("a0", title="edited", description="d")
        run = world.sync("a").run
        world.edit(world.item("edited"), title="again")
        world.undo(run)
        world.settle()
        assert a.titles() == world.titles() == ["again", "t1", "t2"]
        assert a.told("again", "description") == world.told("again", "description") == ""


@pytest.mark.parametrize("change", ["the mapping", "the filter", "the permission", "what the service holds"])
def test_i31_a_change_of_what_is_planned_by_shows_a_plan_and_is_no_mass_write(tmp_path, change):
    a, b = FakeRemote("a"), FakeRemote("b", knobs=Knobs(fields=frozenset({"title"})))
    with World(tmp_path, a, b) as world:
        for number in range(40):
            a.put(f"a{number:02}", title=f"t{number:02}", description=f"d{number}")
        world.attach("a")
        world.attach("b", fields=frozenset({"title"}))
        world.settle()
        for number in range(20):
            a.put(f"a{number:02}", title=f"x{number:02}")
        world.sync("a")
        match change:
            case "the mapping":
                stream = world.attachment("b").stream
                with world.database.write() as tx:
                    tx.execute("INSERT INTO mappings (stream_id, lines, changed_at) VALUES (?, '{}', 5)", stream)
            case "the filter":
                world.set("b", fields=frozenset({"title", "description"}))
            case "the permission":
                with world.database.write() as tx:
                    tx.execute("UPDATE integrations SET permitted_at = 5 WHERE name = 'b'")
            case _:
                b.knobs.fields = None
        written = len(b.writes)
        for _ in range(2):
            report = world.sync("b")
            assert report.status == "stopped"
            assert f"Since {change} changed" in report.error["message"]
            assert len(b.writes) == written
        assert world.sync("b", confirmed=True).status == "done"
        assert b.titles() == world.titles()
        b.put(b.of("x00").id, title="usual")
        world.settle()
        assert "usual" in a.titles()


def test_i31_a_few_edits_after_a_change_go_through(tmp_path):
    a, b = FakeRemote("a"), FakeRemote("b")
    with World(tmp_path, a, b) as world:
        begun(world, a, b, count=40)
        world.set("b", since="2020-01-01")
        for number in range(5):
            a.put(f"a{number}", title=f"x{number}")
        world.settle()
        assert a.titles() == b.titles()


def _state(remote):
    return sorted((r.fields["title"], r.fields["description"], r.fields["keywords"]) for r in remote.records.values())


def _items(world):
    return sorted((i["title"], i["description"], i["keywords"]) for i in world.items().values())
