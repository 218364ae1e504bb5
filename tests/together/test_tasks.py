"""One list of tasks at five services and the hub: whatever is done at one arrives at all, and then there is peace."""

from typing import Any

import pytest
from tests.services.clickup import LIST, WORKSPACE
from tests.services.linear import ENG
from tests.services.notion import CHORES
from tests.services.todoist import INBOX, SECTION
from tests.together.desks import AtClickUp, AtLinear, AtNotion, AtToDo, AtTodoist
from tests.together.world import Remote, World

from entrepot.core.planner import NDay, RecurrenceRule

PLACES = {"todoist": INBOX, "microsoft_todo": "AQMkTasks=", "notion": CHORES, "linear": ENG, "clickup": WORKSPACE}
EVERYBODY = (*PLACES, "hub")
CALM = "Nobody edits this: that all are edited at once would be a reason to stop"


class Tasks(World):
    def __init__(self, folder: Any, *names: str) -> None:
        desks = {
            "todoist": AtTodoist,
            "microsoft_todo": AtToDo,
            "notion": AtNotion,
            "linear": AtLinear,
            "clickup": AtClickUp,
        }
        self.desks: dict[str, Any] = {name: desks[name]() for name in names or PLACES}
        how: dict[str, dict[str, str]] = {
            "todoist": {"prefix": "/api/v1"},
            "notion": {"prefix": "/v1"},
            "clickup": {"prefix": "/v2", "list": LIST, "time_zone": "Europe/Berlin"},
        }
        wanted = {"notion": ["rows"]}
        remotes = [
            Remote(name, desk.service, *wanted.get(name, ()), **how.get(name, {})) for name, desk in self.desks.items()
        ]
        super().__init__(folder, *remotes, kind="task")
        for name in self.desks:
            self.attach(name, PLACES[name])

    def id_at(self, name: str, title: str) -> str:
        (found,) = [each for each, seen in self.desks[name].tasks().items() if seen[0] == title]
        return found

    def seen(self) -> dict[str, list[Any]]:
        return {name: sorted(desk.tasks().values(), key=str) for name, desk in self.desks.items()}

    def assert_everybody_sees(self, *tasks: Any) -> None:
        wanted = sorted(tasks, key=str)
        assert self.seen() == dict.fromkeys(self.desks, wanted)
        hub = [
            (
                item["title"],
                item["progress"] in {"completed", "failed", "cancelled"},
                item["due"] and str(item["due"])[:10],
            )
            for item in self.items().values()
        ]
        assert sorted(hub, key=str) == wanted

    def do(self, where: str, what: str, title: str, *given: str) -> None:
        """As a person there does: `rename`, `put_off`, `finish`, `reopen`, `remove`."""
        if where != "hub":
            getattr(self.desks[where], what)(self.id_at(where, title), *given)
            return
        item = self.item(title)
        match what:
            case "rename":
                self.edit(item, title=given[0])
            case "put_off":
                self.edit(item, due=f"{given[0]}T00:00:00", show_without_time=True)
            case "finish":
                self.edit(item, progress="completed")
            case "reopen":
                self.edit(item, progress="needs-action")
            case _:
                self.delete(item)


@pytest.fixture
def tasks(tmp_path):
    with Tasks(tmp_path) as made:
        yield made


def test_five_lists_become_one_and_rest(tasks):
    for number, name in enumerate(tasks.desks):
        tasks.desks[name].add(f"From {name}", f"2026-12-1{number}")
        tasks.desks[name].add(f"Some day {name}")
    tasks.add(title="From the hub", due="2026-12-19T00:00:00", show_without_time=True)
    tasks.settle()
    days = [(f"From {name}", False, f"2026-12-1{number}") for number, name in enumerate(tasks.desks)]
    tasks.assert_everybody_sees(
        *days, *((f"Some day {name}", False, None) for name in tasks.desks), ("From the hub", False, "2026-12-19")
    )
    assert (tasks.conflicts(), tasks.aside()) == ([], [])
    assert tasks.rest() == 0
    requests = {name: len(calls) for name, calls in tasks.calls_of_a_round().items()}
    assert requests == {"todoist": 1, "microsoft_todo": 2, "notion": 2, "linear": 1, "clickup": 2}, (
        "one for each of the two lists, one for the columns, and one that finds no more tasks"
    )


