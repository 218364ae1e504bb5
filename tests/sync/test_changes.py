"""Reading a service: everything once, then only what changed, whichever way the service tells of deletions."""


def counted(counts) -> tuple[int, int, int, int]:
    return counts.created, counts.updated, counts.deleted, counts.unchanged


def test_a_first_read_brings_everything_page_by_page(hub, shop, titles):
    shop.tasks.fill(25)
    shop.events.fill(12)
    report = hub.sync("shop")
    assert (report.status, report.counts.read, report.counts.created) == ("done", 37, 37)
    assert titles("task") == sorted(f"Thing {n}" for n in range(25))
    assert [asked for asked in shop.asked if asked.startswith("/tasks")] == [
        "/tasks",
        "/tasks?cursor=10",
        "/tasks?cursor=20",
    ]


def test_where_nothing_changed_nothing_is_written(hub, shop, fingerprint, rows):
    for shelf in (shop.tasks, shop.events, shop.notes):
        shelf.fill(25)
    hub.sync("shop")
    before, told = fingerprint(), rows("SELECT max(id) FROM events WHERE type LIKE 'items.%'")
    for full in (False, True, False):
        report = hub.sync("shop", full=full)
        assert counted(report.counts)[:3] == (0, 0, 0)
        assert report.status == "done"
    assert fingerprint() == before
    assert rows("SELECT max(id) FROM events WHERE type LIKE 'items.%'") == told


def test_one_record_of_a_hundred_changed_and_that_one_is_written(hub, shop, rows):
    for shelf in (shop.tasks, shop.events, shop.notes):
        shelf.fill(200)
    hub.sync("shop")
    before = dict(rows("SELECT id, updated_at FROM items"))
    for shelf in (shop.tasks, shop.events, shop.notes):
        shelf.put(50, "Changed", day=2)
        shelf.put(150, "Changed", day=2)
    report = hub.sync("shop")
    assert counted(report.streams["tasks"]) == (0, 2, 0, 198)
    assert counted(report.streams["events"]) == (0, 2, 0, 0), "its feed shows only what changed"
    assert report.streams["notes"].updated == 2
    changed = [key for key, at in rows("SELECT id, updated_at FROM items") if before[key] != at]
    assert len(changed) == 6


def test_a_feed_tells_what_was_deleted_and_what_came_back(hub, shop, titles):
    shop.events.fill(30)
    hub.sync("shop")
    shop.events.remove(3, 17)
    report = hub.sync("shop")
    assert counted(report.streams["events"]) == (0, 0, 2, 0)
    assert len(titles("event")) == 28
    gone = list(hub.items(kind="event", presence="deleted"))
    assert [item.source.object_id for item in gone] == ["r00003", "r00017"], "they are kept, marked as deleted"
    shop.events.put(3, "Back again")
    hub.sync("shop")
    assert "Back again" in titles("event")
    assert len(list(hub.items(kind="event", presence="any"))) == 30


def test_what_a_listing_no_longer_shows_is_asked_for_before_it_is_deleted(hub, shop, titles):
    shop.tasks.fill(30)
    hub.sync("shop")
    shop.tasks.remove(4, 5)
    shop.tasks.put(6, "Finished")
    shop.tasks.hidden |= {"r00006", "r00007"}
    shop.asked.clear()
    report = hub.sync("shop")
    assert {asked for asked in shop.asked if asked.count("/") == 2} == {f"/tasks/r0000{n}" for n in (4, 5, 6, 7)}
    assert report.streams["tasks"].deleted == 2
    assert report.streams["tasks"].updated == 1, "out of sight, and changed"
    assert "Finished" in titles("task")
    assert "Thing 7" in titles("task"), "moved out of sight, not gone"
    assert len(titles("task")) == 28


def test_an_expired_token_leads_to_one_full_listing_with_a_sweep(hub, shop, titles):
    shop.events.fill(30)
    hub.sync("shop")
    shop.events.remove(1, 2)
    shop.events.put(40)
    shop.events.oldest = len(shop.events.log)
    shop.asked.clear()
    report = hub.sync("shop", streams=["events"])
    assert shop.asked == ["/events?token=30", "/events", "/events?cursor=10", "/events?cursor=20"]
    assert counted(report.counts) == (1, 0, 2, 28)
    assert len(titles("event")) == 29
    shop.asked.clear()
    assert counted(hub.sync("shop", streams=["events"]).counts) == (0, 0, 0, 0)
    assert shop.asked == ["/events?token=33"]


