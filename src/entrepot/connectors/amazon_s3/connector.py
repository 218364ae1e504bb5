"""Amazon S3 and stores like it: the files of one bucket, listed in the order of their keys."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import cast
from urllib.parse import quote, urlsplit

from entrepot.core.change import Change, Cursor, Page, Ref
from entrepot.core.errors import PersonMustFix, ServiceChanged, Stale
from entrepot.sdk.connector import Account, RemoteCollection
from entrepot.sdk.context import Context
from entrepot.transport.message import Request, Response

from .listing import Listing, read_listing
from .refusal import refusal

AMAZON = "https://s3.amazonaws.com"
"""The manifest's address: whoever gives none has a bucket at Amazon, in the region they set."""

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_REGION = re.compile(r"[a-z0-9-]{2,40}")
_CHINA = "cn-"
_HANDLED = (301, 307, 400, 403, 404)
_PAGE = 1000


class AmazonS3:
    """One integration is one bucket, or the part of it below a prefix.

    A cursor is the last key that was read: keys come in order, so a listing goes on after it in another process.
    """

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._http = context.http
        self._bucket = settings.get("bucket", "").strip()
        self._prefix = settings.get("prefix", "").lstrip("/")
        region = settings.get("region", "").strip()
        if not _BUCKET.fullmatch(self._bucket):
            raise PersonMustFix(f"{self._bucket!r} is not the name of a bucket. Give it with --set bucket=….")
        if not _REGION.fullmatch(region):
            raise PersonMustFix(f"{region!r} is not a region, such as eu-central-1. Give it with --set region=….")
        self._is_amazon = context.http.base_url == AMAZON
        self._url = f"{_endpoint(region) if self._is_amazon else context.http.base_url}/{quote(self._bucket)}"

    async def probe(self) -> Account:
        await self._ask(None, most=1)
        place = urlsplit(AMAZON if self._is_amazon else self._url).netloc
        below = f"/{self._prefix}" if self._prefix else ""
        return Account(id=f"{place}/{self._bucket}{below}", name=f"{self._bucket}{below}")

    async def collections(self, stream: str) -> Sequence[RemoteCollection]:  # noqa: ARG002 - Reader
        return []

    async def changes(
        self,
        stream: str,
        since: Cursor | None,
        collection: str | None = None,  # noqa: ARG002 - Reader
    ) -> AsyncIterator[Page]:
        """Every read is a full listing: S3 cannot be asked for what changed."""
        after = _last_key(since)
        while True:
            found = await self._ask(after, most=_PAGE)
            if found.is_truncated and (found.last is None or found.last == after):
                raise ServiceChanged(f"The listing of {self._bucket} does not go on after {after!r}; it stops here.")
            changes = [Change(stream, Ref(file.path, file.etag), file) for file in found.files]
            cursor = Cursor({"after": found.last}) if found.is_truncated else None
            yield Page(changes, found.bad, cursor, last=not found.is_truncated, listing=True)
            if not found.is_truncated:
                return
            after = found.last

    async def _ask(self, after: str | None, *, most: int) -> Listing:
        params = {
            "list-type": "2",
            "max-keys": most,
            "encoding-type": "url",  # keys may hold what XML cannot
            "prefix": self._prefix or None,
            "start-after": after,
        }
        # A redirect leads to another region; it would have to be signed for that one, so it is told and not followed.
        request = Request("GET", self._url, params=params, expected=_HANDLED, follow=False)
        response: Response = await self._http.send(request)
        if response.status in _HANDLED:
            raise refusal(response, self._bucket)
        return read_listing(response)


def _endpoint(region: str) -> str:
    return f"https://s3.{region}.amazonaws.com" + (".cn" if region.startswith(_CHINA) else "")


def _last_key(since: Cursor | None) -> str | None:
    if since is None:
        return None
    after = cast("dict[str, object]", since.value).get("after") if isinstance(since.value, dict) else None
    if not isinstance(after, str):
        raise Stale("The place where the listing stopped is not known any more; it begins again.")
    return after
