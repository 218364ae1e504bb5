"""Matching what is on both sides already, so that the same record on both makes no second item."""

from collections.abc import Iterator, Sequence

import msgspec

from entrepot.core.fields import Fields
from entrepot.core.matching import Found, Matcher
from entrepot.storage import incoming, pairs
from entrepot.storage.attachments import Attachment
from entrepot.storage.pairs import Pair
from entrepot.storage.transaction import Reading
from entrepot.sync.deciding import record_fields

BATCH = 500


def matches(tx: Reading, attachments: Sequence[Attachment], told: frozenset[str] | None) -> dict[str, int]:
    """The item of each record of a stream that has come in, is linked to nothing, and is an item's counterpart.

    Candidates are the items that wait to go out to the attachment and are not there yet; where nothing goes out, all
    that have no counterpart there. `told` are the fields that the service can hold.
    """
    found: dict[str, int] = {}
    for attachment in attachments:
        matcher = _candidates(tx, attachment, told)
        if matcher is not None:
            answers = matcher.pairs(_unlinked(tx, attachment))
            found |= {object_id: answer.key for object_id, answer in answers if isinstance(answer, Found)}
    return found


def adopt(tx: Reading, found: Sequence[Pair], matched: dict[str, int]) -> list[Pair]:
    """The pairs, those of records that were matched with the item of each; a match is used up by that."""
    items: dict[int, tuple[Attachment, int]] = {}
    for at, pair in enumerate(found):
        if pair.link is None and pair.arrival is not None:
            item = matched.pop(pair.arrival[1].object_id, None)
            if item is not None:
                items[at] = (pair.attachment, item)
    known: dict[tuple[int, int], Pair] = {}
    for attachment in {home.key: home for home, _ in items.values()}.values():
        mine = [item for home, item in items.values() if home.key == attachment.key]
        known |= {
            (attachment.key, item): pair for item, pair in zip(mine, pairs.of_items(tx, attachment, mine), strict=True)
        }
    return [
        _with_item(pair, known[items[at][0].key, items[at][1]]) if at in items else pair
        for at, pair in enumerate(found)
    ]


def _with_item(pair: Pair, other: Pair) -> Pair:
    return msgspec.structs.replace(pair, item=other.item, due=other.due, marks=other.marks)


def _candidates(tx: Reading, attachment: Attachment, told: frozenset[str] | None) -> Matcher | None:
    if attachment.settings.match == "none" or not _has_unlinked(tx, attachment):
        return None
    if attachment.direction == "pull":
        return _followers(tx, attachment, told)
    matcher: Matcher | None = None
    after = 0
    while due := pairs.due(tx, attachment, after, BATCH):
        for pair in due:
            assert pair.due is not None
            after = max(after, pair.due.key)
            if pair.link is None and pair.item is not None and pair.item.deleted_at is None:
                matcher = matcher or Matcher(attachment.kind, told)
                matcher.add(pair.item.key, record_fields(attachment.kind, pair.item.data))
    return matcher


def _followers(tx: Reading, attachment: Attachment, told: frozenset[str] | None) -> Matcher | None:
    matcher = Matcher(attachment.kind, told)
    after, is_empty = 0, True
    while found := pairs.unlinked(tx, attachment, after, BATCH):
        after, is_empty = found[-1][0], False
        for item, data in found:
            matcher.add(item, record_fields(attachment.kind, data))
    return None if is_empty else matcher


_NEW = (
    "FROM incoming i WHERE i.stream_id = ? AND i.remote_collection = ? AND i.data IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM links l WHERE l.stream_id = i.stream_id AND l.object_id = i.object_id)"
)


def _has_unlinked(tx: Reading, attachment: Attachment) -> bool:
    sql = f"SELECT EXISTS (SELECT 1 {_NEW})"
    return bool(tx.fetch(sql, attachment.stream, attachment.remote_id)[0][0])


def _unlinked(tx: Reading, attachment: Attachment) -> Iterator[tuple[str, Fields]]:
    after = 0
    while found := incoming.after(tx, attachment.stream, after, BATCH):
        after = found[-1][0]
        known = pairs.links_of(tx, attachment.kind, attachment.stream, [told.object_id for _, told in found])
        for _, told in found:
            if told.data is not None and told.collection == attachment.remote_id and told.object_id not in known:
                yield told.object_id, record_fields(attachment.kind, told.data)
