"""VALARM components as alerts and back."""

from collections.abc import Iterable

from entrepot.core.planner import Alert, Planned
from entrepot.protocols.component import Component
from entrepot.protocols.content_line import Line, escaped
from entrepot.protocols.ical_time import compact_instant, duration_of, instant_of

_AT_START = "PT0S"


def alerts_of(component: Component) -> list[Alert]:
    """Alarms whose trigger nobody can read stay in the native text only."""
    found = (alert_of(alarm) for alarm in component.children("VALARM"))
    return [alert for alert in found if alert is not None]


def alert_of(alarm: Component) -> Alert | None:
    trigger = alarm.line("TRIGGER")
    if trigger is None:
        return None
    action = alarm.value("ACTION").strip().lower() or "display"
    if action == "none":  # Apple's way to say that there is no default alarm
        return None
    offset = duration_of(trigger.value)
    if offset is not None:
        relative = "end" if trigger.parameter("RELATED").upper() == "END" else "start"
        return Alert(offset=offset, relative_to=relative, action=action)
    at = instant_of(trigger.value)
    return None if at is None else Alert(at=at, action=action)


def alarm_of(alert: Alert, title: str) -> Component:
    if alert.at is not None:
        trigger = Line("TRIGGER", compact_instant(alert.at), {"VALUE": ["DATE-TIME"]})
    else:
        related = {"RELATED": ["END"]} if alert.relative_to == "end" else {}
        trigger = Line("TRIGGER", duration_of(alert.offset or _AT_START) or _AT_START, related)
    action = Line("ACTION", alert.action.upper())
    if alert.action == "audio":
        return Component("VALARM", [action, trigger])
    told = Line("DESCRIPTION", escaped(title) or "-")  # the standard asks for one, and some servers insist
    summary = [Line("SUMMARY", escaped(title) or "-")] if alert.action == "email" else []
    return Component("VALARM", [action, trigger, told, *summary])


def merge_alerts(component: Component, data: Planned) -> None:
    """Alarms that still mean one of the alerts stay as they are, with all that other programs put into them."""
    there: list[tuple[Alert, Component]] = []
    kept: list[Line | Component] = []
    for part in component.content:
        alert = alert_of(part) if isinstance(part, Component) and part.name == "VALARM" else None
        if alert is not None and isinstance(part, Component):
            there.append((alert, part))
        else:
            kept.append(part)
    for alert in data.alerts:
        place = next((at for at, (old, _) in enumerate(there) if old == alert), None)
        kept.append(alarm_of(alert, data.title) if place is None else there.pop(place)[1])
    component.content = kept


def alarms_of(alerts: Iterable[Alert], title: str) -> list[Component]:
    return [alarm_of(alert, title) for alert in alerts]
