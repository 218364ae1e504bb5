"""One request of a manifest, ready to be sent again and again with other words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from entrepot.core.errors import PersonMustFix, ServiceChanged
from entrepot.declarative.answer import Shape
from entrepot.declarative.fill import Words, fill, fill_path
from entrepot.declarative.graphql_body import body_of
from entrepot.declarative.paging import style_of, values_found
from entrepot.sdk.graphql_answers import ANSWERED, Speaking
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_http import AnyPaging, LinkPaging, NextUrlPaging, OffsetPaging, OnePage, PagePaging
from entrepot.sdk.manifest_streams import Ask
from entrepot.sdk.manifest_terms import Value, call_parts, words_in
from entrepot.transport.client import Client
from entrepot.transport.message import Request
from entrepot.transport.paging import Asks, Paging

_JSON = {"Accept": "application/json"}
_JSON_BODY = {"Content-Type": "application/json"}
_FORM_BODY = {"Content-Type": "application/x-www-form-urlencoded"}


class Asking:
    """`needs` are the words it cannot do without or makes use of."""

    def __init__(self, ask: Ask, manifest: Manifest, folder: Path, *, finds: Sequence[str] = ()) -> None:
        self._ask = ask
        self._method, self._path = call_parts(ask.request)
        self.paging: AnyPaging = ask.paging or manifest.http.paging
        self.items = ask.items or self.paging.items
        self._query = text_of(folder, ask.graphql) if ask.graphql else None
        found = [*values_found(self.paging), *finds]
        self.shape = Shape(self.items, found, included=ask.included)
        self._accepts = {} if "Accept" in manifest.http.headers else _JSON
        self.is_parallel = isinstance(self.paging, PagePaging | OffsetPaging) and self.paging.parallel
        self.needs = frozenset(words_in(str(msgspec.to_builtins(ask.model_dump()))))

    def through(self, client: Client) -> Asks:
        """What sends this request: for GraphQL, what also finds the errors in good answers."""
        return client if self._query is None else Speaking(client, unknown=ServiceChanged)

    def request(self, words: Words, params: dict[str, Any] | None = None) -> Request:
        """`params` are added where the paging's own parameters go."""
        added: dict[str, Any] = {**self._size(), **(params or {})}
        if self._ask.form is not None:
            return self._form(self._ask.form, words, added)
        body = self._body(words, added)
        in_body = body is not None and (self._query is not None or self.paging.place == "body")
        return Request(
            method=self._method,
            url=fill_path(self._path, words),
            params={**fill(self._ask.query, words), **({} if in_body else added)},
            headers={**self._accepts, **({} if body is None else _JSON_BODY), **fill(self._ask.headers, words)},
            body=None if body is None else msgspec.json.encode(body),
            repeatable=True,  # whatever its method, it only reads
            expected=() if self._query is None else ANSWERED,
        )

    def _form(self, fields: Mapping[str, Value], words: Words, added: dict[str, Any]) -> Request:
        form = {name: value for name, value in fill({**fields, **added}, words).items() if value is not None}
        return Request(
            method=self._method,
            url=fill_path(self._path, words),
            params=fill(self._ask.query, words),
            headers={**self._accepts, **_FORM_BODY, **fill(self._ask.headers, words)},
            body=urlencode(form).encode(),
            repeatable=True,
        )

    def style(self) -> Paging:
        return style_of(self.paging, items=self.items or "", graphql=self._query is not None)

    def _body(self, words: Words, added: dict[str, Any]) -> dict[str, Any] | None:
        if self._query is not None:
            return body_of(self._query, {**fill(self._ask.variables, words), **added})
        if self.paging.place == "body" and not isinstance(self.paging, OnePage | LinkPaging | NextUrlPaging):
            return {**fill(self._ask.body or {}, words), **added}
        return None if self._ask.body is None else fill(self._ask.body, words)

    def _size(self) -> dict[str, int]:
        return self.paging.size


def text_of(folder: Path, name: str) -> str:
    """A query file beside the manifest."""
    try:
        return (folder / name).read_text("utf-8")
    except OSError:
        raise PersonMustFix(f"{folder / name} is missing; the manifest beside it names it.") from None
