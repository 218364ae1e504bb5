"""Likes: id, text and address of the liked post, but not when it was liked."""

from collections.abc import Iterator
from html import unescape

import msgspec

from entrepot.core.change import Change, Ref
from entrepot.core.people import Post
from entrepot.sdk.connector import Account


class _Like(msgspec.Struct, rename="camel"):
    tweet_id: str
    full_text: str | None = None
    expanded_url: str | None = None


class _Wrapped(msgspec.Struct):
    like: _Like


_DECODER = msgspec.json.Decoder(_Wrapped)


class LikeReader:
    def __init__(self, account: Account) -> None:
        self._author = account.name or account.id

    def read(self, raw: bytes) -> Iterator[Change]:
        like = _DECODER.decode(raw).like
        address = like.expanded_url or f"https://x.com/i/status/{like.tweet_id}"
        post = Post(
            type="Like",
            content=unescape(like.full_text or ""),
            attributed_to=self._author or None,
            object=address,
            url=address,
        )
        yield Change("likes", Ref(like.tweet_id), post, msgspec.json.format(raw, indent=-1))
