"""A changed record written into its own native text: only what changed is rewritten, all else stays as it came."""

from collections.abc import Sequence
from datetime import datetime

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Planned, Task
from entrepot.protocols.component import Component, components
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical import (
    add_definitions,
    as_bytes,
    carried_zones,
    identity_line,
    named_zones,
    orphan_line,
    override_component,
    read_component,
    read_components,
    records_of,
    write,
)
from entrepot.protocols.ical_alarm import merge_alerts
from entrepot.protocols.ical_field import Field
from entrepot.protocols.ical_fields import EVENT_FIELDS, TASK_FIELDS
from entrepot.protocols.ical_recurrence import (
    EXCLUDED,
    RANGE,
    added_lines,
    excluded_lines,
    is_override,
    occurrence,
    occurrence_of,
    rule_lines,
)
from entrepot.protocols.ical_time import compact_instant
from entrepot.protocols.ical_when import start_of


def merge(data: Planned, *, into: str | bytes, stamp: datetime | None = None) -> str:
    """The native text with the record's fields in it. Where nothing changed, the same text (with CRLF line ends).

    What cannot be merged because the kind changed or the native text is broken is written afresh.
    """
    roots = components(as_bytes(into))
    try:
        before = read_components(roots)
    except RecordRefused:
        return write(data, stamp=stamp)
    if type(before) is not type(data):
        return write(data, stamp=stamp)
    calendar = next((root for root in roots if root.name == "VCALENDAR"), None)
    if calendar is None:
        calendar = Component("VCALENDAR", [Line("VERSION", "2.0"), *roots])
    _Merge(calendar, before, data, stamp).run()
    return "".join(root.written() for root in (roots if calendar in roots else [calendar]))


class _Merge:
    def __init__(self, calendar: Component, before: Event | Task, after: Planned, stamp: datetime | None) -> None:
        self._calendar = calendar
        self._before = before
        self._after = after
        self._stamp = stamp
        self._records, self._zones = records_of([calendar])
        self._writing = carried_zones(after) if after.extra else self._zones
        self._fields = TASK_FIELDS if isinstance(after, Task) else EVENT_FIELDS

    def run(self) -> None:
        if self._before == self._after:
            return
        head = self._head()
        zones_before = named_zones(self._calendar)
        self._merge_component(head, self._before, self._after)
        self._merge_series(head)
        present = self._merge_overrides(head)
        self._add_overrides(present)
        add_definitions(self._calendar, self._after, zones_before)

    def _head(self) -> Component:
        masters = [one for one in self._records if one.line("RECURRENCE-ID") is None]
        return masters[-1] if masters else self._records[0]

    def _merge_component(self, component: Component, before: Planned, after: Planned) -> None:
        changed = [field for field in self._fields if field.key(before) != field.key(after)]
        for field in changed:
            component.replace(field.names, carried(component, field, field.write(after, self._writing)))
        if before.uid != after.uid and after.uid:
            component.replace(("UID",), [Line("UID", after.uid)])
        if before.alerts != after.alerts:
            merge_alerts(component, after)
        if self._stamp is not None and (changed or before.alerts != after.alerts):
            component.replace(("DTSTAMP",), [Line("DTSTAMP", compact_instant(self._stamp))])

    def _merge_series(self, head: Component) -> None:
        before, after = self._before, self._after
        moved = start_of(before) != start_of(after)
        if moved or _rules(before) != _rules(after):
            head.replace(("RRULE", "EXRULE"), rule_lines(after, self._writing))
        if moved or _keys(before, excluded=True) != _keys(after, excluded=True):
            head.replace(("EXDATE",), excluded_lines(after))
        if moved or _keys(before, excluded=False) != _keys(after, excluded=False):
            head.replace(("RDATE",), added_lines(after, {self._key(one) for one in self._overrides(head)}))
        if after.recurrence_id is not None and (moved or before.recurrence_id != after.recurrence_id):
            head.replace(("RECURRENCE-ID",), [orphan_line(after, after.recurrence_id)])

    def _overrides(self, head: Component) -> list[Component]:
        return [one for one in self._records if one is not head and one.line("RECURRENCE-ID") is not None]

    def _key(self, override: Component) -> str:
        identity = override.line("RECURRENCE-ID")
        assert identity is not None  # overrides are chosen by it
        return occurrence(identity.value, identity, start_of(self._before), self._zones)

    def _merge_overrides(self, head: Component) -> set[str]:
        present: set[str] = set()
        for one in self._overrides(head):
            key = self._key(one)
            patch = self._after.recurrence_overrides.get(key)
            if patch is None or patch.get(EXCLUDED):
                self._calendar.content.remove(one)
                continue
            present.add(key)
            self._merge_component(one, read_component(one, self._zones), occurrence_of(self._after, key, patch))
            self._merge_identity(one, key)
        return present

    def _merge_identity(self, override: Component, key: str) -> None:
        old = self._before.recurrence_overrides.get(key, {})
        new = self._after.recurrence_overrides[key]
        if start_of(self._before) != start_of(self._after) or old.get(RANGE) != new.get(RANGE):
            override.replace(("RECURRENCE-ID",), [identity_line(self._after, key)])

    def _add_overrides(self, present: set[str]) -> None:
        """An override with no component of its own that did not change came from an RDATE with a length."""
        before = self._before.recurrence_overrides
        for key, patch in self._after.recurrence_overrides.items():
            if is_override(patch) and key not in present and before.get(key) != patch:
                self._calendar.content.append(override_component(self._after, key, self._writing, self._stamp))


def carried(component: Component, field: Field, new: Sequence[Line]) -> list[Line]:
    """The new lines with the parameters that old lines for the same thing had and that we do not model."""
    old = [line for line in component.lines() if line.name in field.names]
    return [_with_old_parameters(line, old, new, field.managed) for line in new]


def _with_old_parameters(line: Line, old: Sequence[Line], new: Sequence[Line], managed: frozenset[str]) -> Line:
    alike = [one for one in old if one.name == line.name]
    same = next((one for one in alike if one.value.lower() == line.value.lower()), None)
    if same is None and len(alike) == 1 and sum(one.name == line.name for one in new) == 1:
        same = alike[0]
    if same is None:
        return line
    if same.value == line.value and all(same.parameters.get(name) == line.parameters.get(name) for name in managed):
        return same
    kept = {name: values for name, values in same.parameters.items() if name not in managed}
    return Line(line.name, line.value, {**line.parameters, **kept})


def _rules(data: Planned) -> tuple[object, object]:
    return data.recurrence_rules, data.excluded_recurrence_rules


def _keys(data: Planned, *, excluded: bool) -> set[str]:
    """Dates taken out of the series; or dates that are in it whatever the rules say."""
    if excluded:
        return {key for key, patch in data.recurrence_overrides.items() if patch.get(EXCLUDED)}
    return {key for key, patch in data.recurrence_overrides.items() if not patch}