@pytest.mark.parametrize("where", EVERYBODY)
def test_what_is_done_at_one_arrives_at_all(tasks, where):
    for title in ("Bread", "Milk", "Salt"):
        tasks.add(title=title, due="2026-12-10T00:00:00", show_without_time=True)
    tasks.settle()
    tasks.do(where, "rename", "Bread", "Rye bread")
    tasks.do(where, "put_off", "Milk", "2026-12-24")
    tasks.settle()
    salt = ("Salt", False, "2026-12-10")
    tasks.assert_everybody_sees(("Rye bread", False, "2026-12-10"), ("Milk", False, "2026-12-24"), salt)
    tasks.do(where, "finish", "Milk")
    tasks.settle()
    tasks.assert_everybody_sees(("Rye bread", False, "2026-12-10"), ("Milk", True, "2026-12-24"), salt)
    tasks.do(where, "reopen", "Milk")
    tasks.settle()
    tasks.assert_everybody_sees(("Rye bread", False, "2026-12-10"), ("Milk", False, "2026-12-24"), salt)
    tasks.do(where, "remove", "Milk")
    if where not in {"hub", "todoist", "microsoft_todo"}:
        tasks.sync(where, full=True)
    tasks.settle()
    tasks.assert_everybody_sees(("Rye bread", False, "2026-12-10"), salt)
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


PRIORITIES = (None, *range(10))


def test_a_priority_that_services_know_fewer_of_is_rounded_nowhere_but_there(tasks):
    for number in PRIORITIES:
        tasks.add(title=f"P{number}", priority=number)
    tasks.add(title=CALM)
    tasks.settle()
    assert [tasks.told(f"P{number}", "priority") for number in PRIORITIES] == list(PRIORITIES)
    for number in PRIORITIES:
        tasks.do("linear", "rename", f"P{number}", f"Q{number}")
        tasks.do("notion", "put_off", f"P{number}", "2026-12-24")
    tasks.settle()
    assert [tasks.told(f"Q{number}", "priority") for number in PRIORITIES] == list(PRIORITIES)
    task = tasks.desks["todoist"].service.tasks[tasks.id_at("todoist", "Q9")]
    tasks.desks["todoist"].service.edit(task["id"], priority=4)
    tasks.settle()
    assert tasks.told("Q9", "priority") == 1
    assert tasks.desks["linear"].service.issues[tasks.id_at("linear", "Q9")]["priority"] == 1
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


def test_a_time_of_day_survives_services_that_know_days_alone(tasks):
    tasks.add(title=CALM)
    tasks.add(title="Call", due="2026-12-24T14:30:00", time_zone="Europe/Berlin")
    tasks.add(title="Floating", due="2026-12-24T08:15:00")
    tasks.add(title="Begun", start="2026-12-20T09:00:00", due="2026-12-24T14:30:00", time_zone="America/New_York")
    tasks.settle()
    wanted = {title: tasks.items()[tasks.item(title)] for title in ("Call", "Floating", "Begun")}
    for name in tasks.desks:
        for title in wanted:
            tasks.do(name, "rename", title, f"{title}!")
        tasks.settle()
        for title in wanted:
            tasks.do("hub", "rename", f"{title}!", title)
        tasks.settle()
    for title, before in wanted.items():
        now = tasks.items()[tasks.item(title)]
        kept = ("start", "due", "time_zone", "show_without_time")
        assert {name: now[name] for name in kept} == {name: before[name] for name in kept}
    tasks.do("microsoft_todo", "put_off", "Call", "2026-12-27")
    tasks.do("linear", "put_off", "Floating", "2026-12-28")
    tasks.settle()
    assert tasks.told("Call", "due") == "2026-12-27T14:30:00", "the day was moved where there is no time"
    assert tasks.told("Floating", "due") == "2026-12-28T08:15:00"
    todoist = tasks.desks["todoist"].service
    assert todoist.tasks[tasks.id_at("todoist", "Call")]["due"]["date"] == "2026-12-27T13:30:00.000000Z"
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


