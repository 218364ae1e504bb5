"""Long posts: `note-tweet.js` holds their whole text, but says of the post only when it was written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from html import unescape

import msgspec

from .wording import Link, instant_of, written

_CLOSE = timedelta(seconds=5)
_ALIKE = 40
"""As many characters of the beginning must be equal, where there are so many."""


class _Core(msgspec.Struct):
    text: str = ""
    urls: list[Link] = []


class LongPost(msgspec.Struct, rename="camel"):
    note_tweet_id: str
    created_at: str
    core: _Core

    @property
    def text(self) -> str:
        return written(self.core.text, self.core.urls)


class _Wrapped(msgspec.Struct, rename="camel"):
    note_tweet: LongPost


_DECODER = msgspec.json.Decoder(_Wrapped)


class LongPosts:
    """Kept in memory: they are few, and posts come in no order."""

    def __init__(self, raws: Iterable[bytes]) -> None:
        self._by_minute: defaultdict[datetime, list[tuple[datetime, LongPost]]] = defaultdict(list)
        self._found: set[str] = set()
        for raw in raws:
            note = _decoded(raw)
            if note:
                when = instant_of(note.created_at)
                self._by_minute[_minute(when)].append((when, note))

    def text_for(self, when: datetime, short: str) -> str | None:
        """The whole text of the post written then that begins so; each long post is given once."""
        start = _plain(short)[:_ALIKE]
        for minute in {_minute(when - _CLOSE), _minute(when + _CLOSE)}:
            for at, note in self._by_minute.get(minute, ()):
                is_free = note.note_tweet_id not in self._found
                if is_free and abs(at - when) <= _CLOSE and _plain(note.core.text).startswith(start):
                    self._found.add(note.note_tweet_id)
                    return note.text
        return None

    def left_over(self) -> Iterator[tuple[datetime, LongPost]]:
        for notes in self._by_minute.values():
            yield from ((at, note) for at, note in notes if note.note_tweet_id not in self._found)


def _decoded(raw: bytes) -> LongPost | None:
    """A broken one is left out: the post it belongs to still has its beginning."""
    try:
        note = _DECODER.decode(raw).note_tweet
        instant_of(note.created_at)
    except (msgspec.MsgspecError, ValueError):
        return None
    return note


def _plain(text: str) -> str:
    return unescape(text).partition("https://t.co/")[0].rstrip("… \n")


def _minute(when: datetime) -> datetime:
    return when.replace(second=0, microsecond=0)
