"""Posts and deleted posts. All numbers in the archive are strings, and before 2019 nothing wraps a post."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from entrepot.core.change import Attachment, Change, Ref
from entrepot.core.people import Post
from entrepot.sdk.connector import Account

from .media import Shelf
from .notes import LongPosts
from .wording import Link, instant_of, written

_RETWEET = re.compile(r"RT @(\w{1,20}): ")


class _Tag(msgspec.Struct):
    text: str = ""


class _Mention(msgspec.Struct):
    screen_name: str = ""


class _Entities(msgspec.Struct):
    urls: list[Link] = []
    media: list[Link] = []
    hashtags: list[_Tag] = []
    user_mentions: list[_Mention] = []


class _Tweet(msgspec.Struct):
    created_at: str
    id_str: str = ""
    id: str | int = ""
    full_text: str = ""
    text: str = ""
    """What `full_text` was called in the oldest archives."""
    entities: _Entities = msgspec.field(default_factory=_Entities)
    extended_entities: _Entities = msgspec.field(default_factory=_Entities)
    favorite_count: str | int | None = None
    retweet_count: str | int | None = None
    in_reply_to_status_id_str: str | None = None
    in_reply_to_screen_name: str | None = None
    lang: str | None = None
    source: str | None = None
    possibly_sensitive: bool | None = None
    deleted_at: str | None = None

    @property
    def key(self) -> str:
        return self.id_str or str(self.id)


class _Wrapped(msgspec.Struct):
    tweet: msgspec.Raw = msgspec.Raw()


_WRAPPED = msgspec.json.Decoder(_Wrapped)
_TWEET = msgspec.json.Decoder(_Tweet)
_TAG = re.compile(r"<[^>]*>")


class PostReader:
    def __init__(self, stream: str, account: Account, shelf: Shelf, long_posts: LongPosts | None) -> None:
        self._stream = stream
        self._author = account.name or account.id
        self._shelf = shelf
        self._long_posts = long_posts

    def read(self, raw: bytes) -> Iterator[Change]:
        inner = bytes(_WRAPPED.decode(raw).tweet) or raw
        tweet = _TWEET.decode(inner)
        if not tweet.key:
            raise ValueError("the post has no id")
        files = self._shelf.files_of(tweet.key)
        native = msgspec.json.format(inner, indent=-1)
        yield Change(self._stream, Ref(tweet.key), self._post(tweet, files), native, files=files)

    def left_over(self) -> Iterator[Change]:
        """Long posts that belong to no post of the archive."""
        for at, note in self._long_posts.left_over() if self._long_posts else ():
            post = Post(content=note.text, attributed_to=self._author or None, published=at)
            yield Change(self._stream, Ref(f"note-{note.note_tweet_id}"), post, msgspec.json.encode(note))

    def _post(self, tweet: _Tweet, files: Sequence[Attachment]) -> Post:
        published = instant_of(tweet.created_at)
        short = tweet.full_text or tweet.text
        whole = self._long_posts.text_for(published, short) if self._long_posts else None
        media = [*tweet.entities.media, *tweet.extended_entities.media]
        again = _RETWEET.match(short)
        return Post(
            type="Announce" if again else "Note",
            content=whole or written(short, tweet.entities.urls, media),
            attributed_to=self._author or None,
            published=published,
            url=f"https://x.com/{self._author or 'i'}/status/{tweet.key}",
            in_reply_to=_reply_address(tweet),
            object=f"https://x.com/{again.group(1)}" if again else None,
            tags=[tag.text for tag in tweet.entities.hashtags if tag.text],
            mentions=[mention.screen_name for mention in tweet.entities.user_mentions if mention.screen_name],
            attachments=[file.sha256 for file in files],
            language=tweet.lang if tweet.lang not in {None, "und", "zxx"} else None,
            likes=_count(tweet.favorite_count),
            shares=_count(tweet.retweet_count),
            is_deleted=self._stream == "deleted_posts",
            extra=_extra(tweet),
        )


def _reply_address(tweet: _Tweet) -> str | None:
    if not tweet.in_reply_to_status_id_str:
        return None
    return f"https://x.com/{tweet.in_reply_to_screen_name or 'i'}/status/{tweet.in_reply_to_status_id_str}"


def _extra(tweet: _Tweet) -> dict[str, object]:
    app = _TAG.sub("", tweet.source or "")
    found: dict[str, object] = {"source": app} if app else {}
    if tweet.deleted_at:
        found["deletedAt"] = instant_of(tweet.deleted_at).isoformat()
    if tweet.possibly_sensitive:
        found["possiblySensitive"] = True
    return found


def _count(text: str | int | None) -> int | None:
    return None if text is None or text == "" else int(text)