def test_words_lists_and_lengths_arrive_wherever_there_is_room(tasks):
    text = "Two **bottles** and\n\n- bread\n- [salt](https://example.org/salt)"
    more = {"keywords": ["home", "Errands"], "estimated_duration": "PT1H30M", "progress": "in-process"}
    tasks.add(title="Shop", description=text, **more)
    tasks.settle()
    item = tasks.items()[tasks.item("Shop")]
    assert {name: item[name] for name in more} == more
    assert item["description"] == text
    service = tasks.desks["todoist"].service
    name = tasks.id_at("todoist", "Shop")
    assert (service.tasks[name]["labels"], service.tasks[name]["checked"]) == (["home", "Errands"], False)
    service.edit(name, labels=["home"], description=f"{text}\n- milk")
    tasks.settle()
    item = tasks.items()[tasks.item("Shop")]
    assert (item["keywords"], item["description"], item["progress"]) == (["home"], f"{text}\n- milk", "in-process")
    assert tasks.desks["microsoft_todo"].service.tasks[tasks.id_at("microsoft_todo", "Shop")]["categories"] == ["home"]
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


WEEKLY = RecurrenceRule(frequency="weekly", by_day=[NDay(day="th")])


def test_a_task_that_repeats_is_due_everywhere_and_repeats_where_that_can_be_said(tasks):
    tasks.add(title="Bins", due="2026-12-24T00:00:00", show_without_time=True, recurrence_rules=[WEEKLY])
    tasks.settle()
    tasks.assert_everybody_sees(("Bins", False, "2026-12-24"))
    todo = tasks.desks["microsoft_todo"].service
    (task,) = todo.tasks.values()
    assert task["recurrence"]["pattern"]["daysOfWeek"] == ["thursday"]
    for where in ("linear", "todoist", "notion", "clickup"):
        tasks.do(where, "rename", tasks.titles()[0], f"Bins by {where}")
        tasks.settle()
    tasks.do("linear", "put_off", "Bins by clickup", "2026-12-31")
    tasks.settle()
    tasks.assert_everybody_sees(("Bins by clickup", False, "2026-12-31"))
    (task,) = todo.tasks.values()
    assert task["recurrence"]["pattern"]["daysOfWeek"] == ["thursday"]
    rule = tasks.items()[tasks.item("Bins by clickup")]["recurrence_rules"]
    assert (rule[0].frequency, rule[0].by_day) == ("weekly", WEEKLY.by_day)
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


def test_what_repeats_in_words_goes_on_to_its_next_day_when_it_is_done_elsewhere(tasks):
    every_day = {"date": "2026-12-24", "string": "every day", "lang": "en"}
    tasks.desks["todoist"].service.add("Water the plants", due=every_day)
    tasks.settle()
    tasks.assert_everybody_sees(("Water the plants", False, "2026-12-24"))
    tasks.do("linear", "finish", "Water the plants")
    tasks.settle()
    tasks.assert_everybody_sees(("Water the plants", False, "2026-12-25"))
    tasks.do("todoist", "finish", "Water the plants")
    tasks.settle()
    tasks.assert_everybody_sees(("Water the plants", False, "2026-12-26"))
    tasks.do("hub", "put_off", "Water the plants", "2026-12-30")
    tasks.settle()
    (task,) = tasks.desks["todoist"].service.tasks.values()
    assert (task["due"]["date"], task["due"]["string"]) == ("2026-12-30", "every day")
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


