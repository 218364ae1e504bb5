"""The brake: what would delete too much stops, deletes nothing, and does not stand in the way once all is well."""

import pytest
from tests.standin import Answer


def test_a_side_that_is_suddenly_empty_deletes_nothing(hub, shop, titles):
    shop.notes.fill(30)
    hub.sync("shop")
    everything, shop.notes.records = shop.notes.records, {}
    report = hub.sync("shop", full=True, streams=["notes"])
    assert (report.status, report.error["code"], report.counts.deleted) == ("stopped", "safety-stop", 0)
    assert "30 of 30" in report.error["message"]
    assert len(titles("note")) == 30
    shop.notes.records = everything
    report = hub.sync("shop", streams=["notes"])
    assert (report.status, report.counts.unchanged) == ("done", 30)


@pytest.mark.parametrize("kind", ["task", "note"])
def test_more_than_three_tenths_gone_stops_and_a_recovered_service_is_listed_anew(hub, shop, kind, apart, titles):
    """Of tasks the service even confirms each."""
    shelf = getattr(shop, f"{kind}s")
    shelf.fill(40)
    hub.sync("shop")
    everything = dict(shelf.records)
    shelf.remove(*range(5, 20))
    report = hub.sync("shop", full=True, streams=[f"{kind}s"], progress=apart())
    assert (report.status, report.counts.deleted) == ("stopped", 0)
    assert len(titles(kind)) == 40
    shelf.records = everything
    shop.meddle = lambda _: None
    report = hub.sync("shop", streams=[f"{kind}s"])
    assert (report.status, report.counts.unchanged) == ("done", 40), "what was missing then is there now"
    assert len(titles(kind)) == 40


def test_a_few_of_many_go_without_asking(hub, shop, titles):
    shop.notes.fill(40)
    hub.sync("shop")
    shop.notes.remove(*range(10))
    report = hub.sync("shop", full=True, streams=["notes"])
    assert (report.status, report.counts.deleted) == ("done", 10)


def test_a_feed_that_buries_most_of_what_there_is_stops_and_keeps_its_place(hub, shop, titles):
    shop.events.fill(30)
    hub.sync("shop")
    shop.page = 100
    everything = dict(shop.events.records)
    shop.events.remove(*range(20))
    report = hub.sync("shop", streams=["events"])
    assert report.status == "stopped"
    assert len(titles("event")) == 30
    shop.events.records = everything
    shop.asked.clear()
    assert hub.sync("shop", streams=["events"]).status == "done"
    assert shop.asked == ["/events?token=30"]


def test_a_stopped_stream_does_not_keep_the_others_from_being_read(hub, shop, titles):
    shop.tasks.fill(30)
    hub.sync("shop")
    shop.tasks.records = {}
    shop.notes.fill(3)
    shop.meddle = lambda asked: Answer(404) if asked.startswith("/tasks/") else None
    report = hub.sync("shop")
    assert report.status == "stopped"
    assert len(titles("note")) == 3
