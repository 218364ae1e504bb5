"""Attaching through a hub: what is meant is found, and what cannot be is said before anything is changed."""

import asyncio

import pytest
from tests.lists_standin import LISTS, Lists
from tests.standin import MANIFEST, open_hub, open_shop, write_connector

from entrepot import settings
from entrepot.app.hub import AsyncHub
from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.secret import Secret
from entrepot.jobs import runs
from entrepot.storage import integrations
from entrepot.storage.integrations import NewIntegration

TWO_STREAMS = LISTS + LISTS.partition("  tasks:\n")[2].join(["  chores:\n", ""])


@pytest.fixture
def shop():
    with open_shop(Lists) as opened:
        yield opened


@pytest.fixture
def hub(tmp_path, shop):
    connectors = write_connector(tmp_path / "connectors")
    for name, manifest in (("lists", LISTS), ("twice", TWO_STREAMS.replace("id: lists", "id: twice"))):
        (connectors / name).mkdir()
        (connectors / name / "manifest.yaml").write_text(manifest)
    with open_hub(tmp_path / "hub", connectors) as opened:
        for name in ("lists", "shop"):
            opened.connect(name, base_url=shop.url, secrets={"access_token": Secret(shop.token)})
        opened.new_collection("Errands", "task")
        opened.new_collection("Diary", "event")
        yield opened


def attachments(hub):
    [errands] = [one for one in hub.collections() if one.name == "Errands"]
    return [(one.remote_id, one.direction) for one in errands.attachments]


@pytest.mark.parametrize("remote", ["in", "Inbox", "INBOX"])
def test_a_remote_collection_is_meant_by_its_id_or_its_name(hub, remote):
    done = hub.attach("Errands", "lists", remote, direction="two_way")
    assert (done.attachment.remote_id, done.attachment.remote_name, done.read) == ("in", "Inbox", False)
    assert attachments(hub) == [("in", "two_way")]


def test_a_stream_without_collections_is_meant_by_its_name(hub, shop):
    shop.notes.fill(2)
    hub.new_collection("Papers", "note")
    done = hub.attach("Papers", "shop", "notes", direction="pull")
    assert (done.attachment.remote_id, done.attachment.remote_name) == ("", "notes")
    hub.sync("shop")
    assert len(list(hub.items(collection="Papers"))) == 2


def test_what_cannot_be_attached_is_said(hub, shop):
    services = hub.services
    with services.database.write() as tx:
        integrations.add(tx, services.workspace, NewIntegration(connector="lists", name="old", mode="archive"))
    shop.lists.append({"id": "in2", "name": "Inbox", "open": True})
    for collection, integration, remote, how, why in (
        (
            "Errands",
            "lists",
            "Inbox",
            {"direction": "pull"},
            r"means more than one at lists: in \(--stream tasks\), in2",
        ),
        ("Errands", "lists", "in", {}, "Say which way"),
        (
            "Errands",
            "lists",
            "Attic",
            {"direction": "pull"},
            "no 'Attic' that holds tasks. There is: 'Inbox', 'Shared'",
        ),
        ("Errands", "lists", "in", {"direction": "pull", "stream": "cows"}, "no stream 'cows'. It has: tasks"),
        ("Diary", "lists", "in", {"direction": "pull"}, "Diary holds events, and Shop has none"),
        ("Diary", "shop", "tasks", {"direction": "pull", "stream": "tasks"}, "and The stream tasks of Shop has none"),
        ("Errands", "lists", "Shared", {"direction": "two_way"}, "may not be written with this account"),
        ("Errands", "shop", "tasks", {"direction": "push"}, "can only be read: attach with --direction pull"),
        ("Errands", "old", "in", {"direction": "pull"}, "old was imported from files"),
        ("Attic", "lists", "in", {"direction": "pull"}, "no collection 'Attic'"),
        ("Errands", "lists", "in", {"direction": "pull", "since": "yesterday"}, "--since takes a day"),
        ("Errands", "lists", "in", {"direction": "pull", "fields": ["colour"]}, "no field 'colour'"),
        ("Errands", "lists", "in", {"direction": "pull", "only": {"colour": ["red"]}}, "no field 'colour'"),
    ):
        with pytest.raises(PersonMustFix, match=why):
            hub.attach(collection, integration, remote, **how)
    assert attachments(hub) == []
    assert hub.attach("Errands", "lists", "Shared", direction="pull").kept


def test_two_streams_of_one_kind_are_told_apart_by_their_name(hub, shop):
    hub.connect("twice", base_url=shop.url, secrets={"access_token": Secret(shop.token)})
    with pytest.raises(PersonMustFix, match=r"--stream chores"):
        hub.attach("Errands", "twice", "Inbox", direction="pull")
    assert hub.attach("Errands", "twice", "Inbox", direction="pull", stream="chores").attachment.stream == "chores"