def test_a_task_below_another_stays_below_it(tasks):
    todoist = tasks.desks["todoist"].service
    above = todoist.add("Party")
    todoist.add("Cake", parent_id=above["id"])
    linear = tasks.desks["linear"].service
    first = linear.add("Release")["id"]
    linear.add("Notes", parent={"id": first, "identifier": "ENG-1"})
    tasks.settle()
    assert tasks.told("Cake", "parent") == tasks.item("Party")
    assert tasks.told("Notes", "parent") == tasks.item("Release")
    at_todoist = {task["content"]: task for task in todoist.tasks.values()}
    assert at_todoist["Notes"]["parent_id"] == at_todoist["Release"]["id"]
    cake = tasks.item("Cake")
    tasks.edit(cake, parent=tasks.item("Release"))
    tasks.settle()
    assert todoist.tasks[tasks.id_at("todoist", "Cake")]["parent_id"] == at_todoist["Release"]["id"]
    tasks.edit(cake, parent=None)
    tasks.settle()
    assert todoist.tasks[tasks.id_at("todoist", "Cake")]["parent_id"] is None
    child = tasks.add(title="Candles", parent=tasks.add(title="Birthday"))
    tasks.settle()
    assert todoist.tasks[tasks.id_at("todoist", "Candles")]["parent_id"] == tasks.id_at("todoist", "Birthday")
    assert tasks.items()[child]["parent"] == tasks.item("Birthday")
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


def test_what_the_hub_does_not_know_of_survives_everything(tasks):
    deadline, steps = {"date": "2026-12-31", "lang": "en"}, [{"displayName": "Take the bag", "isChecked": False}]
    tasks.add(title=CALM)
    tasks.desks["todoist"].service.sections[SECTION] = INBOX
    tasks.desks["todoist"].service.add("T", deadline=deadline, section_id=SECTION, day_order=7)
    tasks.desks["microsoft_todo"].service.add("M", checklistItems=steps, status="waitingOnOthers")
    tasks.desks["notion"].service.add_row("N", Effort={"number": 5}, State={"status": {"name": "Waiting"}})
    tasks.desks["linear"].service.add("L", estimate=3.0, stateId="ENG-backlog-2", cycle={"number": 4.0, "name": "C"})
    tasks.desks["clickup"].service.add("C", points=8)
    tasks.settle()
    for name in (*tasks.desks, "hub"):
        for title in "TMNLC":
            tasks.do(name, "put_off", title, f"2026-12-{10 + len(name)}")
        tasks.settle()
    held = {name: desk.service for name, desk in tasks.desks.items()}
    row = held["notion"].pages[tasks.id_at("notion", "N")]["properties"]
    issue = held["linear"].issues[tasks.id_at("linear", "L")]
    task = held["microsoft_todo"].tasks[tasks.id_at("microsoft_todo", "M")]
    assert held["todoist"].tasks[tasks.id_at("todoist", "T")]["deadline"] == deadline
    assert held["todoist"].tasks[tasks.id_at("todoist", "T")]["section_id"] == SECTION
    assert ([step["displayName"] for step in task["checklistItems"]], task["status"]) == (
        ["Take the bag"], "waitingOnOthers",
    )  # fmt: skip
    assert (row["Effort"]["number"], row["State"]["status"]["name"]) == (5, "Waiting")
    assert (issue["estimate"], issue["stateId"], issue["cycle"]["number"]) == (3.0, "ENG-backlog-2", 4.0)
    assert held["clickup"].tasks[tasks.id_at("clickup", "C")]["custom_fields"] == [{"id": "f1", "value": "kept"}]
    assert held["clickup"].tasks[tasks.id_at("clickup", "C")]["points"] == 8
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


@pytest.mark.parametrize("down", PLACES)
def test_one_that_is_down_keeps_nobody_waiting_and_gets_it_all_later(tasks, down):
    for title in ("Bread", "Milk", "Salt"):
        tasks.add(title=title, due="2026-12-10T00:00:00", show_without_time=True)
    tasks.settle()
    others = [name for name in tasks.desks if name != down]
    faults = tasks.remotes[down].faults
    for turn, fault in enumerate(("broken", "limited")):
        tasks.add(title=f"New {turn}")
        tasks.do(others[0], "rename", "Bread" if not turn else "Bread 0", f"Bread {turn}")
        tasks.do(others[1], "finish" if not turn else "reopen", "Milk")
        before = tasks.seen()[down]
        setattr(faults, fault, 99)
        for _ in range(2):
            reports = {name: tasks.sync(name) for name in tasks.desks}
        assert {name for name, report in reports.items() if report.status != "done"} == {down}
        assert tasks.seen()[down] == before
        assert all(tasks.seen()[name] == tasks.seen()[others[0]] for name in others)
        setattr(faults, fault, 0)
        tasks.a_minute_goes_by()
        tasks.settle()
        tasks.assert_everybody_sees(
            (f"Bread {turn}", False, "2026-12-10"),
            ("Milk", not turn, "2026-12-10"),
            ("Salt", False, "2026-12-10"),
            *((f"New {each}", False, None) for each in range(turn + 1)),
        )
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


