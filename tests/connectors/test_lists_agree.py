"""Two lists that are kept in step through the hub: whatever one of them holds, the other's coarser copy never comes back.

The services here are what their connectors foretell of them; that they foretell it rightly is proved beside each.
"""

from functools import cache
from itertools import permutations
from types import MappingProxyType
from typing import Any

import pytest

from entrepot.core.conflict import Mark
from entrepot.core.fields import fields_of
from entrepot.core.life import LibraryEntry
from entrepot.core.plan import plan
from entrepot.core.plan_outcome import Plan, settle
from entrepot.core.plan_sides import ABSENT, Base, Present, State, Terms
from entrepot.core.plan_table import Action
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.transport.budget import Budget

EMPTY = MappingProxyType(fields_of(LibraryEntry()))
PAIRS = list(permutations(("anilist", "myanimelist", "kitsu"), 2))
DATES = ("2024", "2024-03", "2024-03-09", "--03-09", "---09", "2024---09", "--03")
VALUES: dict[str, tuple[Any, ...]] = {
    "score": (None, *range(1, 101)),
    "status": ("current", "planned", "completed", "paused", "dropped", "repeating"),
    "started": (None, *DATES),
    "finished": (None, *DATES),
    "repeats": (*range(60), 1000),
    "priority": (None, *range(256)),
    "progress": (0, 1, 1000),
    "progress_volumes": (None, 0, 7),
    "notes": ("", "Schön"),
    "is_private": (False, True),
    "tags": ([], ["a", "b c"]),
}


@cache
def terms_of(name: str) -> Terms:
    entry = Catalog().entry(name)
    context = Context(http=client(load(entry.manifest), shared=Budget()), settings={})
    reader: Any = compile_connector(entry)(context)
    writing = reader.writing("manga")
    return Terms(kind="library_entry", fields=writing.fields, writable=writing.fields, project=writing.project)


class Service:
    """One entry of a list, as the connector says that the service holds it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.terms = terms_of(name)
        self.fields: dict[str, Any] = {}
        self.base: Base | None = None
        self.version = 0

    def holds(self, fields: dict[str, Any]) -> None:
        """As it would keep them, had they been written."""
        kept = self.terms.fields or frozenset()
        told = {name: self.terms.project(name, value) for name, value in fields.items() if name in kept}
        self.fields = {**{name: EMPTY[name] for name in kept}, **self.fields, **told}
        self.version += 1

    def present(self) -> Present:
        return Present(fields=self.fields, mark=Mark(self.name), version=str(self.version))


class Hub:
    def __init__(self) -> None:
        self.fields: dict[str, Any] | None = None

    def sync(self, service: Service) -> Plan:
        here: State = ABSENT if self.fields is None else Present(fields=self.fields, mark=Mark("hub"))
        there: State = service.present() if service.fields else ABSENT
        found = plan(service.base, here, there, service.terms)
        assert not found.conflicts
        if found.hub:
            self.fields = {**(self.fields or EMPTY), **found.hub}
        if found.remote:
            service.holds(dict(found.remote))
        service.base = settle(found, service.terms, service.present() if found.remote else None)
        return found


def linked(first: str, second: str, fields: dict[str, Any]) -> tuple[Hub, Service, Service]:
    """An entry of the first service that was brought to the second."""
    hub, one, other = Hub(), Service(first), Service(second)
    one.holds(fields)
    assert hub.sync(one).action is Action.CREATE_HERE
    assert hub.sync(other).action is Action.CREATE_THERE
    return hub, one, other


def assert_quiet(hub: Hub, *services: Service) -> None:
    """Nobody is told anything, neither by version nor, where a service stamps without a change, by content."""
    before = dict(hub.fields or {})
    for stamped in (False, True):
        for service in services:
            service.version += stamped
            found = hub.sync(service)
            assert (found.remote, found.hub) == ({}, {}), (service.name, found)
    assert hub.fields == before


@pytest.mark.parametrize("field", sorted(VALUES))
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_no_value_of_one_comes_back_changed_from_the_other(first, second, field):
    hub, one, other = linked(first, second, {field: VALUES[field][-1], "progress": 2})
    for value in VALUES[field]:
        one.holds({field: value})
        held = dict(one.fields)
        hub.sync(one)
        hub.sync(other)
        assert_quiet(hub, one, other)
        assert one.fields == held
        if field in one.fields and field != "progress":
            other.holds({"progress": other.fields["progress"] + 1})
            assert hub.sync(other).hub == {"progress": other.fields["progress"]}
            assert hub.sync(one).remote == {"progress": other.fields["progress"]}
            assert_quiet(hub, one, other)
            assert one.fields[field] == held[field]


@pytest.mark.parametrize("field", sorted(VALUES))
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_lists_that_say_the_same_as_far_as_they_can_are_linked_without_a_word(first, second, field):
    for value in VALUES[field]:
        hub, one, other = Hub(), Service(first), Service(second)
        one.holds({field: value})
        hub.sync(one)
        assert hub.fields is not None
        other.holds({name: held for name, held in hub.fields.items() if held != EMPTY[name]})
        assert_quiet(hub, other, one)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_real_change_of_a_score_travels_from_every_value_to_every_other(first, second):
    hub, one, other = linked(first, second, {"score": 50})
    project = other.terms.project
    scores = sorted({project("score", score) for score in range(1, 101)})
    for before in range(1, 101, 3):
        for after in (*scores[::4], None):
            one.holds({"score": before})
            hub.sync(one)
            hub.sync(other)
            if project("score", one.fields["score"]) == after:
                continue
            other.holds({"score": after})
            assert hub.sync(other).hub == {"score": after}
            hub.sync(one)
            assert one.fields["score"] == one.terms.project("score", after)
            assert_quiet(hub, one, other)


def test_three_lists_settle_on_what_the_finest_holds():
    for score in range(1, 101):
        hub, anilist, kitsu = linked("anilist", "kitsu", {"score": score})
        mal = Service("myanimelist")
        hub.sync(mal)
        assert_quiet(hub, anilist, kitsu, mal)
        assert (anilist.fields["score"], hub.fields["score"]) == (score, score)
