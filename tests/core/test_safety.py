import pytest

from entrepot.core.errors import SafetyStop
from entrepot.core.safety import (
    Limits,
    Tally,
    first_stop,
    stop_all_changed,
    stop_deletions,
    stop_dropped,
    stop_emptied,
    stop_remapped,
)


def tally(**counts):
    return Tally(**{"what": "tasks", "where": "Todoist", "there": 100, **counts})


@pytest.mark.parametrize(
    ("deleted", "there", "stops"), [(30, 100, False), (31, 100, True), (10, 12, False), (11, 12, True), (0, 0, False)]
)
def test_a_large_share_of_deletions_stops_beyond_a_count(deleted, there, stops):
    assert (stop_deletions(tally(there=there, deleted=deleted)) is not None) == stops


@pytest.mark.parametrize(("counts", "stops"), [
    ({"there": 1, "deleted": 1}, True),
    ({"there": 4, "deleted": 4}, True),
    ({"there": 4, "deleted": 3}, False),
    ({"there": 0, "deleted": 0, "found": 0}, False),
    ({"there": 0, "deleted": 2}, True),
    ({"there": 3, "found": 0}, True),
    ({"there": 100, "deleted": 40}, True),
])  # fmt: skip
def test_an_emptied_side_stops_however_small_it_was(counts, stops):
    assert (stop_emptied(tally(**counts)) is not None) == stops


def test_everything_changed_at_once_stops_but_not_of_a_few():
    assert stop_all_changed(tally(changed=100))
    assert not stop_all_changed(tally(changed=99))
    assert not stop_all_changed(tally(there=10, changed=10))
    assert stop_all_changed(tally(changed=80), Limits(changed_share=0.8))


def test_a_drop_after_a_change_of_permission_stops_without_a_minimum():
    assert stop_dropped(tally(there=4, found=2), "the permission")
    assert not stop_dropped(tally(there=4, found=3), "the permission")
    assert not stop_dropped(tally(there=4, found=9), "the permission")
    assert not stop_dropped(tally(there=4), "the permission"), "a partial listing says nothing"


def test_a_changed_mapping_that_would_rewrite_much_stops():
    stop = stop_remapped(tally(changed=31), "the mapping")
    assert stop
    assert stop.message.startswith("Since the mapping changed, 31 of 100 tasks would be written to Todoist.")


def test_a_stop_is_one_of_the_seven_errors_and_says_what_where_and_what_to_do():
    stop = first_stop(tally(deleted=50))
    assert isinstance(stop, SafetyStop)
    assert stop.message == (
        "50 of 100 tasks are gone at Todoist, too many to delete unasked."
        " Nothing was deleted. If they really are gone, run it again and confirm."
    )


def test_the_first_stop_looks_at_the_cause_where_there_is_one():
    assert "since the filter changed" in first_stop(tally(found=50, deleted=50), cause="the filter").message
    assert "differ all at once" in first_stop(tally(changed=100)).message
    assert first_stop(tally(changed=20, deleted=5), cause="the filter") is None
