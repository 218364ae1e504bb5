"""ORGANIZER and ATTENDEE as participants; the organizer is the one with the role `owner`."""

from entrepot.core.planner import Participant, Planned
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical_field import Attributes, Field, Found
from entrepot.protocols.ical_zone import Zones

_ROLES = {
    "REQ-PARTICIPANT": ["attendee"],
    "OPT-PARTICIPANT": ["attendee", "optional"],
    "NON-PARTICIPANT": ["informational"],
    "CHAIR": ["attendee", "chair"],
}
_OWNER = "owner"


def _read(found: Found, _: Zones, into: Attributes) -> None:
    organizers = found.get("ORGANIZER", [])[:1]
    attendees = [_attendee(line) for line in found.get("ATTENDEE", ())]
    for line in organizers:
        owner = address_of(line)
        place = next((at for at, one in enumerate(attendees) if owner and _same(one.email, owner)), None)
        if place is None:
            attendees.insert(0, Participant(name=line.parameter("CN") or None, email=owner, roles=[_OWNER]))
        else:
            one = attendees[place]
            attendees[place] = Participant(
                name=one.name,
                email=one.email,
                roles=[_OWNER, *one.roles],
                participation_status=one.participation_status,
                expect_reply=one.expect_reply,
            )
    if attendees:
        into["participants"] = attendees


def _attendee(line: Line) -> Participant:
    return Participant(
        name=line.parameter("CN") or None,
        email=address_of(line),
        roles=list(_ROLES.get(line.parameter("ROLE").upper(), ["attendee"])),
        participation_status=line.parameter("PARTSTAT").lower() or None,
        expect_reply=line.parameter("RSVP").upper() == "TRUE",
    )


def address_of(line: Line) -> str | None:
    """The mail address; for people known otherwise (urn:uuid:…) their address as it stands."""
    value = line.value.strip()
    if value[:7].lower() == "mailto:":
        return value[7:].strip() or None
    return line.parameter("EMAIL") or value or None


def _same(one: str | None, other: str) -> bool:
    return one is not None and one.lower() == other.lower()


def _write(data: Planned, _: Zones) -> list[Line]:
    owners = [person for person in data.participants if _OWNER in person.roles]
    lines = [Line("ORGANIZER", _uri(person), {"CN": [person.name]} if person.name else {}) for person in owners[:1]]
    return [*lines, *(_attendee_line(one) for one in data.participants if one.roles != [_OWNER])]


def _attendee_line(person: Participant) -> Line:
    roles = [role for role in person.roles if role != _OWNER]
    role = next((name for name, listed in _ROLES.items() if listed == roles), "REQ-PARTICIPANT")
    parameters: dict[str, list[str]] = {}
    if person.name:
        parameters["CN"] = [person.name]
    if role != "REQ-PARTICIPANT":
        parameters["ROLE"] = [role]
    if person.participation_status:
        parameters["PARTSTAT"] = [person.participation_status.upper()]
    if person.expect_reply:
        parameters["RSVP"] = ["TRUE"]
    return Line("ATTENDEE", _uri(person), parameters)


def _uri(person: Participant) -> str:
    address = person.email or "invalid:nomail"
    return address if ":" in address else f"mailto:{address}"


PEOPLE = Field(
    names=("ORGANIZER", "ATTENDEE"),
    key=lambda data: data.participants,
    read=_read,
    write=_write,
    managed=frozenset({"CN", "ROLE", "PARTSTAT", "RSVP"}),
    attribute="participants",
)
