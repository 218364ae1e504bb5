"""CalDAV (RFC 4791, RFC 6578): calendars and task lists on any server that follows the standard."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Task
from entrepot.protocols import dav_home, ical
from entrepot.protocols.dav import Dav, Item, folder_of
from entrepot.protocols.dav_changes import Feed, Part
from entrepot.protocols.dav_home import Found, Principal
from entrepot.protocols.dav_words import ADDRESSES, CALENDARS
from entrepot.protocols.ical_project import holdable, projector
from entrepot.sdk.connector import Account, Known, RemoteCollection
from entrepot.sdk.context import Context
from entrepot.sdk.writer import Write, Writing

from .writing import Objects

STREAMS = {"VEVENT": "events", "VTODO": "tasks"}
_COMPONENTS = {stream: component for component, stream in STREAMS.items()}
_KINDS: dict[str, type[Event | Task]] = {"events": Event, "tasks": Task}
_PROJECTORS = {kind: projector(kind) for kind in _KINDS.values()}
_NEITHER = "neither"


class CalDav:
    """One integration is one principal; one remote collection is one calendar, its id the path at the server.

    The id of a record is its path too. A calendar that may hold events and tasks is listed under both streams, and
    read once for both.
    """

    def __init__(self, context: Context) -> None:
        self._dav = Dav(context.http, context.settings.get("url") or context.http.base_url, CALENDARS)
        self._typed = self._dav.origin
        self._principal: Principal | None = None
        self._calendars: list[Found] | None = None
        self._is_there = False
        self._known: Known | None = None
        self._finding = asyncio.Lock()
        self._feeds: dict[str, Feed] = {}
        self._mine: Collection[str] | None = None
        self._objects = Objects(self._dav, self._addresses)

    async def probe(self) -> Account:
        person = await self._person()
        path = urlsplit(person.url).path  # under the host that was typed: providers move accounts between machines
        return Account(id=self._typed + path, name=person.name or path.rstrip("/").rpartition("/")[2])

    async def collections(self, stream: str) -> Sequence[RemoteCollection]:
        return [
            RemoteCollection(id=one.path, name=one.name, kind="calendar", writable=one.writable, color=one.color)
            for one in await self._found()
            if not one.components or _COMPONENTS[stream] in one.components
        ]

    async def changes(self, stream: str, since: Cursor | None, collection: str | None = None) -> AsyncIterator[Page]:
        """A cursor is the state of `protocols.dav_changes`, and the host where it is not the one typed."""
        assert collection is not None  # the manifest says that each collection is read by itself
        state = _state(since)
        origin = state.pop("origin", self._typed)
        await self._go_to(origin if state else None)
        feed = self._feeds.setdefault(collection, Feed(self._dav, collection, _stream_of, self._known_of))
        async for part in feed.parts(stream, state or None):
            yield self._page(part, stream, collection)

    def know(self, known: Known) -> None:
        self._known = known

    async def confirm(self, stream: str, ref: Ref, collection: str | None = None) -> Change | BadRow | None:
        await self._go_to(None)
        item = await self._dav.one(ref.id)
        if item is None:
            return Change(stream, ref, None, collection=collection)
        return _read(item, stream, collection or folder_of(ref.id)) if _stream_of(item.data) == stream else None

    def writing(self, stream: str) -> Writing | None:
        kind = _KINDS[stream]
        return Writing(fields=holdable(kind), project=_PROJECTORS[kind])

    async def write(self, write: Write) -> Change:
        await self._go_to(None)
        with self._objects.at_work():
            return await self._write(write)

    async def _write(self, write: Write) -> Change:
        component = _COMPONENTS[write.stream]
        if write.verb == "create":
            return _written(await self._objects.create(write, component), write.stream)
        if write.verb == "update":
            return _written(await self._objects.update(write, _KINDS[write.stream]), write.stream)
        assert write.ref is not None  # of what is to be deleted
        await self._objects.delete(write)
        return Change(write.stream, write.ref, None, collection=write.collection)

    async def find(self, write: Write) -> Change | None:
        await self._go_to(None)
        found = await self._objects.find(write, _COMPONENTS[write.stream])
        return _written(found, write.stream) if found else None

    async def _known_of(self, etags: Mapping[str, str]) -> Collection[str]:
        return await self._known([Ref(path, etag) for path, etag in etags.items()]) if self._known else ()

    async def _person(self) -> Principal:
        if self._principal is None:
            self._principal = await dav_home.principal(self._dav)
        return self._principal

    async def _found(self) -> list[Found]:
        """Once for each run, whichever stream or write asks first."""
        async with self._finding:
            if self._calendars is None:
                home = await dav_home.home(self._dav, await self._person())
                self._calendars = await dav_home.collections(self._dav, home)
            self._is_there = True
            return self._calendars

    async def _go_to(self, origin: str | None) -> None:
        """The host that has the calendars: as the cursor says, else as the server says."""
        if self._is_there:
            return
        if origin is None:
            await self._found()
        else:
            self._dav.origin = origin
            self._is_there = True

    async def _addresses(self) -> Collection[str]:
        """Under which the person is invited."""
        if self._mine is None:
            members, _ = await self._dav.properties((await self._person()).url, [ADDRESSES])
            self._mine = members[0].inside(ADDRESSES) if members else ()
        return self._mine

    def _page(self, part: Part, stream: str, collection: str) -> Page:
        changes: list[Change] = []
        bad = [BadRow(stream, path, "The server lists it but does not give it.") for path in part.lost]
        for item in part.items:
            read = _read(item, stream, collection)
            if isinstance(read, Change):
                changes.append(read)
            else:
                bad.append(read)
        changes += [Change(stream, Ref(path), None, collection=collection) for path in part.gone]
        state: dict[str, Any] = dict(part.state)
        if self._dav.origin != self._typed:
            state["origin"] = self._dav.origin
        return Page(changes, bad, Cursor(state), last=part.last, listing=part.listing, total=part.total)


def _state(since: Cursor | None) -> dict[str, Any]:
    return dict(since.value) if since is not None and isinstance(since.value, dict) else {}


def _stream_of(text: bytes) -> str:
    return STREAMS.get(ical.component_of(text) or "", _NEITHER)


def _read(item: Item, stream: str, collection: str) -> Change | BadRow:
    try:
        data: Event | Task = ical.read(item.data)
    except RecordRefused as why:
        return BadRow(stream, item.path, why.message)
    return Change(stream, Ref(item.path, item.etag), data, item.data, collection)


def _written(item: Item, stream: str) -> Change:
    read = _read(item, stream, folder_of(item.path))
    if isinstance(read, BadRow):
        raise RecordRefused(f"The server made of it what cannot be read: {read.reason}")
    return read
