"""X: the account archive, whose files are JSON arrays assigned to `window.YTD.<type>.part<n>`."""

import re
from collections.abc import Callable, Iterator

import msgspec

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_json import records
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Account, Match, Options

from .likes import LikeReader
from .media import Shelf
from .messages import MessageReader
from .notes import LongPosts
from .posts import PostReader

_ASSIGNMENT = re.compile(rb"\s*(?:window\.)?YTD\.(\w+)\.part\d+\s*=")
_FIELDS = {
    name: re.compile(rb'"%s"\s*:\s*"([^"\\]*)"' % name.encode()) for name in ("accountId", "username", "userName")
}
_PLAIN = ("tweets", "tweet", "community_tweet")
_DELETED = ("deleted_tweets", "deleted_tweet")
_DIRECT = ("direct_messages", "direct_message", "direct_messages_group", "direct_message_group")
Reading = Iterator[Change | BadRow]


class XArchive:
    """Streams `posts`, `likes`, `deleted_posts`, `messages`; ids are X's own, which its API gives too."""

    def recognise(self, archive: Archive) -> Match | None:
        types = sorted({kind for _, kind in _files(archive)})
        if not types:
            return None
        return Match(1.0, account_of(archive), [kind.replace("_", " ") for kind in types])

    def read(self, archive: Archive, options: Options) -> Reading:  # noqa: ARG002 - there are none
        account = account_of(archive) or Account("")
        files = list(_files(archive))
        pictures = Shelf(archive, "posts", "tweets_media", "tweet_media", "community_tweet_media")
        deleted_pictures = Shelf(archive, "deleted_posts", "deleted_tweets_media")
        enclosures = Shelf(archive, "messages", "direct_messages_media", "direct_messages_group_media")
        long_posts = LongPosts(record for entry, kind in files if kind == "note_tweet" for _, record in _records(entry))
        posts = PostReader("posts", account, pictures, long_posts)
        deleted = PostReader("deleted_posts", account, deleted_pictures, None)
        messages = MessageReader(account, enclosures)
        readers: list[tuple[tuple[str, ...], str, Callable[[bytes], Reading]]] = [
            (_PLAIN, "posts", posts.read),
            (_DELETED, "deleted_posts", deleted.read),
            (("like",), "likes", LikeReader(account).read),
            (_DIRECT, "messages", messages.read),
        ]
        for types, stream, read in readers:
            for entry, kind in files:
                if kind in types:
                    yield from unless_damaged(archive, entry.name, stream, _safely(entry, stream, read))
        yield from posts.left_over()
        for shelf in (pictures, deleted_pictures, enclosures):
            yield from shelf.damaged
        yield from unreadable(archive.entries(), "posts")


def account_of(archive: Archive) -> Account | None:
    """From `account.js`, or from the manifest of newer archives."""
    for entry in archive.entries("account.js", "manifest.js"):
        head = entry.head(1 << 14)
        found = {
            name: field.group(1).decode("utf-8", "replace")
            for name, pattern in _FIELDS.items()
            if (field := pattern.search(head))
        }
        if "accountId" in found:
            return Account(found["accountId"], found.get("username") or found.get("userName", ""))
    return None


def _safely(entry: Entry, stream: str, read: Callable[[bytes], Reading]) -> Reading:
    for where, raw in _records(entry):
        try:
            yield from read(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield BadRow(stream, where, str(error))


def _records(entry: Entry) -> Iterator[tuple[str, bytes]]:
    return ((f"{entry.name}, record {number}", raw) for number, raw in enumerate(records(entry, after=b"="), start=1))


def _files(archive: Archive) -> Iterator[tuple[Entry, str]]:
    """The files that are read, each with its type; parts of one type come in the order of their numbers."""
    known = {*_PLAIN, *_DELETED, *_DIRECT, "like", "note_tweet"}
    found = [
        (entry, assigned.group(1).decode())
        for entry in archive.entries("*.js")
        if (assigned := _ASSIGNMENT.match(entry.head()))
    ]
    return iter([(entry, kind) for entry, kind in found if kind in known])
