"""Meetings: a server that speaks for its people (RFC 6638) mails guests when a meeting changes. No sync may cause that.

It says so by a feature. Whose guests are its business is said by SCHEDULE-AGENT, which is the server where nothing is
said; taking that away from a guest would count as disinviting them.
"""

from collections.abc import Collection

from entrepot.core.errors import RecordRefused
from entrepot.protocols.component import Component, components
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical import RECORDS

FEATURE = "calendar-auto-schedule"
_AGENT = "SCHEDULE-AGENT"
_PEOPLE = ("ORGANIZER", "ATTENDEE")
_TOLD_TO_GUESTS = frozenset({"participants", "status", "recurrence_overrides", "excluded_recurrence_rules"})
"""What a guest changes in their own copy that is an answer to who invited them."""
_OWN_AFFAIR = frozenset({"alerts"})
"""What is never sent to others (RFC 6638 section 3.2.1.1)."""


def hushed(text: str, before: bytes = b"") -> str:
    """The calendar in which nobody new is the server's to write to; guests of a meeting `before` stay as they are."""
    roots = components(text.encode())
    there = _records(components(before)) if is_meeting(before) else []
    known = {_who(line) for record in there for line in record.lines()}
    changed = False
    for record in _records(roots):
        for at, part in enumerate(record.content):
            if (
                isinstance(part, Line)
                and part.name in _PEOPLE
                and not part.parameter(_AGENT)
                and _who(part) not in known
            ):
                record.content[at] = Line(part.name, part.value, {**part.parameters, _AGENT: ["NONE"]}, part.group)
                changed = True
    return "".join(root.written() for root in roots) if changed else text


def is_meeting(native: bytes) -> bool:
    """Whether a server that schedules would, for any of its occurrences."""
    return any(_is_served(record) for record in _records(components(native)))


def refuse_to_tell(native: bytes, mine: Collection[str], fields: Collection[str] | None) -> None:
    """`mine` are the addresses of whose calendar it is, `fields` what is to change; None: all of it goes.

    Raises RecordRefused where the server would write to people about it.
    """
    if fields is not None and _OWN_AFFAIR.issuperset(fields):
        return
    if not is_meeting(native):
        return
    people = [line for record in _records(components(native)) for line in record.lines()]
    organizers = {_address(line) for line in people if line.name == "ORGANIZER"}
    is_guest = bool(mine) and organizers.isdisjoint(address.lower() for address in mine)
    if is_guest and (fields is None or _TOLD_TO_GUESTS.isdisjoint(fields)):
        return  # going without an answer is asked for by a header
    raise RecordRefused(
        "The server would write to the people of this meeting. Change it in your calendar program; that is then read."
    )


def _records(roots: Collection[Component]) -> list[Component]:
    return [record for root in roots for record in ([root] if root.name in RECORDS else root.children(*RECORDS))]


def _is_served(record: Component) -> bool:
    """Only what has an organizer is scheduled."""
    lines = [line for line in record.lines() if line.name in _PEOPLE]
    if not any(line.name == "ORGANIZER" for line in lines):
        return False
    return any(line.parameter(_AGENT).upper() in {"", "SERVER"} for line in lines if line.name == "ATTENDEE")


def _who(line: Line) -> tuple[str, str]:
    return line.name, _address(line)


def _address(line: Line) -> str:
    return line.value.strip().lower()
