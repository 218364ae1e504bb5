"""One list of tasks at five services and the hub: whatever is done at one arrives at all, and then there is peace."""

from typing import Any

import pytest
from tests.services.clickup import LIST, WORKSPACE
from tests.services.linear import ENG
from tests.services.notion import CHORES
from tests.services.todoist import INBOX
from tests.together.desks import AtClickUp, AtLinear, AtNotion, AtToDo, AtTodoist
from tests.together.world import Remote, World

PLACES = {"todoist": INBOX, "microsoft_todo": "AQMkTasks=", "notion": CHORES, "linear": ENG, "clickup": WORKSPACE}
EVERYBODY = (*PLACES, "hub")


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
    for name, calls in tasks.calls_of_a_round().items():
        print(name, calls)


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
