"""What a person sees of a mapping on a terminal."""

from functools import partial

import pytest
from tests.journeys.inside import call
from tests.standin import TOKEN, open_shop, write_connector


@pytest.fixture
def run(tmp_path):
    with open_shop() as shop:
        shop.events.fill(2)
        for record in shop.events.records.values():
            record["Status"] = "tentative"
        call_here = partial(call, tmp_path / "hub", ENTREPOT_CONNECTORS=str(write_connector(tmp_path / "connectors")))
        assert call_here("connect", "shop", "--base-url", shop.url, "--secret", f"access_token={TOKEN}").code == 0
        assert call_here("sync", "shop").code == 0
        yield call_here


def test_lines_are_set_shown_and_taken_back(run):
    tried = run("mapping", "set", "shop", "events", "title=id", "updated=", "--dry-run")
    assert "Thing 0" in tried.out
    assert "r00000" in tried.out
    assert "Nothing was changed" in tried.err
    done = run("mapping", "set", "shop", "events", "title=id", "updated=", "status={at: Status}")
    assert "The next sync reads events again" in done.err
    shown = run("mapping", "show", "shop", "events")
    assert [line.split() for line in shown.out.splitlines()] == [
        ["field", "line", "instead", "of"],
        ["status", "{at:", "Status}"],
        ["title", "id", "title"],
        ["updated", "(nothing)", "{at:", "updated,", "as:", "instant}"],
    ]
    assert run("sync", "shop", "--json").json()["streams"]["events"]["updated"] == 2
    run("mapping", "set", "shop", "events", "--default", "title")
    assert ["title", "title"] in [line.split() for line in run("mapping", "show", "shop", "events").out.splitlines()]
    run("mapping", "set", "shop", "events", "--reset")
    assert "status" not in run("mapping", "show", "shop", "events").out


def test_proposals_are_shown_with_score_and_reason_and_never_applied(run):
    found = run("mapping", "suggest", "shop", "events")
    assert "1 of its 1 values are known" in found.out
    assert "entrepot mapping set shop events 'status=" in found.err
    assert "status" not in run("mapping", "show", "shop", "events").out


def test_a_mistake_is_a_sentence(run):
    wrong = run("mapping", "set", "shop", "events", "title={as: poetry}")
    assert wrong.code == 2
    assert "title: " in wrong.err
    assert run("mapping", "set", "shop", "events", "title").code == 2
