import pytest
from tests.standin import connect, open_hub, open_shop, write_connector

from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.jobs import runs
from entrepot.storage import integrations, mappings, streams


@pytest.fixture
def shop():
    with open_shop() as opened:
        yield opened


@pytest.fixture
def hub(tmp_path, shop):
    with open_hub(tmp_path / "hub", write_connector(tmp_path / "connectors")) as opened:
        connect(opened, shop)
        shop.events.fill(3)
        for record in shop.events.records.values():
            record |= {"Beschreibung": "About it", "Beginn": "2026-03-02", "Status": "confirmed"}
        assert opened.sync("shop").status == "done"
        yield opened


def titles(hub):
    return sorted(item.value.title for item in hub.items(kind="event"))


def test_a_changed_mapping_is_shown_beside_the_connectors_own(hub):
    assert [(line.field, line.line, line.default) for line in hub.mapping("shop", "events").lines] == [
        ("title", "title", None), ("updated", "{at: updated, as: instant}", None),
    ]  # fmt: skip
    done = hub.map_fields("shop", "events", lines={"title": "id", "description": "Beschreibung", "updated": ""})
    assert done.kept
    assert [(line.field, line.line, line.default) for line in hub.mapping("shop", "events").lines] == [
        ("description", "Beschreibung", ""), ("title", "id", "title"), ("updated", "", "{at: updated, as: instant}"),
    ]  # fmt: skip
    assert hub.mapping("shop", "events").changed_at
    assert [[change.field for change in record.differences] for record in done.records] == [
        ["description", "title", "updated"]
    ] * 3


def test_the_next_sync_reads_everything_again_in_the_new_way(hub, shop):
    hub.map_fields("shop", "events", lines={"title": "id", "description": "Beschreibung"})
    shop.asked.clear()
    report = hub.sync("shop", streams=["events"])
    assert report.counts.updated == 3
    assert not [asked for asked in shop.asked if "token" in asked]
    assert titles(hub) == ["r00000", "r00001", "r00002"]
    assert {item.value.description for item in hub.items(kind="event")} == {"About it"}
    assert hub.sync("shop", streams=["events"]).counts.read == 0
    hub.map_fields("shop", "events", default=["title"])
    hub.sync("shop", streams=["events"])
    assert titles(hub) == ["Thing 0", "Thing 1", "Thing 2"]
    hub.map_fields("shop", "events", reset=True)
    hub.sync("shop", streams=["events"])
    assert {item.value.description for item in hub.items(kind="event")} == {""}


def test_the_same_lines_again_are_no_change(hub):
    hub.map_fields("shop", "events", lines={"title": "id"})
    hub.sync("shop", streams=["events"])
    at = hub.mapping("shop", "events").changed_at
    hub.map_fields("shop", "events", lines={"title": "id"})
    assert hub.mapping("shop", "events").changed_at == at
    assert hub.sync("shop", streams=["events"]).counts.read == 0


def test_a_dry_run_changes_nothing(hub):
    done = hub.map_fields("shop", "events", lines={"title": "id"}, dry_run=True)
    assert not done.kept
    assert done.mapping.lines[0].line == "id"
    assert done.records[0].differences[0].before.startswith("Thing")
    assert hub.mapping("shop", "events").lines[0].line == "title"
    assert hub.mapping("shop", "events").changed_at is None


def test_a_stream_that_was_never_read_can_be_mapped(hub):
    with hub.services.database.write() as tx:
        tx.execute("DELETE FROM positions WHERE stream_id IN (SELECT id FROM streams WHERE name = 'notes')")
        tx.execute("DELETE FROM streams WHERE name = 'notes'")
    assert hub.map_fields("shop", "notes", lines={"title": "id"}).records == []
    assert hub.mapping("shop", "notes").lines[0].default == "title"
    with pytest.raises(PersonMustFix, match="no record of notes to look at yet"):
        hub.suggest_mapping("shop", "notes")


def test_what_cannot_be_is_said_and_nothing_is_kept(hub):
    for lines, why in (
        ({"titel": "id"}, "a event has no such field"),
        ({"title": "{at: id, as: poetry}"}, "is not known"),
    ):
        with pytest.raises(PersonMustFix, match=why):
            hub.map_fields("shop", "events", lines=lines)
    with pytest.raises(PersonMustFix, match=r"no stream 'cows'\. It has: tasks, events, notes"):
        hub.mapping("shop", "cows")
    with pytest.raises(PersonMustFix, match="was not changed"):
        hub.map_fields("shop", "events", default=["title"])
    assert hub.mapping("shop", "events").changed_at is None


def test_a_mapping_is_not_changed_under_a_run(hub):
    services = hub.services
    with services.database.read() as tx:
        shop = integrations.find(tx, services.workspace, "shop")
    held = runs.start(
        services.database, runs.NewRun(workspace_id=services.workspace, integration=shop.key, task="sync")
    )
    assert held
    with pytest.raises(TryLater, match="is being read right now"):
        hub.map_fields("shop", "events", lines={"title": "id"})


def test_a_mapping_that_no_longer_fits_is_told_and_can_be_taken_back(hub):
    with hub.services.database.write() as tx:
        shop = integrations.find(tx, hub.services.workspace, "shop")
        stream = streams.ensure(tx, hub.services.workspace, shop, "events", "event")
        mappings.keep(tx, stream.key, {"gone": "id"})
    with pytest.raises(PersonMustFix, match="entrepot mapping set shop events --reset"):
        hub.sync("shop")
    assert [line.line for line in hub.mapping("shop", "events").lines if line.field == "gone"] == ["id"]
    hub.map_fields("shop", "events", reset=True)
    assert hub.sync("shop").status == "done"


def test_columns_nobody_reads_are_proposed(hub):
    found = {one.field: one for one in hub.suggest_mapping("shop", "events")}
    assert set(found) == {"description", "start", "status"}
    assert (found["start"].line, found["start"].now) == ("{at: Beginn, as: local}", "")
    assert found["description"].reason == "'Beschreibung' is a name of description; reads 3 of 3 samples"
    hub.map_fields("shop", "events", lines={field: one.line for field, one in found.items()})
    hub.sync("shop", streams=["events"])
    [event, *_] = [item.value for item in hub.items(kind="event")]
    assert (event.start, event.show_without_time, event.description) == ("2026-03-02T00:00:00", True, "About it")
    assert hub.suggest_mapping("shop", "events") == []
