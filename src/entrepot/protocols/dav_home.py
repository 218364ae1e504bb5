"""Find a person's calendars or address books from any address they may type (RFC 6764, RFC 5397)."""

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.dav import Dav, origin_of
from entrepot.protocols.dav_answer import Member, joined, path_of
from entrepot.protocols.dav_words import COLOR, COMPONENTS, NAME, PRINCIPAL, PRIVILEGES, TYPE

_ABSENT = (400, 403, 404, 405, 410, 501)
_WRITING = ("{DAV:}write", "{DAV:}write-content", "{DAV:}bind", "{DAV:}all")


class Principal(msgspec.Struct, frozen=True):
    """`url` is whose account it is; `home` where the collections are, if the same answer said so."""

    url: str
    name: str
    home: str | None


class Found(msgspec.Struct, frozen=True):
    """A collection. `components` are what it may hold, empty where the server does not say: then anything."""

    path: str
    name: str
    color: str | None
    components: tuple[str, ...]
    writable: bool


async def principal(dav: Dav) -> Principal:
    """By the address as typed, the well-known address, and the root, whichever answers first."""
    asked = [PRINCIPAL, dav.family.home, TYPE, NAME]
    for url in dict.fromkeys((dav.address, dav.origin + dav.family.well_known, dav.origin + "/")):
        members, where = await dav.properties(url, asked, absent=_ABSENT)
        found = _principal(dav, members[0], where) if members else None
        if found is not None:
            dav.origin = origin_of(found.url)
            return found
    raise PersonMustFix(
        f"There is no {_word(dav)} server at {dav.address}. Check the address; the help of your provider names it."
    )


def _principal(dav: Dav, member: Member, where: str) -> Principal | None:
    homes = member.inside(dav.family.home)
    people = member.inside(PRINCIPAL)
    url = next((one for one in people if not one.startswith("{")), None)
    if url is None and not homes and dav.family.kind not in member.inside(TYPE):
        return None
    home = joined(where, homes[0]) if homes else None if url else where
    return Principal(joined(where, url or member.href), member.text(NAME), home)


async def home(dav: Dav, person: Principal) -> str:
    """The address of the collection that holds the person's collections."""
    if person.home is not None:
        return person.home
    members, where = await dav.properties(person.url, [dav.family.home, NAME])
    homes = members[0].inside(dav.family.home) if members else ()
    if not homes:
        raise PersonMustFix(f"{dav.origin} has an account for you but no {_word(dav)} data in it.")
    return joined(where, homes[0])


async def collections(dav: Dav, home_url: str) -> list[Found]:
    """What is in the home; `dav` then talks to the host that really has it (iCloud moves people about)."""
    asked = [TYPE, NAME, COLOR, COMPONENTS, PRIVILEGES]
    members, where = await dav.properties(home_url, asked, depth=1)
    dav.origin = origin_of(where)
    return [_found(member) for member in members if dav.family.kind in member.inside(TYPE)]


def _found(member: Member) -> Found:
    privileges = member.inside(PRIVILEGES)
    color = member.text(COLOR).strip()
    path = path_of(member.href)
    path = path if path.endswith("/") else f"{path}/"
    components = tuple(name for name in member.inside(COMPONENTS) if not name.startswith("{"))
    return Found(
        path=path,
        name=member.text(NAME).strip() or path.rstrip("/").rpartition("/")[2],
        color=color[:7] if color.startswith("#") else color or None,
        components=tuple(name.upper() for name in components),
        writable=not privileges or any(name in privileges for name in _WRITING),
    )


def _word(dav: Dav) -> str:
    return "CalDAV" if "caldav" in dav.family.namespace else "CardDAV"
