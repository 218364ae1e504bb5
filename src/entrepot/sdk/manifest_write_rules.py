"""What a manifest that writes must say: its words, its verbs, and how a write whose answer was lost is found again."""

from collections.abc import Iterator

import msgspec

from entrepot.core.kinds import KINDS
from entrepot.core.lens_spec import SpecError
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_lines import Place
from entrepot.sdk.manifest_streams import StreamSpec
from entrepot.sdk.manifest_words import Rule, broken_request, collection_words
from entrepot.sdk.manifest_write import Find, Send, WriteSpec

_WORDS = {
    "create": frozenset({"op", "uuid", "record"}),
    "update": frozenset({"op", "uuid", "record", "id", "version"}),
    "move": frozenset({"op", "uuid", "id", "version", "to"}),
}
_OTHER_WORDS = frozenset({"op", "uuid", "id", "version"})


def broken_writing(manifest: Manifest, name: str, stream: StreamSpec) -> Iterator[Rule]:
    write, place = stream.write, ("streams", name, "write")
    if write is None:
        return
    if manifest.writer:
        yield place, "`writer` writes to all streams"
        return
    if not stream.reads:
        yield place, "what the manifest does not read, it does not write"
        return
    if not write.sends():
        yield place, "a request for one verb at the least"
    yield from _verbs(stream, write, place)
    yield from _fields(stream, write, place)
    yield from _found_again(write, place)
    if write.move and not (stream.collection or stream.local_ids):
        yield (*place, "move"), "a record must tell its `collection`, or have `local_ids`"
    named = stream.by_collection or stream.collections
    if named and named in manifest.collections and not manifest.collections[named].writable:
        yield ("collections", named, "writable"), f"true, or what one says that {name} may be written to"
    words = collection_words(manifest, named)
    for verb, send in write.sends().items():
        where: Place = (*place, *(("verbs", verb) if verb in write.verbs else (verb,)))
        yield from _send(manifest, send, where, words | _WORDS.get(verb, _OTHER_WORDS) | _key(write))
        if verb != "delete" and send.answer is None and stream.deleted.confirm is None:
            yield (*where, "answer"), "where the record is in the answer, or `deletions.confirm` to read it again"
    if write.find:
        yield from _find(manifest, write.find, (*place, "find"), words | {"op", "uuid"} | _key(write))


def _key(write: WriteSpec) -> frozenset[str]:
    return frozenset({"key"} if write.key else ())


def _verbs(stream: StreamSpec, write: WriteSpec, place: Place) -> Iterator[Rule]:
    try:
        named = {verb for line in mapping_of(stream).fields for verb in (line.verbs or {}).values()}
    except SpecError:
        return  # the rule of the fields says so
    for verb in sorted(named - write.verbs.keys()):
        yield (*place, "verbs", verb), "a line of `fields` names this verb, so it needs a request"
    for verb in sorted(write.verbs.keys() - named):
        yield (*place, "verbs", verb), "no line of `fields` has this verb"


def _fields(stream: StreamSpec, write: WriteSpec, place: Place) -> Iterator[Rule]:
    kind = KINDS.get(stream.kind)
    if kind is None:
        return
    known = {name for field in msgspec.structs.fields(kind) for name in (field.name, field.encode_name)}
    lists = {
        ("read_only",): write.read_only,
        ("create_only",): write.create_only,
        ("find", "same"): write.find.same if write.find else [],
    }
    for key, names in lists.items():
        for each in names:
            if each not in known:
                yield (*place, *key), f"a {stream.kind} has no field {each}"


def _found_again(write: WriteSpec, place: Place) -> Iterator[Rule]:
    create = write.sends().get("create")
    if create is None:
        return
    if not (write.find or write.repeatable):
        yield (
            (*place, "find"),
            "how a record whose answer was lost is found, or `repeatable: true` if it may be sent again",
        )
    if create.answer is None and create.id is None and not (write.key or write.around):
        yield (*place, "create", "id"), "where the answer has the record (`answer`) or at the least its `id`"
    if write.lag and not write.find:
        yield (*place, "lag"), "goes with `find`"


def _send(manifest: Manifest, send: Send, place: Place, words: frozenset[str]) -> Iterator[Rule]:
    parts = (send.query, send.body, send.variables, send.headers)
    yield from broken_request(manifest, send.request, parts, place, words)
    if send.graphql and (send.body is not None or send.sent == "form"):
        yield (*place, "body"), "a GraphQL request has `variables`, not a body"
    if send.variables and not send.graphql:
        yield (*place, "variables"), "goes with `graphql`"


def _find(manifest: Manifest, find: Find, place: Place, words: frozenset[str]) -> Iterator[Rule]:
    yield from broken_request(manifest, find.request, (find.query, find.body, find.variables), place, words)
    if find.same and not find.made:
        yield (*place, "made"), "equal content may be older than the write: where does a record say when it was made?"
    if find.items is None and manifest.http.paging.items is None and find.graphql:
        yield (*place, "items"), "where the records stand in the answer"
