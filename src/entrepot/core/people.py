"""People and what they say: JSContact (RFC 9553), RFC 5322 message headers, ActivityStreams 2.0."""

from typing import Annotated, ClassVar, Literal

import msgspec

from entrepot.core.kind import Kind, Part
from entrepot.core.planner import Instant

PartialDate = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}|-)-?(\d{2}|-)?-?(\d{2})?$")]
"""A date of which parts may be unknown: `1984-03-01`, `1984-03`, `1984`, `--03-01` (no year)."""


class NameParts(Part, frozen=True, kw_only=True):
    full: str | None = None
    given: str | None = None
    given2: str | None = None
    surname: str | None = None
    title: str | None = None
    """Honorific before the name."""
    credential: str | None = None
    """What follows the name: Jr., PhD."""


class EmailAddress(Part, frozen=True):
    address: str
    contexts: list[str] = []
    pref: int | None = None
    label: str | None = None


class Phone(Part, frozen=True, kw_only=True):
    number: str
    contexts: list[str] = []
    features: list[str] = []
    pref: int | None = None
    label: str | None = None


class Address(Part, frozen=True, kw_only=True):
    full: str | None = None
    street: str | None = None
    locality: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None
    country_code: str | None = None
    contexts: list[str] = []
    label: str | None = None


class Organization(Part, frozen=True, kw_only=True):
    name: str | None = None
    units: list[str] = []


class OnlineService(Part, frozen=True, kw_only=True):
    uri: str | None = None
    user: str | None = None
    service: str | None = None
    label: str | None = None


class Anniversary(Part, frozen=True, kw_only=True):
    type: str
    date: PartialDate


class Contact(Kind, frozen=True, kw_only=True):
    kind: ClassVar[str] = "contact"
    standard: ClassVar[str] = "RFC 9553 Card"

    uid: str | None = None
    card_kind: Literal["individual", "group", "org", "location", "device", "application"] = "individual"
    name: NameParts | None = None
    nicknames: list[str] = []
    emails: list[EmailAddress] = []
    phones: list[Phone] = []
    addresses: list[Address] = []
    organizations: list[Organization] = []
    titles: list[str] = []
    online_services: list[OnlineService] = []
    links: list[str] = []
    anniversaries: list[Anniversary] = []
    notes: list[str] = []
    keywords: list[str] = []
    members: list[str] = []
    language: str | None = None
    photo: str | None = None
    """sha256 of the picture kept in the hub, or its address at the service."""
    lifecycle_stage: str | None = None
    created: Instant | None = None
    updated: Instant | None = None


class Message(Kind, frozen=True, kw_only=True):
    """A mail or chat message; header names of RFC 5322."""

    kind: ClassVar[str] = "message"
    standard: ClassVar[str] = "RFC 5322"

    message_id: str | None = None
    in_reply_to: str | None = None
    references: list[str] = []
    thread: str | None = None
    sender: str | None = None
    to: list[str] = []
    cc: list[str] = []
    bcc: list[str] = []
    subject: str = ""
    date: Instant | None = None
    text: str = ""
    html: str | None = None
    labels: list[str] = []
    direction: Literal["in", "out"] | None = None
    channel: str | None = None
    attachments: list[str] = []
    """sha256 of files kept in the hub, or their addresses at the service."""


class Post(Kind, frozen=True, kw_only=True):
    """Something published; property names of ActivityStreams 2.0."""

    kind: ClassVar[str] = "post"
    standard: ClassVar[str] = "ActivityStreams 2.0 Note"

    type: Literal["Note", "Article", "Announce", "Like", "Question"] = "Note"
    name: str | None = None
    """The title, where it has one."""
    content: str = ""
    summary: str | None = None
    attributed_to: str | None = None
    published: Instant | None = None
    updated: Instant | None = None
    url: str | None = None
    in_reply_to: str | None = None
    object: str | None = None
    """What an Announce or Like points at."""
    tags: list[str] = []
    mentions: list[str] = []
    attachments: list[str] = []
    language: str | None = None
    likes: int | None = None
    shares: int | None = None
    replies: int | None = None
    is_deleted: bool = False
