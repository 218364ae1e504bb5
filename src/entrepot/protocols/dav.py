"""A small WebDAV client for calendars and address books: ask, list, fetch, put, delete."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from entrepot.core.errors import EntrepotError, RecordRefused, ServiceChanged, Stale
from entrepot.protocols.dav_answer import Member, Multistatus, Unreadable, joined, members_of, path_of
from entrepot.protocols.dav_words import ETAG, Family, multiget, propfind, query_by_uid, sync_collection
from entrepot.transport.client import Client
from entrepot.transport.message import Request, Response

_XML = "application/xml; charset=utf-8"
LARGEST = 48 << 20
"""Bytes of one object."""
_MULTIGET = 256 << 20
"""Bytes of one answer with many objects, which are held together."""
_REDIRECTS = frozenset({301, 302, 307, 308})
_TOO_MANY = 507
_FORGOTTEN: Mapping[int, str] = dict.fromkeys((400, 403, 409, 410, 412), "Stale")
"""How servers say that they no longer know a sync token (Radicale 403, Xandikos 412, others 409 or 410)."""

_REFUSALS = frozenset({400, 403, 409, 412, 413, 415, 422})
_MISSING = frozenset({404, 410})
_UID_CONFLICT = b"no-uid-conflict"
_BAD_DATA = (b"valid-calendar-data", b"valid-calendar-object-resource", b"valid-address-data", b"max-resource-size")
_HOPS = 5
MEMBERS = 2_000_000


class Item(msgspec.Struct, frozen=True):
    """A calendar object or card with its text."""

    path: str
    etag: str | None
    data: bytes


class Report(msgspec.Struct):
    """What a sync report says: etags of new and changed members by path, paths that are gone, and the next token."""

    changed: dict[str, str]
    gone: list[str]
    token: str | None


class UidTaken(RecordRefused):
    """The collection already has a record with this UID, at `path` where the server says so."""

    def __init__(self, message: str, path: str | None) -> None:
        super().__init__(message)
        self.path = path


class Dav:
    """`origin` is scheme, host and port, to which paths are appended; discovery may move it to another host."""

    def __init__(self, http: Client, address: str, family: Family) -> None:
        self.family = family
        self.address = address
        self.origin = origin_of(address)
        self._http = http

    async def properties(
        self, url: str, names: Iterable[str], *, depth: int = 0, absent: Collection[int] = ()
    ) -> tuple[list[Member], str]:
        """The resource (and with depth 1 its members) and where it was found after redirects.

        Empty where the server answers with one of the statuses in `absent`.
        """
        request = Request(
            method="PROPFIND",
            url=joined(self.origin, url),
            headers={"Depth": str(depth), "Content-Type": _XML},
            body=propfind(names),
            expected=absent,
            follow=False,
        )
        response = await self._followed(request)
        if response.status in absent or response.status in _REDIRECTS:
            return [], response.url
        return members_of(response.body, response.url), response.url

    async def _followed(self, request: Request) -> Response:
        """Redirects by hand: each hop is signed for its own host, which the client has checked against its list."""
        for _ in range(_HOPS):
            response = await self._http.send(request)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                return response
            there = joined(response.url, location)
            if response.url.startswith("https:") and not there.startswith("https:"):
                raise ServiceChanged(f"{origin_of(response.url)} redirects to an unprotected address.")
            request = msgspec.structs.replace(request, url=there)
        raise ServiceChanged(f"{origin_of(request.url)} redirects again and again; it was not followed further.")

    async def changes(self, path: str, token: str | None) -> Report:
        """Everything since the token, however often the server cuts its answer short (RFC 6578, 3.6).

        Raises Stale where it no longer knows the token.
        """
        report = Report({}, [], token)
        while True:
            cut = await self._sync(path, report)
            if not cut:
                return report

    async def _sync(self, path: str, report: Report) -> bool:
        answer = Multistatus(self.origin + path)
        request = self._report(path, sync_collection(report.token), depth="0", forgiving=report.token is not None)
        cut, came = False, 0
        async for member in self._stream(request, answer):
            came += 1
            if member.status == _TOO_MANY:
                cut = True
            elif member.path.rstrip("/") == path.rstrip("/"):
                continue  # iCloud lists the collection itself
            elif member.status == 404:
                report.changed.pop(member.path, None)
                report.gone.append(member.path)
            else:
                report.changed[member.path] = member.text(ETAG)
            if len(report.changed) + len(report.gone) > MEMBERS:
                raise ServiceChanged(f"{self.origin}{path} tells of more than {MEMBERS:,} members; no more are read.")
        if answer.token is None or (cut and (answer.token == report.token or came <= 1)):
            raise ServiceChanged(f"{self.origin}{path} gave a sync report without a way to go on from it.")
        report.token = answer.token
        return cut

    async def fetch(self, path: str, wanted: Sequence[str]) -> tuple[list[Item], list[str]]:
        """The wanted members of a collection, and those that are gone by now."""
        request = self._report(path, multiget(self.family, wanted), depth="1")
        answer = Multistatus(self.origin + path)
        try:
            members = [member async for member in self._stream(request, answer, _MULTIGET)]
        except (Unreadable, RecordRefused):
            if len(wanted) == 1:
                return await self._fetch_one(wanted[0])
            half = len(wanted) // 2  # one object that is huge, or has a control character, spoils the whole answer
            first, second = await self.fetch(path, wanted[:half]), await self.fetch(path, wanted[half:])
            return first[0] + second[0], first[1] + second[1]
        return _sorted_out(members, self.family.data)

    async def one(self, path: str) -> Item | None:
        """One member with its text as a listing has it: in XML lines end otherwise than in what GET gives."""
        items, _ = await self.fetch(folder_of(path), [path])
        return next((item for item in items if item.path == path), None)

    async def _fetch_one(self, path: str) -> tuple[list[Item], list[str]]:
        try:
            found = await self.get(path)
        except RecordRefused:
            return [], []
        return ([found], []) if found else ([], [path])

    async def get(self, path: str) -> Item | None:
        """None where it does not exist. Raises RecordRefused where it is larger than `LARGEST`."""
        request = Request(method="GET", url=self.origin + path, errors={404: "Stale", 410: "Stale"})
        try:
            async with self._http.stream(request, limit=LARGEST) as pieces:
                body = b"".join([piece async for piece in pieces])
        except Stale:
            return None
        return Item(path, pieces.response.headers.get("ETag"), body)

    async def put(self, path: str, text: str, *, etag: str | None) -> Item:
        """Replace the version with this etag, or create (etag None). Where it is now, and the etag if that is told.

        Raises Stale where another version is there or none, UidTaken where the UID is, RecordRefused where the
        server does not like the content.
        """
        refusals = _REFUSALS | _MISSING if etag else _REFUSALS
        headers = {**_condition(etag or ""), "Content-Type": self.family.media_type}
        request = Request(method="PUT", url=self.origin + path, headers=headers, body=text.encode(), expected=refusals)
        response = await self._http.send(request)
        if response.status in refusals:
            raise _refusal(response, path)
        return Item(_placed(response, path), response.headers.get("ETag"), text.encode())

    async def delete(self, path: str, *, etag: str | None) -> None:
        """Deleting what is gone already is no error. Raises Stale where another version is there.

        A server that speaks for the person in meetings is told not to: the sync of a calendar is no answer.
        """
        headers = {**(_condition(etag) if etag else {}), "Schedule-Reply": "F"}
        request = Request(method="DELETE", url=self.origin + path, headers=headers, expected=(*_MISSING, 403, 412))
        response = await self._http.send(request)
        if response.status == 412 and await self.one(path) is not None:
            raise Stale(f"{path} was changed at the server since it was read.")
        if response.status == 403:
            raise _refusal(response, path)

    async def find(self, path: str, component: str, uid: str) -> list[Item]:
        """What the collection has under a UID, which may be in the UIDs of others too."""
        request = self._report(path, query_by_uid(component, uid), depth="1")
        answer = Multistatus(self.origin + path)
        members = [member async for member in self._stream(request, answer, _MULTIGET)]
        return _sorted_out(members, self.family.data)[0]

    async def features(self, path: str) -> frozenset[str]:
        """What the server says that it can do there (RFC 4918 section 10.1)."""
        response = await self._http.send(Request(method="OPTIONS", url=self.origin + path))
        return frozenset(word.strip() for word in response.headers.get("DAV", "").split(","))

    def _report(self, path: str, body: bytes, *, depth: str, forgiving: bool = False) -> Request:
        headers = {"Depth": depth, "Content-Type": _XML}
        return Request(
            method="REPORT", url=self.origin + path, headers=headers, body=body, errors=_FORGOTTEN if forgiving else {}
        )

    async def _stream(self, request: Request, answer: Multistatus, limit: int | None = None) -> AsyncIterator[Member]:
        async with self._http.stream(request, limit=limit) as pieces:
            async for piece in pieces:
                for member in answer.feed(piece):
                    yield member
        answer.close()


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _condition(etag: str) -> dict[str, str]:
    """A mark of weakness, as a proxy that packs answers adds it, never matches (RFC 9110 section 13.1.1)."""
    return {"If-Match": etag.removeprefix("W/")} if etag else {"If-None-Match": "*"}


def _placed(response: Response, path: str) -> str:
    """Servers may keep a record under a name of their own, and should then say so."""
    there = response.headers.get("Location") or response.headers.get("Content-Location")
    return path_of(joined(response.url, there)) if there else path


def folder_of(path: str) -> str:
    return path.rpartition("/")[0] + "/"


def versions_of(members: Iterable[Member], path: str) -> Mapping[str, str]:
    """Etags of the members of a collection, by path, without the collection itself."""
    return {one.path: one.text(ETAG) for one in members if one.path.rstrip("/") != path.rstrip("/")}


def _sorted_out(members: Iterable[Member], data: str) -> tuple[list[Item], list[str]]:
    items: list[Item] = []
    gone: list[str] = []
    for member in members:
        if data in member.properties:
            items.append(Item(member.path, member.text(ETAG) or None, member.text(data).encode()))
        elif member.status in {404, 410}:
            gone.append(member.path)
    return items, gone


def _refusal(response: Response, path: str) -> EntrepotError:
    body = response.body
    if _UID_CONFLICT in body:
        there = body.partition(_UID_CONFLICT)[2].partition(b"href>")[2].partition(b"<")[0].decode("utf-8", "replace")
        return UidTaken(
            f"The server already has a record with the same UID as {path}.", path_of(there) if there else None
        )
    if response.status == 412 or response.status in _MISSING:
        return Stale(f"{path} was changed at the server since it was read.")
    if any(sign in body for sign in _BAD_DATA) or response.status != 403:
        return RecordRefused(f"The server does not accept {path}: its content is not what it allows.")
    return RecordRefused(f"The server does not let you write {path}; the collection may be read-only for you.")
