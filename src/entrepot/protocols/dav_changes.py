"""What changed in a collection, in parts, with the state that follows each: by sync token, else by ctag and etags.

States are JSON. `{token}`: everything up to the token is read. `{token, after, full}`: a full read that got as far as
the path `after`. `{etags, ctag}`: the same for a server without sync tokens, with the etag of each member.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from entrepot.protocols.dav import Dav, Item, Report, versions_of
from entrepot.protocols.dav_answer import Member
from entrepot.protocols.dav_words import CTAG, ETAG, SYNC_TOKEN

CHUNK = 100
"""Members in one multiget: iCloud and Fastmail answer more slowly, or not at all, when asked for many more."""

TOGETHER = 4
"""Multigets under way at once; what they bring is one part."""

State = Mapping[str, Any]

Known = Callable[[Mapping[str, str]], Awaitable[Collection[str]]]
"""Of etags by path, the paths that are known in exactly this version."""


class Part(msgspec.Struct, frozen=True):
    """`lost` are members that the server lists but does not give. `total` is how many there are to read."""

    items: Sequence[Item]
    gone: Sequence[str]
    lost: Sequence[str]
    state: State
    last: bool
    listing: bool
    total: int | None = None


class Shared(msgspec.Struct):
    """One answer about a collection, used once by each stream that reads it; `kinds` tells them what is whose."""

    report: Report
    ctag: str = ""
    kinds: dict[str, str] = {}
    users: set[str] = set()


class Feed:
    """One collection for several streams: a mixed calendar is asked once, not once for events and once for tasks.

    `kind_of` tells by the text whose record it is; a stream's name is the kind it takes. What is `known` in the version
    that the server now has is not fetched again, such as what we wrote ourselves.
    """

    def __init__(self, dav: Dav, path: str, kind_of: Callable[[bytes], str], known: Known | None = None) -> None:
        self._dav = dav
        self._known = known
        self._path = path
        self._kind_of = kind_of
        self._shared: dict[str, Shared] = {}

    async def parts(self, stream: str, since: State | None) -> AsyncIterator[Part]:
        """Raises Stale where the server has forgotten the state."""
        since = since or {}
        if "etags" in since:
            async for part in self._by_etags(
                stream, since["etags"], str(since.get("ctag") or ""), listing=bool(since.get("full"))
            ):
                yield part
        elif since.get("token") and not since.get("full"):
            async for part in self._since_token(stream, str(since["token"])):
                yield part
        else:
            async for part in self._everything(stream, since):
                yield part

    async def _since_token(self, stream: str, token: str) -> AsyncIterator[Part]:
        """Parts before the last keep the old token: after a crash they are read again, which changes nothing."""
        shared = await self._share(stream, f"token:{token}", lambda: self._changes(token))
        paths = await self._news(shared, self._mine(shared, stream))
        gone = shared.report.gone
        done = {"token": shared.report.token}
        if not paths:
            yield Part((), gone, (), done, last=True, listing=False, total=0)
            return
        async for at, items, missing, lost in self._fetched(shared, paths, stream):
            last = at == len(paths)
            state = done if last else {"token": token}
            yield Part(items, [*missing, *(gone if last else ())], lost, state, last, listing=False, total=len(paths))

    async def _changes(self, token: str) -> Shared:
        return Shared(await self._dav.changes(self._path, token))

    async def _everything(self, stream: str, since: State) -> AsyncIterator[Part]:
        shared = await self._share(stream, "everything", self._listing)
        if shared.report.token is None:
            async for part in self._by_etags(stream, {}, "", listing=True):
                yield part
            return
        token = since.get("token") or shared.report.token
        paths = [path for path in self._mine(shared, stream) if path > since.get("after", "")]
        if not paths:
            yield Part((), (), (), {"token": token}, last=True, listing=True, total=0)
            return
        async for at, items, _, lost in self._fetched(shared, paths, stream):
            last = at == len(paths)
            state = {"token": token} if last else {"token": token, "after": paths[at - 1], "full": True}
            yield Part(items, (), lost, state, last, listing=True, total=len(paths))

    async def _listing(self) -> Shared:
        """The members and the token of the same moment, in one request.

        Not by a first sync report: a server may cut that short without a word, and would list everything twice.
        """
        members, _ = await self._dav.properties(self._path, [ETAG, CTAG, SYNC_TOKEN], depth=1)
        own = next((one for one in members if one.path.rstrip("/") == self._path.rstrip("/")), None)
        etags = dict(versions_of(members, self._path))
        token = own.text(SYNC_TOKEN) if own else ""
        return Shared(Report(etags, [], token or None), own.text(CTAG) if own else "")

    async def _by_etags(
        self, stream: str, known: Mapping[str, str], ctag: str, *, listing: bool
    ) -> AsyncIterator[Part]:
        shared = await self._share(stream, f"ctag:{ctag}", lambda: self._versions(ctag))
        now = shared.report.changed
        if shared.ctag and shared.ctag == ctag:
            yield Part((), (), (), {"etags": known, "ctag": ctag}, last=True, listing=listing, total=0)
            return
        gone = [path for path in known if path not in now]
        paths = [path for path in self._mine(shared, stream) if not now[path] or known.get(path) != now[path]]
        if not listing:
            paths = await self._news(shared, paths)
        done = {"etags": now, "ctag": shared.ctag}
        if not paths:
            yield Part((), gone, (), done, last=True, listing=listing, total=0)
            return
        got = {path: etag for path, etag in known.items() if path in now}
        async for at, items, missing, lost in self._fetched(shared, paths, stream):
            last = at == len(paths)
            got.update((path, now[path]) for path in paths[:at])
            state = done if last else {"etags": dict(got), "full": listing}
            yield Part(items, [*missing, *(gone if last else ())], lost, state, last, listing, total=len(paths))

    async def _versions(self, ctag: str) -> Shared:
        """The ctag alone first, so that no change costs one small request."""
        if ctag:
            members, _ = await self._dav.properties(self._path, [CTAG])
            if _ctag(members) == ctag:
                return Shared(Report({}, [], None), ctag)
        members, _ = await self._dav.properties(self._path, [ETAG, CTAG], depth=1)
        own = [one for one in members if one.path.rstrip("/") == self._path.rstrip("/")]
        return Shared(Report(dict(versions_of(members, self._path)), [], None), _ctag(own))

    async def _share(self, stream: str, key: str, ask: Callable[[], Any]) -> Shared:
        shared = self._shared.get(key)
        if shared is None or stream in shared.users:
            self._shared.clear()  # an answer is for one run, and only the newest is kept
            shared = self._shared[key] = await ask()
        assert shared is not None
        shared.users.add(stream)
        return shared

    def _mine(self, shared: Shared, stream: str) -> list[str]:
        return sorted(path for path in shared.report.changed if shared.kinds.get(path, stream) == stream)

    async def _news(self, shared: Shared, paths: Sequence[str]) -> list[str]:
        if self._known is None or not paths:
            return list(paths)
        known = await self._known({path: etag for path in paths if (etag := shared.report.changed[path])})
        return [path for path in paths if path not in known]

    async def _fetched(
        self, shared: Shared, paths: Sequence[str], stream: str
    ) -> AsyncIterator[tuple[int, list[Item], list[str], list[str]]]:
        """How far it got, the items that are the stream's, what is gone by now, and what did not come."""
        size = CHUNK * TOGETHER
        coming = asyncio.create_task(self._batch(paths[:size]))
        try:
            for start in range(0, len(paths), size):
                items, missing = await coming
                wanted = paths[start : start + size]
                if start + size < len(paths):
                    coming = asyncio.create_task(self._batch(paths[start + size : start + 2 * size]))
                shared.kinds.update((item.path, self._kind_of(item.data)) for item in items)
                came = {item.path for item in items} | set(missing)
                lost = [path for path in wanted if path not in came]
                mine = [item for item in items if shared.kinds[item.path] == stream]
                yield start + len(wanted), mine, missing, lost
        finally:
            await _end([coming])

    async def _batch(self, paths: Sequence[str]) -> tuple[list[Item], list[str]]:
        chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
        tasks = [asyncio.create_task(self._dav.fetch(self._path, chunk)) for chunk in chunks]
        try:
            results = await asyncio.gather(*tasks)
        except BaseException:
            await _end(tasks)
            raise
        return [item for items, _ in results for item in items], [path for _, gone in results for path in gone]


def _ctag(members: Sequence[Member]) -> str:
    return members[0].text(CTAG) if members else ""


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
