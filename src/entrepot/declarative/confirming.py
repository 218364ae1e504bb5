"""One record read again by its id: the manifest's `deletions.confirm`."""

from pathlib import Path

import msgspec

from entrepot.core.errors import ServiceChanged
from entrepot.declarative.answer import raw_at
from entrepot.declarative.fill import Words, fill, fill_path
from entrepot.declarative.graphql_body import body_of
from entrepot.declarative.request import text_of
from entrepot.sdk.graphql_answers import ANSWERED, Speaking
from entrepot.sdk.manifest_streams import Confirm
from entrepot.sdk.manifest_terms import call_parts, words_in
from entrepot.transport.client import Client
from entrepot.transport.message import Request

_MISSING = (404, 410)
_JSON_BODY = {"Content-Type": "application/json"}


class Lookup:
    """Built once for a stream."""

    def __init__(self, spec: Confirm, folder: Path) -> None:
        self._spec = spec
        self._method, self._path = call_parts(spec.request)
        self._query = text_of(folder, spec.graphql) if spec.graphql else None
        self.needs = frozenset(words_in(str(spec.model_dump())))

    def request(self, words: Words) -> Request:
        body = body_of(self._query, fill(self._spec.variables, words)) if self._query else None
        return Request(
            method=self._method,
            url=fill_path(self._path, words),
            params=fill(self._spec.query, words),
            headers=_JSON_BODY if body else {},
            body=msgspec.json.encode(body) if body else None,
            repeatable=True,
            expected=ANSWERED if body else _MISSING,
        )

    async def record(self, client: Client, words: Words) -> msgspec.Raw | None:
        """The record as the service has it, None where it is gone."""
        through = Speaking(client, unknown=ServiceChanged) if self._query else client
        response = await through.send(self.request(words))
        if response.status in _MISSING:
            return None
        return msgspec.Raw(response.body) if self._spec.answer is None else raw_at(response.body, self._spec.answer)
