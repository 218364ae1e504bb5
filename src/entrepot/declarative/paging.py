"""The manifest's way of paging made into one that `transport` follows."""

import re
from typing import Literal, assert_never

from entrepot.sdk.manifest_http import (
    AnyPaging,
    CursorPaging,
    LinkPaging,
    NextUrlPaging,
    OffsetPaging,
    OnePage,
    PagePaging,
)
from entrepot.transport.message import Request, Response
from entrepot.transport.page_styles import CursorPages, LinkPages, NextUrlPages, NumberedPages, OffsetPages
from entrepot.transport.paging import Counted, Paging, State

_LAST = re.compile(r'<[^>]*[?&]page=(\d+)[^>]*>;\s*rel="?last')


def style_of(paging: AnyPaging, *, items: str, graphql: bool = False) -> Paging:
    """A new one for each read: some remember what an answer said."""
    place: Literal["query", "body"] = "body" if graphql else paging.place
    prefix = "variables." if graphql else ""
    match paging:
        case OnePage():
            return WholeAnswer()
        case LinkPaging():
            return LinkPages()
        case NextUrlPaging():
            return NextUrlPages(find=paging.find)
        case CursorPaging():
            return CursorPages(send=prefix + paging.send, find=paging.find, place=place, more=paging.more or "")
        case OffsetPaging():
            return OffsetPages(
                send=prefix + paging.send,
                size_name="",
                size=_size(paging),
                items=items,
                place=place,
                more=paging.more or "",
                total=paging.total or "",
            )
        case PagePaging():
            numbered = NumberedPages(
                send=prefix + paging.send,
                first=paging.first,
                size=_size(paging),
                items=items,
                place=place,
                more=paging.more or "",
                last_page="" if paging.pages == "link" else paging.pages or "",
                total=paging.total or "",
            )
            return LinkedNumbers(numbered) if paging.pages == "link" else numbered
        case _:
            assert_never(paging)


def values_found(paging: AnyPaging) -> list[str]:
    """The paths of an answer that paging looks at."""
    match paging:
        case CursorPaging():
            return [paging.find, *([paging.more] if paging.more else [])]
        case NextUrlPaging():
            return [paging.find]
        case PagePaging():
            return [path for path in (paging.more, paging.total, paging.pages) if path and path != "link"]
        case OffsetPaging():
            return [path for path in (paging.more, paging.total) if path]
        case LinkPaging() | OnePage():
            return []


class WholeAnswer:
    """No paging: the first answer is all."""

    def ask(self, request: Request, state: State | None) -> Request:  # noqa: ARG002 - Paging asks for it
        return request

    def follow(self, state: State | None, data: object, response: Response) -> State | None:  # noqa: ARG002 - the same
        return None


class LinkedNumbers:
    """Pages by number whose end stands in the Link header (RFC 8288): rel=next, and rel=last with its number."""

    def __init__(self, numbered: NumberedPages) -> None:
        self._numbered: Counted = numbered
        self._next = LinkPages()
        self._last: int | None = None

    def ask(self, request: Request, state: State | None) -> Request:
        return self._numbered.ask(request, state)

    def follow(self, state: State | None, data: object, response: Response) -> State | None:
        found = _LAST.search(response.headers.get("Link", ""))
        self._last = int(found[1]) if found else self._last
        return self.skip(state, 1) if self._next.follow(state, data, response) else None

    def skip(self, state: State | None, pages: int) -> int:
        return self._numbered.skip(state, pages)

    def last(self, data: object) -> int | None:  # noqa: ARG002 - Counted
        return self._last


def _size(paging: AnyPaging) -> int:
    return next(iter(paging.size.values()), 0)
