"""Which columns of a database say what a task is: the mapping that is proposed, by their types and names.

A schema is what Notion tells of a data source (https://developers.notion.com/reference/property-object).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

Json = dict[str, Any]
Group = Literal["to_do", "in_progress", "complete"]

_GROUPS: tuple[Group, ...] = ("to_do", "in_progress", "complete")
"""Notion has these three, always in this order, whatever they are called."""
_PRIORITIES: Mapping[str, int] = {
    **dict.fromkeys(("urgent", "critical", "highest", "p1", "p0"), 1),
    **dict.fromkeys(("high", "p2"), 3),
    **dict.fromkeys(("medium", "normal", "p3"), 5),
    **dict.fromkeys(("low", "p4"), 7),
    **dict.fromkeys(("lowest", "p5"), 9),
}
_DUE = re.compile(r"\b(due|deadline|date|when|until)\b", re.IGNORECASE)
_START = re.compile(r"\b(start|begin|starts|begins|from)\b", re.IGNORECASE)
_DONE = re.compile(r"\b(done|complete|completed|finished|closed|checked)\b", re.IGNORECASE)
_TEXT = re.compile(r"\b(description|notes?|details?|summary)\b", re.IGNORECASE)
_TAGS = re.compile(r"\b(tags?|labels?|keywords?|categor(y|ies))\b", re.IGNORECASE)
_PEOPLE = re.compile(r"\b(assign(ed|ee|ees)?|person|people|owner|who)\b", re.IGNORECASE)
_PRIORITY = re.compile(r"\b(priority|urgency|importance)\b", re.IGNORECASE)


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """Name of the column for each part of a task, None where no column has it."""

    title: str | None = None
    status: str | None = None
    checkbox: str | None = None
    due: str | None = None
    start: str | None = None
    priority: str | None = None
    keywords: str | None = None
    description: str | None = None
    people: str | None = None

    @property
    def make_a_task(self) -> bool:
        """Rows of which nothing can be done or due are no tasks."""
        return bool(self.status or self.checkbox)


class Choices(msgspec.Struct, frozen=True):
    """What a status or a select can be set to: the names by group, or by priority."""

    groups: Mapping[str, Group] = {}
    priorities: Mapping[str, int] = {}

    def name_of(self, group: str) -> str | None:
        return next((name for name, each in self.groups.items() if each == group), None)

    def nearest(self, priority: int) -> str | None:
        return min(self.priorities, key=lambda name: abs(self.priorities[name] - priority), default=None)


def roles_of(schema: Json) -> Roles:
    """`schema` is a data source, with its `properties`."""
    columns: Json = schema.get("properties") or {}
    due = _named(columns, "date", _DUE, but=_START) or _only(columns, "date", but=_START)
    return Roles(
        title=_only(columns, "title"),
        status=_only(columns, "status"),
        checkbox=_named(columns, "checkbox", _DONE),
        due=due,
        start=_named(columns, "date", _START),
        priority=_named(columns, "select", _PRIORITY),
        keywords=_named(columns, "multi_select", _TAGS) or _only(columns, "multi_select"),
        description=_named(columns, "rich_text", _TEXT),
        people=_named(columns, "people", _PEOPLE) or _only(columns, "people"),
    )


def choices_of(schema: Json, roles: Roles) -> Choices:
    columns: Json = schema.get("properties") or {}
    status = (columns.get(roles.status or "") or {}).get("status") or {}
    select = (columns.get(roles.priority or "") or {}).get("select") or {}
    names = [option["name"] for option in select.get("options") or ()]
    ranked = {name: _PRIORITIES[name.strip().lower()] for name in names if name.strip().lower() in _PRIORITIES}
    return Choices(dict(_grouped(status)), ranked)


def _grouped(status: Json) -> Iterator[tuple[str, Group]]:
    """The options in the order of their group, which is how they are shown: the first is the plainest."""
    names = {option["id"]: option["name"] for option in status.get("options") or ()}
    groups: list[Json] = status.get("groups") or []
    for group, key in zip(groups, _GROUPS, strict=False):
        for option in group.get("option_ids") or ():
            if option in names:
                yield names[option], key


def _named(columns: Json, kind: str, form: re.Pattern[str], *, but: re.Pattern[str] | None = None) -> str | None:
    return next((name for name in _of(columns, kind) if form.search(name) and not (but and but.search(name))), None)


def _only(columns: Json, kind: str, *, but: re.Pattern[str] | None = None) -> str | None:
    return next((name for name in _of(columns, kind) if not (but and but.search(name))), None)


def _of(columns: Json, kind: str) -> Iterator[str]:
    """By name: the order in which Notion tells its columns is not always the same."""
    return (name for name in sorted(columns) if columns[name].get("type") == kind)
