"""One calendar object written: made, changed in its own text, deleted, and read again each time."""

import re
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from hashlib import blake2b
from typing import cast
from uuid import UUID

from msgspec.structs import replace

from entrepot.core.errors import RecordRefused, Stale
from entrepot.core.planner import Event, Planned, Task
from entrepot.protocols import ical
from entrepot.protocols.dav import Dav, Item, UidTaken, folder_of
from entrepot.protocols.dav_together import Together
from entrepot.protocols.ical_merge import merge
from entrepot.protocols.ical_project import holdable
from entrepot.sdk.writer import Write

from . import guests

_PLAIN = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_.@-]{0,127}")
_SET_BY_SERVERS = {"created": None, "updated": None, "sequence": None, "extra": {}}

Addresses = Callable[[], Awaitable[Collection[str]]]


class Objects:
    """Writes at one server; `mine` asks for the addresses of whose calendars these are."""

    def __init__(self, dav: Dav, mine: Addresses) -> None:
        self._dav = dav
        self._now = Together(dav)
        self.at_work = self._now.at_work
        self._mine = mine
        self._schedules: dict[str, bool] = {}

    async def create(self, write: Write, component: str) -> Item:
        """Raises Stale where another record has the UID."""
        assert write.collection is not None
        data = _named(write)
        text = guests.hushed(ical.write(data, stamp=_when(write)))
        path = path_for(write)
        try:
            placed = await self._dav.put(path, text, etag=None)
        except (Stale, UidTaken) as why:
            return await self._ours(write, component, text, why)
        found = await self._now.one(placed.path) or await self.find(write, component)
        if found is None:
            raise Stale(f"{placed.path} was deleted as soon as it was made.")
        return found

    async def find(self, write: Write, component: str) -> Item | None:
        """By the name it was given, else by its UID, should the server have given it another."""
        assert write.collection is not None
        uid = _uid(write)
        found = await self._now.one(path_for(write))
        if found is not None and _has(found, uid):
            return found
        alike = await self._dav.find(write.collection, component, uid)
        return next((item for item in alike if _has(item, uid)), None)

    async def update(self, write: Write, kind: type[Event | Task]) -> Item:
        """Raises Stale where another version is there, or none."""
        assert write.ref is not None
        assert isinstance(write.data, Event | Task)
        path = write.ref.id
        native, etag = write.native, write.ref.version
        if not native or not etag:
            native, etag = await self._current(path, native, etag)
        fields = write.fields & holdable(kind) - {"uid"}
        text = _merged(write.data, fields, native, _when(write))
        if text is None:
            return await self._there(path)
        await self._stay_quiet(path, native, fields)
        text = guests.hushed(text, native)
        try:
            placed = await self._dav.put(path, text, etag=etag or "*")
        except Stale:
            found = await self._now.one(path)
            if found is not None and is_alike(found, text):
                return found  # it had arrived, and the answer had not
            raise
        found = await self._there(placed.path)
        if placed.etag and found.etag and placed.etag != found.etag and not is_alike(found, text):
            raise Stale(f"{path} was changed at the server just after it was written.")
        return found

    async def delete(self, write: Write) -> None:
        assert write.ref is not None
        found = Item(write.ref.id, None, write.native) if write.native else await self._now.one(write.ref.id)
        if found is not None:
            await self._stay_quiet(write.ref.id, found.data, None)
            await self._dav.delete(write.ref.id, etag=write.ref.version)

    async def _ours(self, write: Write, component: str, text: str, why: Stale | UidTaken) -> Item:
        """The UID is taken: by what an attempt whose answer was lost had made, or by another record."""
        found = await self.find(write, component)
        if found is None:
            raise why
        if is_alike(found, text):
            return found
        raise Stale(f"{found.path} has the same UID, and is not what was to be made.") from why

    async def _current(self, path: str, native: bytes, etag: str | None) -> tuple[bytes, str | None]:
        """Where there is no version to write on, what is there has to be what was read."""
        found = await self._there(path)
        if (native and not is_alike(found, native)) or (etag and found.etag and found.etag != etag):
            raise Stale(f"{path} was changed at the server since it was read.")
        return native or found.data, found.etag or etag

    async def _there(self, path: str) -> Item:
        found = await self._now.one(path)
        if found is None:
            raise Stale(f"{path} is gone from the server.")
        return found

    async def _stay_quiet(self, path: str, native: bytes, fields: Collection[str] | None) -> None:
        if not guests.is_meeting(native):
            return
        calendar = folder_of(path)
        if calendar not in self._schedules:
            self._schedules[calendar] = guests.FEATURE in await self._dav.features(calendar)
        if self._schedules[calendar]:
            guests.refuse_to_tell(native, await self._mine(), fields)


def path_for(write: Write) -> str:
    """The same each time a create is tried."""
    uid = _uid(write)
    name = uid if _PLAIN.fullmatch(uid) else blake2b(f"{write.stream}\x1f{uid}".encode(), digest_size=16).hexdigest()
    return f"{write.collection}{name}.ics"


def is_alike(item: Item, text: str | bytes) -> bool:
    """Whether both say the same, but for what servers stamp."""
    try:
        one, other = ical.read(item.data), ical.read(text)
    except RecordRefused:
        return False
    return replace(one, **_SET_BY_SERVERS) == replace(other, **_SET_BY_SERVERS)


def _uid(write: Write) -> str:
    data = cast("Planned", write.data)
    return (data.uid or "").strip() or str(UUID(hex=write.op))


def _named(write: Write) -> Planned:
    if isinstance(write.data, Event) and write.data.start is None:
        raise RecordRefused("An event without a start cannot be kept in a calendar of this kind.")
    return replace(cast("Planned", write.data), uid=_uid(write))


def _when(write: Write) -> datetime:
    return datetime.fromtimestamp(write.at / 1000, UTC) if write.at else datetime.now(UTC)


def _has(item: Item, uid: str) -> bool:
    try:
        return ical.read(item.data).uid == uid
    except RecordRefused:
        return False


def _merged(data: Event | Task, fields: Collection[str], native: bytes, stamp: datetime) -> str | None:
    """The native text with these fields as they are to be; None where that changes nothing."""
    before = ical.read(native)
    if type(before) is not type(data):
        raise Stale("There is a record of another kind by now.")
    after = replace(before, **{name: getattr(data, name) for name in fields})
    if isinstance(after, Event) and after.start is None:
        raise RecordRefused("An event without a start cannot be kept in a calendar of this kind.")
    if merge(after, into=native) == merge(before, into=native):
        return None
    return merge(replace(after, updated=stamp) if before.updated else after, into=native, stamp=stamp)