@pytest.mark.parametrize("where", PLACES)
def test_a_lost_answer_makes_nothing_twice(tasks, where):
    tasks.add(title="Before")
    tasks.settle()
    tasks.remotes[where].faults.lost = 1
    tasks.add(title="Lost", description="some text", due="2026-12-10T00:00:00", show_without_time=True, priority=1)
    assert tasks.sync(where).status != "done"
    tasks.a_minute_goes_by()
    tasks.settle()
    tasks.assert_everybody_sees(("Before", False, None), ("Lost", False, "2026-12-10"))
    for what, given in (("rename", ["Found"]), ("finish", [])):
        tasks.remotes[where].faults.lost = 1
        tasks.do("hub", what, "Lost" if given else "Found", *given)
        tasks.sync(where)
        tasks.settle()
    tasks.assert_everybody_sees(("Before", False, None), ("Found", True, "2026-12-10"))
    tasks.remotes[where].faults.lost = 1
    tasks.do("hub", "remove", "Found")
    tasks.sync(where)
    tasks.settle()
    tasks.assert_everybody_sees(("Before", False, None))
    assert (tasks.conflicts(), tasks.aside(), tasks.rest()) == ([], [], 0)


def test_the_same_tasks_everywhere_are_linked_and_nothing_is_written(tasks):
    wanted = [("Bread", False, "2026-12-10"), ("Milk", True, None), ("Salt", False, None)]
    for desk in tasks.desks.values():
        for title, is_done, day in wanted:
            name = desk.add(title, day)
            if is_done:
                desk.finish(name)
    tasks.settle()
    tasks.assert_everybody_sees(*wanted)
    assert (tasks.writes(), tasks.conflicts(), tasks.aside(), tasks.rest()) == (0, [], [], 0)


def test_edits_at_all_places_at_once_are_brought_together_and_one_question_stays(tasks):
    tasks.add(title="Bread", due="2026-12-10T00:00:00", show_without_time=True)
    tasks.add(title=CALM)
    tasks.settle()
    tasks.do("todoist", "rename", "Bread", "Rye bread")
    tasks.do("microsoft_todo", "put_off", "Bread", "2026-12-12")
    tasks.do("notion", "finish", "Bread")
    tasks.desks["linear"].service.edit(tasks.id_at("linear", "Bread"), description="two of them")
    tasks.desks["clickup"].service._change(
        tasks.desks["clickup"].service.tasks[tasks.id_at("clickup", "Bread")], {"priority": 2}
    )
    tasks.settle()
    tasks.assert_everybody_sees(("Rye bread", True, "2026-12-12"), (CALM, False, None))
    item = tasks.items()[tasks.item("Rye bread")]
    assert (item["description"], item["priority"]) == ("two of them", 3)
    tasks.do("todoist", "rename", "Rye bread", "Bread of rye")
    tasks.do("linear", "rename", "Rye bread", "Bread with seeds")
    tasks.do("notion", "put_off", "Rye bread", "2026-12-13")
    tasks.settle()
    assert tasks.conflicts() == ["title"]
    assert {desk.tasks()[tasks.id_at(name, title)][2] for name, desk in tasks.desks.items()
            for title in ["Bread with seeds" if name == "linear" else "Bread of rye"]} == {"2026-12-13"}  # fmt: skip
    assert (tasks.aside(), tasks.rest(), tasks.conflicts()) == ([], 0, ["title"])