def test_a_service_that_forgets_every_token_is_listed_once_a_run_and_no_more(hub, shop):
    shop.events.fill(5)
    hub.sync("shop")
    shop.events.oldest = 10**9
    shop.asked.clear()
    assert hub.sync("shop", streams=["events"]).status == "done"
    assert shop.asked == ["/events?token=5", "/events"]


def test_full_asks_for_everything_and_stream_for_some(hub, shop):
    shop.events.fill(5)
    shop.notes.fill(5)
    hub.sync("shop")
    shop.asked.clear()
    report = hub.sync("shop", full=True, streams=["notes", "events"])
    assert shop.asked == ["/events", "/notes"]
    assert set(report.streams) == {"events", "notes"}


def test_a_full_listing_is_made_now_and_then_where_changes_alone_hide_deletions(hub, shop, titles):
    shop.notes.fill(20)
    hub.sync("shop")
    shop.notes.remove(3)
    shop.asked.clear()
    hub.sync("shop", streams=["notes"])
    assert shop.asked[0] == "/notes?since=2026-03-01T10%3A00%3A00Z"
    assert len(titles("note")) == 20, "nobody told"
    with hub.services.database.write() as tx:
        tx.execute("UPDATE positions SET listed_at = listed_at - 90000000")  # a day and an hour
    shop.asked.clear()
    report = hub.sync("shop", streams=["notes"])
    assert shop.asked[0] == "/notes"
    assert report.counts.deleted == 1
    shop.asked.clear()
    hub.sync("shop", streams=["notes"])
    assert "since" in shop.asked[0], "and not again before another day"


def test_a_record_that_cannot_be_read_is_refused_and_the_one_known_of_it_stays(hub, shop, titles):
    shop.tasks.fill(30)
    hub.sync("shop")
    shop.tasks.records["r00004"]["updated"] = "soon"
    shop.tasks.remove(9)
    report = hub.sync("shop", streams=["tasks"])
    assert (report.status, report.counts.refused, report.counts.deleted) == ("done", 1, 1)
    assert [(bad.where, "soon" in bad.reason) for bad in report.refused] == [("tasks: r00004", True)]
    assert "Thing 4" in titles("task")
    shop.tasks.put(4, "Mended")
    assert hub.sync("shop", streams=["tasks"]).counts.refused == 0
    assert "Mended" in titles("task")


def test_one_that_has_lost_its_id_keeps_what_nobody_can_confirm_from_being_deleted(hub, shop, titles):
    shop.notes.fill(30)
    hub.sync("shop")
    del shop.notes.records["r00004"]["id"]
    shop.notes.remove(9)
    report = hub.sync("shop", streams=["notes"], full=True)
    assert (report.counts.refused, report.counts.deleted) == (1, 0)
    assert len(titles("note")) == 30, "it could be either of two that is there"


def test_one_out_of_sight_that_is_there_but_cannot_be_read_is_refused_and_stays(hub, shop, titles):
    shop.tasks.fill(30)
    hub.sync("shop")
    shop.tasks.hidden.add("r00006")
    shop.tasks.records["r00006"]["updated"] = "soon"
    report = hub.sync("shop", streams=["tasks"])
    assert (report.counts.refused, report.counts.deleted) == (1, 0)
    assert report.refused[0].where == "tasks: r00006"
    assert len(titles("task")) == 30


def test_too_many_to_ask_about_each_wait_for_a_person(hub, shop, titles):
    shop.page = 500
    shop.tasks.fill(5_000)
    hub.sync("shop")
    shop.tasks.hidden |= {f"r{number:05d}" for number in range(1_001)}
    shop.asked.clear()
    stopped = hub.sync("shop", streams=["tasks"])
    assert (stopped.status, stopped.counts.deleted) == ("stopped", 0)
    assert len(shop.asked) < 20, "nobody was asked a thousand times"
    assert len(titles("task")) == 5_000
    done = hub.sync("shop", streams=["tasks"], confirm=stopped.run)
    assert (done.status, done.counts.deleted) == ("done", 1_001)
