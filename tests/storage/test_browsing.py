import pytest

from entrepot.core.change import Change, Ref
from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.planner import Event, Task
from entrepot.storage import browsing, collections, integrations, removal, streams
from entrepot.storage.browsing import Wanted


def task(name, collection=None):
    return Change("tasks", Ref(name), Task(title=name), b"native", collection)


@pytest.fixture
def full(place, database):
    """Two integrations, two kinds, two collections, one deleted item."""
    other = type(place)(database, "Second")
    with database.write() as tx:
        other.stream = streams.ensure(tx, other.workspace, other.integration, "events", "event")
    place.apply(task("a", "Home"), task("b", "Work"), task("c"))
    place.apply(Change.gone("tasks", Ref("b")))
    other.apply(Change("events", Ref("e"), Event(title="Party")))
    return place


def names(place, **wanted):
    return [item.object_id for item in browsing.iterate(place.database, place.workspace, Wanted(**wanted))]


@pytest.mark.parametrize(("wanted", "expected"), [
    ({}, ["a", "c", "e"]),
    ({"presence": "any"}, ["a", "c", "b", "e"]),
    ({"presence": "deleted"}, ["b"]),
    ({"kind": "event"}, ["e"]),
    ({"kind": "note"}, []),
    ({"source": "second"}, ["e"]),
    ({"source": "todoist"}, ["a", "c", "e"]),
    ({"source": "Todoist", "kind": "event"}, []),
    ({"collection": "home"}, ["a"]),
    ({"collection": "Work", "presence": "any"}, ["b"]),
    ({"collection": "Work"}, []),
    ({"collection": "Home", "kind": "task", "source": "Todoist"}, ["a"]),
    ({"collection": "Home", "source": "Second"}, []),
])  # fmt: skip
def test_items_are_found_by_kind_source_collection_and_presence(full, wanted, expected):
    if wanted.get("source") == "Todoist":
        wanted = {**wanted, "source": full.integration.id}
    assert names(full, **wanted) == expected


def test_an_item_tells_all_about_itself(full):
    (item,) = browsing.iterate(full.database, full.workspace, Wanted(collection="Home"))
    with full.database.read() as tx:
        assert browsing.find(tx, full.workspace, item.id) == item
    assert item.id.startswith("itm_")
    assert (item.kind, item.data, item.platform, item.object_id) == ("task", b'{"title":"a"}', "todoist", "a")
    assert (item.integration.name, item.collection.name, item.deleted_at) == ("Todoist", "Home", None)
    assert item.imported_at == item.updated_at > 1_600_000_000_000


def test_items_come_batch_by_batch_without_gaps_or_doubles(place):
    for number in range(25):
        place.apply(*[task(f"{number}.{one}", "Big") for one in range(100)])
    place.apply(*[Change.gone("tasks", Ref(f"3.{one}")) for one in range(100)])
    for wanted in ({}, {"collection": "Big"}):
        assert len(names(place, **wanted)) == len(set(names(place, **wanted))) == 2400
        assert len(set(names(place, presence="any", **wanted))) == 2500


def test_what_is_written_between_batches_disturbs_nobody(place):
    place.apply(*[task(f"t{one}") for one in range(1500)])
    walking = browsing.iterate(place.database, place.workspace, Wanted())
    first = next(walking).object_id
    place.apply(task("later"), Change.gone("tasks", Ref("t1400")))
    assert [first, *(item.object_id for item in walking)] == [f"t{one}" for one in range(1500) if one != 1400] + [
        "later"
    ]


def test_what_is_not_there_is_said(full):
    for wanted in ({"source": "nobody"}, {"collection": "nowhere"}):
        with pytest.raises(PersonMustFix, match="There is no"):
            names(full, **wanted)
    with full.database.read() as tx, pytest.raises(PersonMustFix, match="no item"):
        browsing.find(tx, full.workspace, "itm_none")