def test_terms_are_kept_shown_and_changed_one_by_one(hub):
    hub.attach(
        "Errands", "lists", "in", direction="push", fields=["title", "percentComplete"], only={"priority": ["1", "2"]},
        since="2026-01-01", drift="revert", match=False,
    )  # fmt: skip
    done = hub.attach("Errands", "lists", "in", since="")
    there = done.attachment
    assert (there.direction, there.fields, there.only) == (
        "push",
        ["percentComplete", "title"],
        {"priority": ["1", "2"]},
    )
    assert (there.since, there.drift, there.match) == (None, "revert", "none")
    assert hub.attach("Errands", "lists", "in", fields=[], direction="pull").attachment.fields is None
    assert attachments(hub) == [("in", "pull")]


def test_a_dry_run_changes_nothing(hub, shop):
    shop.hold(1, "Milk")
    hub.sync("lists")
    before = hub.collections()
    done = hub.attach("Errands", "lists", "in", direction="two_way", dry_run=True)
    assert (done.kept, done.read, done.matched.only_there) == (False, True, 1)
    assert hub.collections() == before


def test_nothing_is_attached_or_detached_under_a_run(hub):
    hub.attach("Errands", "lists", "in", direction="two_way")
    services = hub.services
    with services.database.read() as tx:
        mine = integrations.find(tx, services.workspace, "lists")
    held = runs.start(
        services.database, runs.NewRun(workspace_id=services.workspace, integration=mine.key, task="sync")
    )
    with pytest.raises(TryLater, match="is being read right now"):
        hub.attach("Errands", "lists", "in", direction="pull")
    with pytest.raises(TryLater, match="is being read right now"):
        hub.detach("Errands", "lists", "in")
    held.finish("done")
    assert hub.detach("Errands", "lists", "Inbox").direction == "none"
    with pytest.raises(PersonMustFix, match="is not attached to Errands"):
        hub.detach("Errands", "lists", "in")


def test_what_was_detached_may_be_attached_elsewhere_and_takes_nothing_along(hub, shop):
    shop.hold(1, "Milk")
    hub.attach("Errands", "lists", "in", direction="two_way")
    hub.add({"title": "Mine"}, collection="Errands")
    hub.sync_all()
    hub.detach("Errands", "lists", "in")
    hub.new_collection("Later", "task")
    hub.attach("Later", "lists", "in", direction="two_way")
    hub.sync_all()
    assert sorted(one.title for one in hub.items(collection="Errands")) == ["Milk", "Mine"]
    assert sorted(one.title for one in hub.items(collection="Later")) == ["Milk", "Mine"]
    assert sorted(shop.titles()) == ["Milk", "Mine"]


def test_a_collection_is_made_once_and_named(hub):
    for name, kind, why in (("errands", "task", "already is"), (" ", "task", "needs a name"), ("X", "cow", "no kind")):
        with pytest.raises(PersonMustFix, match=why):
            hub.new_collection(name, kind)
    assert hub.new_collection("Errands", "note").kind == "note"
    with pytest.raises(PersonMustFix, match="means more than one collection"):
        hub.policy("Errands")


def test_permission_is_dated_each_time_it_is_given(hub, shop):
    services = hub.services

    def permitted():
        with services.database.read() as tx:
            return integrations.find(tx, services.workspace, "lists").permitted_at

    first = permitted()
    assert first > 0
    hub.connect("lists", base_url=shop.url, secrets={"access_token": Secret(shop.token)})
    assert permitted() > first


def test_the_same_with_await(tmp_path, shop):
    connectors = write_connector(tmp_path / "more", MANIFEST)
    (connectors / "lists").mkdir()
    (connectors / "lists" / "manifest.yaml").write_text(LISTS)
    shop.hold(1, "Milk")

    async def story(hub):
        await hub.connect("lists", base_url=shop.url, secrets={"access_token": Secret(shop.token)})
        await hub.new_collection("Errands", "task")
        await hub.attach("Errands", "lists", "in", direction="two_way")
        assert [report.status async for report in hub.sync_all()] == ["done"]
        made = await hub.add({"title": "Bread"}, collection="Errands")
        assert (await hub.plan("lists")).by_action == {"create there": 1}
        assert [one.integration for one in await hub.waiting()] == ["lists"]
        assert (await hub.sync("lists")).counts.sent == 1
        await hub.edit(made.item.id, {"title": "Rye"})
        await hub.delete(made.item.id)
        await hub.restore(made.item.id)
        assert [entry.action for entry in await hub.history(made.item.id)][:3] == ["restore", "delete", "edit"]
        assert await hub.conflicts() == []
        assert (await hub.policy("Errands", mode="latest")).default.mode == "latest"
        assert (await hub.resolve_all(use="hub")).resolved == []

    mine = settings.read({"ENTREPOT_CONNECTORS": str(connectors)}, data=tmp_path / "hub")

    async def opened():
        async with AsyncHub(settings=mine) as hub:
            await story(hub)

    asyncio.run(opened())
    assert shop.titles() == ["Bread", "Milk"]
