"""What several integrations share, on both databases: how it stands, whose it is, and what goes with one of them."""

import pytest

from entrepot.core.change import Change, Ref
from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.kinds import encode
from entrepot.core.planner import Task
from entrepot.storage import (
    attachments,
    browsing,
    collections,
    conflicts,
    incoming,
    item_changes,
    pending,
    removal,
    runs,
    streams,
    waiting,
)
from entrepot.storage.browsing import Wanted
from entrepot.storage.incoming import Arrival
from entrepot.storage.item_changes import New, Origin


class Shared:
    """A collection with a task of each of two integrations, and one made in the hub."""

    def __init__(self, place, other):
        self.place, self.other, self.database, self.workspace = place, other, place.database, place.workspace
        place.apply(Change("tasks", Ref("mine"), Task(title="Mine"), collection="own"))
        other.apply(Change("tasks", Ref("theirs"), Task(title="Theirs")))
        with self.database.write() as tx:
            self.collection, self.public = attachments.new_collection(tx, self.workspace, "task", "Shared")
            self.keys = [
                attachments.attach(tx, each.stream.key, ("in", "Inbox"), self.collection, "two_way")
                for each in (place, other)
            ]
            tx.execute("UPDATE items SET collection_id = ? WHERE source_object_id = 'theirs'", self.collection)
            new = New(kind="task", collection=self.collection, data=encode(Task(title="Hub")))
            [self.item] = item_changes.create(tx, Origin(workspace_id=self.workspace), [new])


@pytest.fixture
def shared(place, place_in, database):
    return Shared(place, place_in(database, "Second"))


def test_it_is_counted_what_waits_where(shared):
    first, second = shared.keys
    with shared.database.write() as tx:
        pending.set_aside(tx, second, shared.item, "no room")
        incoming.stage(tx, shared.place.stream, [Arrival("x", "in", b"{}")])
        row = conflicts.Row(item=shared.item, attachment=first, link=None, field="title", words="", told=b"{}")
        conflicts.keep(tx, shared.workspace, [row])
    with shared.database.read() as tx:
        found = waiting.by_attachment(tx, shared.workspace)
        assert found[first] == waiting.Standing(incoming=1, outgoing=1, conflicts=1)
        assert found[second] == waiting.Standing(set_aside=1)
        assert waiting.by_attachment(tx, shared.workspace + 1) == {}
        assert waiting.reasons(tx, shared.workspace) == {"no room": 1}
        [item] = browsing.iterate(shared.database, shared.workspace, Wanted(source="hub"))
        assert len(conflicts.open_of_item(tx, shared.workspace, item.id)) == 1
        assert conflicts.open_of_item(tx, shared.workspace + 1, item.id) == []


def test_attachments_are_listed_with_their_places(shared):
    with shared.database.read() as tx:
        listed = attachments.of_workspace(tx, shared.workspace)
        assert {one.integration_name for one in listed if one.remote_id == "in"} == {"Todoist", "Second"}
        assert attachments.places(tx, shared.workspace)[shared.keys[1]] == ("Second", "Inbox")
        assert attachments.policy_of(tx, shared.place.integration.key) is None
        assert attachments.policies_of(tx, shared.collection) == attachments.CollectionPolicies()
        assert streams.named(tx, shared.workspace, shared.place.integration.key) == {"tasks": shared.place.stream.key}


def test_what_was_made_in_the_hub_is_the_hubs(shared):
    found = list(browsing.iterate(shared.database, shared.workspace, Wanted()))
    assert [(one.integration.name, one.platform) for one in found if one.object_id == one.id] == [("hub", "hub")]
    assert len(found) == 3
    assert list(browsing.iterate(shared.database, shared.workspace + 1, Wanted())) == []
    with shared.database.read() as tx:
        shelves = browsing.count(tx, shared.workspace)
    assert [(one.platform, one.present, one.deleted) for one in shelves] == [
        ("todoist", 1, 0), ("todoist", 1, 0), ("hub", 1, 0)
    ]  # fmt: skip


def test_a_collection_is_found_by_id_or_its_only_name(shared):
    with shared.database.write() as tx:
        attachments.new_collection(tx, shared.workspace, "event", "Shared")
        assert collections.find(tx, shared.workspace, shared.public).key == shared.collection
        assert collections.find(tx, shared.workspace, "SHARED", "task").key == shared.collection
        for wanted, kind, why in (
            ("Shared", None, "means more than one collection"),
            ("Attic", None, "no collection 'Attic'"),
            (shared.public, "event", "of kind event: it holds tasks"),
        ):
            with pytest.raises(PersonMustFix, match=why):
                collections.find(tx, shared.workspace, wanted, kind)


def test_staged_again_as_agreed_is_forgotten_only_where_something_was_agreed(shared):
    stream = shared.place.stream
    with shared.database.write() as tx:
        incoming.stage(tx, stream, [Arrival("mine", "own", b"{}"), Arrival("new", "own", b"{}")])
        incoming.forget_agreed(tx, stream.key, ["mine", "new"])
        assert incoming.of(tx, stream.key, ["mine", "new"]).keys() == {"mine", "new"}
        attachments.plan_from_now_on(tx, stream.key)
        incoming.forget_agreed(tx, stream.key, ["mine", "new"])
        assert incoming.of(tx, stream.key, ["mine", "new"]).keys() == {"new"}
        assert incoming.forget_all(tx, stream.key) == 1


def test_with_its_data_goes_what_is_only_its_own(shared):
    with shared.database.write() as tx:
        attachments.plan_from_now_on(tx, shared.other.stream.key)
        assert removal.remove(tx, shared.workspace, shared.other.integration, with_data=True) == 0
        assert removal.remove(tx, shared.workspace, shared.place.integration, with_data=True) == 1
    found = browsing.iterate(shared.database, shared.workspace, Wanted())
    assert {(one.platform, one.integration.name) for one in found} == {("todoist", "Second"), ("hub", "hub")}


def test_nothing_is_changed_under_a_run(shared):
    integration = shared.place.integration
    with shared.database.write() as tx:
        runs.check_idle(tx, shared.workspace, integration.key, integration.name)
        tx.execute("UPDATE runs SET status = 'running' WHERE integration_id = ?", integration.key)
        with pytest.raises(TryLater, match="Todoist is being read right now"):
            runs.check_idle(tx, shared.workspace, integration.key, integration.name)
