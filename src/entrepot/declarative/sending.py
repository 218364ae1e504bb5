"""One request of a manifest that writes: what is sent stands in it as `:record`, and the answer may hold the record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from entrepot.core.errors import ServiceChanged
from entrepot.declarative.answer import raw_at
from entrepot.declarative.fill import Words, fill, fill_path
from entrepot.declarative.graphql_body import body_of
from entrepot.declarative.request import text_of
from entrepot.sdk.graphql_answers import ANSWERED, Speaking
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_terms import call_parts, words_in
from entrepot.sdk.manifest_write import SPREAD, WHOLE, Send
from entrepot.transport.client import Client
from entrepot.transport.dig import dig
from entrepot.transport.message import Request, Response
from entrepot.transport.paging import Asks

_JSON = {"Accept": "application/json"}
_BODIES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
_GONE = (404, 410)
_WITH_A_RECORD = frozenset({"create", "update"})


class Sending:
    """Built once for a verb of a stream. `needs` are the words it makes use of."""

    def __init__(self, verb: str, spec: Send, manifest: Manifest, folder: Path) -> None:
        self._verb = verb
        self._spec = spec
        self._method, self._path = call_parts(spec.request)
        self._query = text_of(folder, spec.graphql) if spec.graphql else None
        self._accepts = {} if "Accept" in manifest.http.headers else _JSON
        self.answer = spec.answer
        self.needs = frozenset(words_in(str(spec.model_dump())))

    def through(self, client: Client) -> Asks:
        return client if self._query is None else Speaking(client)

    def request(self, words: Words, record: dict[str, Any] | None = None) -> Request:
        """The request as it is sent; what the service does not know any more is Stale, or, to a delete, an answer."""
        spec = self._spec
        body = self._body({**words, "record": record})  # pyright: ignore[reportArgumentType] - the one word that is no text
        return Request(
            method=self._method,
            url=fill_path(self._path, words),
            params=fill(spec.query, words),
            headers={**self._accepts, **self._content(body), **fill(spec.headers, words)},
            body=None if body is None else _encoded(body, spec.sent),
            expected=self._expected(),
            errors={**self._gone(), **spec.errors},
        )

    def record(self, response: Response) -> msgspec.Raw | None:
        """The record as the answer has it, None where the manifest names no place."""
        if self.answer is None:
            return None
        response.json()  # refuses a web page, and what is cut off
        found = raw_at(response.body, "" if self.answer == WHOLE else self.answer)
        if found is None or not bytes(found).lstrip().startswith(b"{"):
            raise ServiceChanged(
                f"{response.place} answered without {self.answer}, where the record should be.",
                detail=response.shown_body(),
            )
        return found

    def made(self, response: Response) -> str | None:
        """The id that the answer to a create has."""
        found = dig(response.json(), self._spec.id) if self._spec.id else None
        return None if found is None else str(found)

    def _gone(self) -> dict[int, str]:
        return {} if self._verb in {"create", "delete"} else dict.fromkeys(_GONE, "Stale")

    def _expected(self) -> tuple[int, ...]:
        if self._query is not None:
            return ANSWERED
        return _GONE if self._verb == "delete" else ()

    def _content(self, body: object) -> dict[str, str]:
        return {} if body is None else {"Content-Type": _BODIES[self._spec.sent]}

    def _body(self, words: Words) -> Any:
        if self._query is not None:
            return body_of(self._query, _filled(self._spec.variables, words))
        if self._spec.body is not None:
            return _filled(self._spec.body, words)
        return (words["record"] or {}) if self._verb in _WITH_A_RECORD else None


def _filled(template: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """As `fill`; the members of what stands under `...` come beside the others, which go before them."""
    found: dict[str, Any] = {}
    for key, member in template.items():
        if key == SPREAD:
            found = {**(fill(member, words) or {}), **found}
        elif isinstance(member, dict):
            found[key] = _filled(member, words)
        else:
            found |= fill({key: member}, words)
    return found


def _encoded(body: Any, form: str) -> bytes:
    if form == "json":
        return msgspec.json.encode(body)
    return urlencode({name: _as_text(value) for name, value in body.items()}, doseq=True).encode()


def _as_text(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            return value
