"""The request that looks for what a create whose answer was lost has made."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from entrepot.core.lens import LensError
from entrepot.core.path import getter
from entrepot.declarative.answer import raw_at, raws_in
from entrepot.declarative.fill import Words
from entrepot.declarative.position import time_of
from entrepot.declarative.request import Asking
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_streams import Ask
from entrepot.sdk.manifest_write import WHOLE, Find
from entrepot.transport.client import Client
from entrepot.transport.message import Request

_MISSING = (404, 410)
_CLOCKS = timedelta(minutes=2)
"""The service's clock may be behind ours by so much."""
_MILLISECONDS = 10**11
"""A number above it counts milliseconds: as seconds it would be in the year 5138."""


_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Finder:
    """Built once for a stream. `needs` are the words it makes use of."""

    def __init__(self, spec: Find, manifest: Manifest, folder: Path) -> None:
        ask = Ask(
            request=spec.request,
            query=spec.query,
            body=spec.body,
            graphql=spec.graphql,
            variables=spec.variables,
            items=None if spec.items == WHOLE else spec.items,
        )
        self._asking = Asking(ask, manifest, folder)
        self.items = "" if spec.items == WHOLE else self._asking.items or ""
        self._made = getter(spec.made) if spec.made else None
        self.needs = self._asking.needs

    def request(self, words: Words) -> Request:
        request = self._asking.request(words)
        return replace(request, expected=(*request.expected, *_MISSING))

    async def records(self, client: Client, words: Words) -> Sequence[msgspec.Raw]:
        """What the first page of the answer has."""
        response = await self._asking.through(client).send(self.request(words))
        if response.status in _MISSING:
            return []
        response.json()  # refuses a web page, and what is cut off
        return raws_in(raw_at(response.body, self.items))

    def made(self, record: msgspec.Raw) -> datetime | None:
        """When the record was made, at the latest; None where it does not tell."""
        value = self._made(_decode(record)) if self._made is not None else None
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            form = "instant"
        else:
            form, value = ("epoch_ms" if number > _MILLISECONDS else "epoch"), number
        try:
            return time_of(value, form) + _CLOCKS
        except (LensError, ValueError):
            return None
