"""The names WebDAV, CalDAV and CardDAV use on the wire, and the bodies of the requests we send."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

import msgspec

DAV = "DAV:"
CALDAV = "urn:ietf:params:xml:ns:caldav"
CARDDAV = "urn:ietf:params:xml:ns:carddav"
CALENDAR_SERVER = "http://calendarserver.org/ns/"
APPLE = "http://apple.com/ns/ical/"

ETAG = f"{{{DAV}}}getetag"
TYPE = f"{{{DAV}}}resourcetype"
NAME = f"{{{DAV}}}displayname"
PRINCIPAL = f"{{{DAV}}}current-user-principal"
PRIVILEGES = f"{{{DAV}}}current-user-privilege-set"
SYNC_TOKEN = f"{{{DAV}}}sync-token"
CTAG = f"{{{CALENDAR_SERVER}}}getctag"
COLOR = f"{{{APPLE}}}calendar-color"
ADDRESSES = f"{{{CALDAV}}}calendar-user-address-set"
COMPONENTS = f"{{{CALDAV}}}supported-calendar-component-set"

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


class Family(msgspec.Struct, frozen=True):
    """What CalDAV and CardDAV do alike under different names."""

    namespace: str
    well_known: str
    home: str
    kind: str
    multiget: str
    data: str
    media_type: str


CALENDARS = Family(
    namespace=CALDAV,
    well_known="/.well-known/caldav",
    home=f"{{{CALDAV}}}calendar-home-set",
    kind=f"{{{CALDAV}}}calendar",
    multiget=f"{{{CALDAV}}}calendar-multiget",
    data=f"{{{CALDAV}}}calendar-data",
    media_type="text/calendar; charset=utf-8",
)
ADDRESS_BOOKS = Family(
    namespace=CARDDAV,
    well_known="/.well-known/carddav",
    home=f"{{{CARDDAV}}}addressbook-home-set",
    kind=f"{{{CARDDAV}}}addressbook",
    multiget=f"{{{CARDDAV}}}addressbook-multiget",
    data=f"{{{CARDDAV}}}address-data",
    media_type="text/vcard; charset=utf-8",
)


def propfind(properties: Iterable[str]) -> bytes:
    return f'{_DECLARATION}<propfind xmlns="DAV:"><prop>{_empty(properties)}</prop></propfind>'.encode()


def sync_collection(token: str | None) -> bytes:
    """RFC 6578. There is never a limit: Xandikos cuts at it and says nothing, so the rest would never come."""
    return (
        f'{_DECLARATION}<sync-collection xmlns="DAV:"><sync-token>{escape(token or "")}</sync-token>'
        "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    ).encode()


def multiget(family: Family, paths: Iterable[str]) -> bytes:
    hrefs = "".join(f"<d:href>{escape(path)}</d:href>" for path in paths)
    name, data = family.multiget.partition("}")[2], family.data.partition("}")[2]
    return (
        f'{_DECLARATION}<{name} xmlns="{family.namespace}" xmlns:d="DAV:">'
        f"<d:prop><d:getetag/><{data}/></d:prop>{hrefs}</{name}>"
    ).encode()


def query_by_uid(component: str, uid: str) -> bytes:
    """The filter finds all that have the text in their UID."""
    return (
        f'{_DECLARATION}<calendar-query xmlns="{CALDAV}" xmlns:d="DAV:"><d:prop><d:getetag/><calendar-data/></d:prop>'
        f'<filter><comp-filter name="VCALENDAR"><comp-filter name="{component}"><prop-filter name="UID">'
        f'<text-match collation="i;octet">{escape(uid)}</text-match>'
        "</prop-filter></comp-filter></comp-filter></filter></calendar-query>"
    ).encode()


def _empty(properties: Iterable[str]) -> str:
    """`{namespace}name` as an element that asks for it."""
    parts = (name[1:].partition("}") for name in properties)
    return "".join(f'<{name} xmlns="{namespace}"/>' for namespace, _, name in parts)
