"""What a service does wrong: nothing is lost or deleted for it, the error says what it was, and the next read goes on."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.standin import Answer, connect

BREAKS = {
    "it is down": Answer(503),
    "the connection breaks off": Answer(200, b'{"items": [', cut=True),
    "the JSON is cut in half": Answer(200, b'{"items": [{"id": "r000'),
    "a login page comes": Answer(200, b"<!doctype html><title>Sign in</title>", media_type="text/html"),
    "there is nothing": Answer(200, b"{}"),
    "the answer is of another form": Answer(200, b'{"items": {"r00000": {}}}'),
}


def at_page(number: int, answer: Answer, stream: str = "tasks"):
    place = f"/{stream}" if number == 1 else f"/{stream}?cursor={(number - 1) * 10}"
    return lambda asked: answer if asked == place else None


@pytest.fixture
def filled(hub, shop):
    """Thirty tasks that are known, of which one goes and one changes."""
    shop.tasks.fill(30)
    hub.sync("shop")
    shop.tasks.remove(2)
    shop.tasks.put(25, "Changed", day=2)
    return hub


@pytest.mark.parametrize("how", BREAKS)
def test_a_listing_that_fails_on_page_two_deletes_nothing_and_goes_on_there(how, filled, shop, titles):
    shop.meddle = at_page(2, BREAKS[how])
    report = filled.sync("shop")
    assert report.status == "failed"
    assert report.error["code"] in {"try-later", "service-changed"}
    assert "127.0.0.1" in report.error["message"], "it says who"
    assert report.counts.deleted == 0
    assert len(titles("task")) == 30
    shop.meddle = lambda _: None
    shop.asked.clear()
    report = filled.sync("shop", streams=["tasks"])
    assert shop.asked[0] == "/tasks?cursor=10", "what was read is not read again"
    assert (report.counts.updated, report.counts.deleted) == (1, 1)
    assert "Changed" in titles("task")
    assert len(titles("task")) == 29


def test_a_failed_listing_shows_in_the_integration_and_a_good_one_clears_it(filled, shop):
    shop.meddle = at_page(2, BREAKS["a login page comes"])
    filled.sync("shop")
    assert filled.integration("shop").last_error
    shop.meddle = lambda _: None
    filled.sync("shop")
    assert filled.integration("shop").last_error == ""


def test_a_page_that_points_at_itself_is_refused(filled, shop, titles):
    body = json.dumps({"items": [], "next": "10"}).encode()
    shop.meddle = at_page(2, Answer(200, body))
    report = filled.sync("shop")
    assert (report.status, report.error["code"]) == ("failed", "service-changed")
    assert len([asked for asked in shop.asked if asked == "/tasks?cursor=10"]) <= 3
    assert len(titles("task")) == 30


def test_a_year_to_wait_is_not_waited(filled, shop):
    shop.meddle = at_page(1, Answer(429, b"{}", {"Retry-After": str(365 * 86400)}))
    shop.asked.clear()
    report = filled.sync("shop")
    assert report.status == "failed"
    assert report.error["code"] == "try-later"
    when = datetime.now(UTC) + timedelta(days=365)
    assert f"Not before {when:%Y-%m-%d}" in report.error["message"], "it says when to come back"
    assert shop.asked == ["/tasks"]
    assert report.seconds < 5


def test_a_token_revoked_in_the_middle_waits_for_the_person_and_goes_on_after(hub, shop, titles):
    shop.tasks.fill(30)
    shop.events.fill(5)

    def revoke(asked: str) -> None:
        if asked == "/tasks?cursor=20":
            shop.token = "another-token-of-the-shop"

    shop.meddle = revoke
    report = hub.sync("shop")
    assert (report.status, report.error["code"]) == ("failed", "needs-consent")
    assert len(titles("task")) == 20
    assert not any(asked.startswith("/events") for asked in shop.asked), "the other streams would meet the same"
    assert hub.integration("shop").status == "needs-consent"
    connect(hub, shop)
    assert hub.integration("shop").status == "ready"
    assert len(hub.integrations()) == 1
    shop.asked.clear()
    report = hub.sync("shop")
    assert report.status == "done"
    assert shop.asked[0] == "/tasks?cursor=20"
    assert len(titles("task")) == 30
    assert report.counts.created == 15


def test_one_stream_that_fails_does_not_keep_the_others(hub, shop, titles):
    shop.events.fill(5)
    shop.notes.fill(5)
    shop.meddle = at_page(1, BREAKS["a login page comes"])
    report = hub.sync("shop")
    assert (report.status, report.error["code"]) == ("failed", "service-changed")
    assert (len(titles("event")), len(titles("note"))) == (5, 5)


def test_another_account_at_the_same_service_is_another_integration(hub, shop):
    shop.meddle = lambda asked: Answer(200, b'{"id": "2", "name": "Other"}') if asked == "/me" else None
    connect(hub, shop)
    assert [one.account_id for one in hub.integrations()] == ["1", "2"]
