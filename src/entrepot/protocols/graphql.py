"""GraphQL over HTTP for connectors in Python: one query and its variables by POST, and pages of a connection."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec

from entrepot.core.errors import EntrepotError, PersonMustFix
from entrepot.sdk.graphql_answers import ANSWERED, Speaking
from entrepot.transport.client import Client
from entrepot.transport.message import Request
from entrepot.transport.page_styles import CursorPages, NumberedPages
from entrepot.transport.paging import Answer, State, pages

_HEADERS = {
    "Accept": "application/graphql-response+json, application/json;q=0.9",
    "Content-Type": "application/json",
}


class GraphQL(Speaking):
    """Speaks to one endpoint."""

    def __init__(
        self,
        client: Client,
        url: str = "",
        *,
        codes: Mapping[str, str] | None = None,
        unknown: type[EntrepotError] = PersonMustFix,
    ) -> None:
        super().__init__(client, codes=codes, unknown=unknown)
        self._url = url

    async def ask(
        self, query: str, variables: Mapping[str, object] | None = None, *, writes: bool = False, weight: float = 1
    ) -> dict[str, Any]:
        """The answer's `data`. A mutation says `writes`, and is then never sent twice on its own."""
        response = await self.send(self.request(query, variables, writes=writes, weight=weight))
        return response.json(_Data).data

    def pages(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        style: CursorPages | NumberedPages,
        start: State | None = None,
    ) -> AsyncGenerator[Answer]:
        """The pages of one list, in a style from `connection` or `numbered`; `Answer.data` holds the whole answer."""
        return pages(self, self.request(query, variables), style, start=start)

    def request(
        self, query: str, variables: Mapping[str, object] | None = None, *, writes: bool = False, weight: float = 1
    ) -> Request:
        return Request(
            method="POST",
            url=self._url,
            headers=_HEADERS,
            body=msgspec.json.encode({"query": query, "variables": variables or {}}),
            repeatable=not writes,
            expected=ANSWERED,
            weight=weight,
        )


def connection(at: str, *, send: str = "after") -> CursorPages:
    """Pages of a Relay connection at a path below `data`: `pageInfo { hasNextPage endCursor }`, sent as a variable."""
    info = f"data.{at}.pageInfo"
    return CursorPages(
        send=f"variables.{send}", find=f"{info}.endCursor", more=f"{info}.hasNextPage", place="body", strict=True
    )


def numbered(more: str, *, send: str = "page", first: int = 1) -> NumberedPages:
    """Pages counted by a variable while the flag at `more` is true: `Page.pageInfo.hasNextPage`, `x.hasNextChunk`."""
    return NumberedPages(send=f"variables.{send}", first=first, more=f"data.{more}", place="body", strict=True)


class _Data(msgspec.Struct):
    data: dict[str, Any]