def test_another_workspace_sees_nothing(full):
    elsewhere = full.workspace + 1
    assert list(browsing.iterate(full.database, elsewhere, Wanted())) == []
    with full.database.read() as tx:
        assert browsing.count(tx, elsewhere) == []
        assert collections.everything(tx, elsewhere) == []
        assert integrations.everything(tx, elsewhere) == []
        public = tx.fetch("SELECT public_id FROM items")[0][0]
        with pytest.raises(PersonMustFix):
            browsing.find(tx, elsewhere, public)


def test_counts_are_by_kind_and_source(full):
    with full.database.read() as tx:
        found = [(s.kind, s.integration.name, s.present, s.deleted) for s in browsing.count(tx, full.workspace)]
        boxes = [(c.name, c.kind, c.items) for c in collections.everything(tx, full.workspace)]
    assert found == [("event", "Second", 1, 0), ("task", "Todoist", 2, 1)]
    assert boxes == [("Home", "task", 1), ("Work", "task", 0)]


def test_a_collection_follows_the_services_name_until_a_person_renames_it(full):
    with full.database.write() as tx:
        first = collections.attach(tx, full.stream, {"Home": "At home"})
        assert collections.attach(tx, full.stream, {"Home": "My house", "new": "New one"})["Home"] == first["Home"]
        assert collections.keys_named(tx, full.workspace, "my house") == [first["Home"]]
        tx.execute("UPDATE collections SET name = 'Mine' WHERE id = ?", first["Home"])
        collections.attach(tx, full.stream, {"Home": "Theirs"})
        assert [c.name for c in collections.everything(tx, full.workspace)] == ["Mine", "New one", "Work"]


def test_an_integration_is_found_by_id_name_and_connector(full):
    with full.database.read() as tx:
        for wanted in (full.integration.id, "todoist", "TODOIST"):
            assert integrations.find(tx, full.workspace, wanted) == full.integration
        with pytest.raises(PersonMustFix, match="no integration"):
            integrations.find(tx, full.workspace, "nobody")


def test_a_name_is_given_once_and_a_connector_may_mean_several(place):
    with place.database.write() as tx:
        other = integrations.NewIntegration(connector="trello", name="Todoist", settings={"a": "b"})
        with pytest.raises(PersonMustFix, match="already"):
            integrations.add(tx, place.workspace, other)
        for name in ("One", "Two"):
            integrations.add(tx, place.workspace, integrations.NewIntegration(connector="trello", name=name))
        with pytest.raises(PersonMustFix, match="One, Two"):
            integrations.find(tx, place.workspace, "trello")


def test_a_removed_integration_leaves_its_data_and_its_name(full):
    with full.database.write() as tx:
        assert removal.remove(tx, full.workspace, full.integration, with_data=False) == 0
        assert [one.name for one in integrations.everything(tx, full.workspace)] == ["Second"]
        integrations.add(tx, full.workspace, integrations.NewIntegration(connector="todoist", name="Todoist"))
    assert names(full) == ["a", "c", "e"]
    assert names(full, source=full.integration.id) == ["a", "c"]
    assert full.rows("SELECT count(*) FROM positions WHERE stream_id = ?", full.stream.key) == [(0,)]


def test_an_integration_removed_with_its_data_leaves_nothing_of_it(full):
    with full.database.write() as tx:
        assert removal.remove(tx, full.workspace, full.integration, with_data=True) == 3
    assert names(full, presence="any") == ["e"]
    for table in ("natives", "attachments", "collections"):
        assert full.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert full.rows("SELECT count(*) FROM links") == [(1,)]
    assert full.rows("SELECT count(*) FROM events WHERE integration_id = ?", full.integration.key) == [(0,)]


def test_an_integration_is_not_removed_while_it_is_read(full):
    with full.database.write() as tx:
        tx.execute("UPDATE runs SET status = 'running' WHERE id = ?", full.run)
    with full.database.write() as tx, pytest.raises(TryLater):
        removal.remove(tx, full.workspace, full.integration, with_data=True)
