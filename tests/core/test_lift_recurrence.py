"""When something takes place, as a service tells it that cannot say all of it."""

from entrepot.core.merge_recurrence import lift_recurrence

HUB = {
    "start": "2026-12-24T09:30:00",
    "due": "2026-12-24T14:30:00",
    "time_zone": "Europe/Berlin",
    "show_without_time": False,
    "recurrence_rules": ["weekly"],
    "recurrence_overrides": {"2026-12-31T09:30:00": {"title": "Late", "links": ["x"]}},
}
DAYS = {
    **HUB,
    "start": "2026-12-24T00:00:00",
    "due": "2026-12-24T00:00:00",
    "time_zone": None,
    "show_without_time": True,
}


def test_a_rule_that_the_service_tells_otherwise_stays_as_it_was():
    held = {**HUB, "recurrence_rules": ["weekly, from monday"]}
    told = {**held, "recurrence_overrides": {**HUB["recurrence_overrides"], "2027-01-07T09:30:00": {"excluded": True}}}
    assert lift_recurrence(HUB, held, told) == {**HUB, "recurrence_overrides": told["recurrence_overrides"]}


def test_what_a_service_leaves_out_of_an_occurrence_stays_when_another_is_moved():
    held = {**HUB, "recurrence_overrides": {"2026-12-31T09:30:00": {"title": "Late"}}}
    other = {"2027-01-07T09:30:00": {"excluded": True}}
    told = {**held, "recurrence_overrides": {**held["recurrence_overrides"], **other}}
    assert lift_recurrence(HUB, held, told)["recurrence_overrides"] == {**HUB["recurrence_overrides"], **other}


def test_a_day_that_was_moved_where_only_days_are_known_keeps_its_time():
    told = {**DAYS, "due": "2026-12-31T00:00:00"}
    assert lift_recurrence(HUB, DAYS, told) == {**HUB, "due": "2026-12-31T14:30:00"}
    assert lift_recurrence(HUB, DAYS, {**DAYS, "due": None}) == {**HUB, "due": None}


def test_a_time_where_there_was_none_is_on_the_clock_of_the_service():
    hub = {**HUB, "due": None}
    held = {**DAYS, "due": None}
    assert lift_recurrence(hub, held, DAYS)["show_without_time"] is True


def test_a_clock_that_was_changed_is_taken_whole():
    held = {**HUB, "start": "2026-12-24T08:30:00", "due": "2026-12-24T13:30:00", "time_zone": "Etc/UTC"}
    told = {**held, "due": "2026-12-24T15:00:00"}
    found = lift_recurrence(HUB, held, told)
    assert (found["start"], found["due"], found["time_zone"]) == (told["start"], told["due"], "Etc/UTC")
