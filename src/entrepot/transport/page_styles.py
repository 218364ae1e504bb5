"""The ways of paging, as data: cursor, page number, offset, Link header (RFC 8288), address in the body."""

import math
import re
from typing import Literal, cast
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec.structs import replace

from entrepot.core.errors import ServiceChanged
from entrepot.transport.dig import dig, place_in
from entrepot.transport.message import Request, Response
from entrepot.transport.paging import State

Where = Literal["query", "body"]
_DIGITS = 15
"""A longer number is no count of pages or records."""


class CursorPages(msgspec.Struct, frozen=True):
    """The answer holds a cursor at `find`, which is sent back as `send`; `more` (a path to a boolean) may end it.

    With `strict` the flag must be there: a list that ends because a field was renamed would look complete.
    """

    send: str = "cursor"
    find: str = "next_cursor"
    place: Where = "query"
    more: str = ""
    strict: bool = False

    def ask(self, request: Request, state: State | None) -> Request:
        return request if state is None else _with(request, self.place, {self.send: state})

    def follow(self, state: State | None, data: object, response: Response) -> State | None:  # noqa: ARG002 - Paging
        more = _flag(data, self.more, response, strict=self.strict)
        cursor = None if more is False else _as_state(dig(data, self.find), response)
        if more and cursor is None:
            raise ServiceChanged(f"{response.place} says that there is more, but not where.")
        return cursor


class NumberedPages(msgspec.Struct, frozen=True):
    """Pages counted from `first`. The end: `more` is false, page `last` is reached, `total` items are read, or,
    where the answer tells none of these, a page without items (or a short one, with `short_is_last`).
    """

    send: str = "page"
    first: int = 1
    size_name: str = ""
    size: int = 0
    items: str = ""
    place: Where = "query"
    more: str = ""
    last_page: str = ""
    total: str = ""
    short_is_last: bool = False
    strict: bool = False

    def ask(self, request: Request, state: State | None) -> Request:
        number = self.first if state is None else state
        size = {self.size_name: self.size} if self.size_name else {}
        return _with(request, self.place, {self.send: number, **size})

    def follow(self, state: State | None, data: object, response: Response) -> State | None:
        number = self.skip(state, 0)
        if self.more:
            return number + 1 if _flag(data, self.more, response, strict=self.strict) else None
        last = _whole(data, self.last_page)
        if last is not None:
            return number + 1 if number < last else None
        count, total = _count(data, self.items), _whole(data, self.total)
        if count and total is not None:
            # By what came, not by what was asked for: a service may give smaller pages than one wants.
            return number + 1 if (number - self.first + 1) * count < total else None
        return None if _ends(count, self.size, short=self.short_is_last) else number + 1

    def skip(self, state: State | None, pages: int) -> int:
        return (self.first if state is None else _number(state)) + pages

    def last(self, data: object) -> int | None:
        page, total = _whole(data, self.last_page), _whole(data, self.total)
        if page is not None:
            return page
        return self.first + math.ceil(total / self.size) - 1 if total is not None and self.size else None


class OffsetPages(msgspec.Struct, frozen=True):
    """The number of items to pass over; the next page begins after what this one really held."""

    send: str = "offset"
    size_name: str = "limit"
    size: int = 100
    items: str = ""
    place: Where = "query"
    more: str = ""
    total: str = ""
    short_is_last: bool = False

    def ask(self, request: Request, state: State | None) -> Request:
        size = {self.size_name: self.size} if self.size_name else {}
        return _with(request, self.place, {self.send: state or 0, **size})

    def follow(self, state: State | None, data: object, response: Response) -> State | None:  # noqa: ARG002 - Paging
        offset, count, total = self.skip(state, 0), _count(data, self.items), _whole(data, self.total)
        if not count or (self.more and not dig(data, self.more)):
            return None
        if not self.more:
            if total is not None:
                return offset + count if offset + count < total else None
            if _ends(count, self.size, short=self.short_is_last):
                return None
        return offset + count

    def skip(self, state: State | None, pages: int) -> int:
        return (0 if state is None else _number(state)) + pages * self.size

    def last(self, data: object) -> int | None:
        total = _whole(data, self.total)
        return None if total is None else max(0, total - 1)


class LinkPages(msgspec.Struct, frozen=True):
    """The `Link` header names the next page."""

    rel: str = "next"

    def ask(self, request: Request, state: State | None) -> Request:
        return _at(request, state)

    def follow(self, state: State | None, data: object, response: Response) -> State | None:  # noqa: ARG002 - Paging
        for target, parameters in _LINK.findall(response.headers.get("Link", "")):
            rel = _REL.search(parameters)
            if rel is not None and self.rel in (rel[1] or rel[2]).lower().split():
                return _beside(response, target)
        return None


class NextUrlPages(msgspec.Struct, frozen=True):
    """The address of the next page stands in the answer."""

    find: str = "next"

    def ask(self, request: Request, state: State | None) -> Request:
        return _at(request, state)

    def follow(self, state: State | None, data: object, response: Response) -> State | None:  # noqa: ARG002 - Paging
        found = _as_state(dig(data, self.find), response)
        return None if found is None else _beside(response, str(found))


_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w!#$&+\-.^`|~*]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\";,]*))?)*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\";,]+))", re.IGNORECASE)


def _with(request: Request, where: Where, values: dict[str, State]) -> Request:
    if where == "query":
        return replace(request, params={**request.params, **values})
    body: dict[str, object] = msgspec.json.decode(request.body, type=dict[str, object]) if request.body else {}
    for path, value in values.items():
        body = place_in(body, path, value)
    headers = {"Content-Type": "application/json", **request.headers}
    return replace(request, body=msgspec.json.encode(body), headers=headers)


def _at(request: Request, state: State | None) -> Request:
    return request if state is None else replace(request, url=str(state), params={})


def _beside(response: Response, target: str) -> str:
    """The address of the next page, which must be where this one came from: the credential goes there."""
    try:
        there = urljoin(response.url, target)
        is_same = urlsplit(there)[:2] == urlsplit(response.url)[:2]
    except ValueError:
        is_same, there = False, ""
    if not is_same:
        raise ServiceChanged(f"{response.place} names a page at another host as its next; it was not asked for.")
    return there


def _flag(data: object, path: str, response: Response, *, strict: bool) -> bool | None:
    """What the answer says on whether there is more; None where it says nothing."""
    found = dig(data, path) if path else None
    if found is None and not (strict and path):
        return None
    if not isinstance(found, bool | int):
        raise ServiceChanged(f"{response.place} no longer says at {path} whether there is more.")
    return bool(found)


def _as_state(found: object, response: Response) -> State | None:
    if found is None or found == "" or found is False:
        return None
    if isinstance(found, str | int):
        return found
    raise ServiceChanged(f"{response.place} gives something as its next page that is no cursor.")


def _number(state: State) -> int:
    return state if isinstance(state, int) else int(state)


def _whole(data: object, path: str) -> int | None:
    found = dig(data, path) if path else None
    if isinstance(found, str) and found.isdecimal() and len(found) <= _DIGITS:
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**_DIGITS else None


def _count(data: object, items: str) -> int:
    found = dig(data, items)
    return len(cast("list[object]", found)) if isinstance(found, list | tuple) else 0


def _ends(count: int, size: int, *, short: bool) -> bool:
    return count == 0 or (short and count < size)
