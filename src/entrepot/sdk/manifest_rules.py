"""What one section of a manifest must say because of another: the rules that types alone cannot state."""

from collections.abc import Iterator

from entrepot.core.kinds import KINDS
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_auth import OAuth2
from entrepot.sdk.manifest_fields import broken_fields
from entrepot.sdk.manifest_http import OffsetPaging, PagePaging
from entrepot.sdk.manifest_lines import Place
from entrepot.sdk.manifest_streams import Ask, Collections, Read, Since, StreamSpec
from entrepot.sdk.manifest_terms import words_in
from entrepot.sdk.manifest_words import Rule, broken_request, broken_words, collection_words
from entrepot.sdk.manifest_write_rules import broken_writing

SINCE = "since"


def broken_rules(manifest: Manifest) -> Iterator[Rule]:
    """Where and what, for each rule that does not hold."""
    yield from _whole(manifest)
    yield from _schemes(manifest)
    for name, setting in manifest.settings.items():
        if (setting.type == "choice") != bool(setting.choices):
            yield ("settings", name), "`choices` go with `type: choice`, and the other way round"
    for name, collections in manifest.collections.items():
        yield from _collections(manifest, name, collections)
    for name, stream in manifest.streams.items():
        yield from _stream(manifest, name, stream)


def _whole(manifest: Manifest) -> Iterator[Rule]:
    if manifest.importer and manifest.uses:
        yield ("uses",), "a connector reads files (`importer`) or a service (`uses`), not both"
    kinds = {stream.kind for stream in manifest.streams.values()}
    if set(manifest.kinds) != kinds:
        yield ("kinds",), f"the streams have the kinds [{', '.join(sorted(kinds))}]"
    if manifest.writer and (manifest.uses or not manifest.is_live):
        yield ("writer",), "where Python reads, it writes; and files are not written to"
    both = bool(manifest.importer and manifest.probe)
    if manifest.reads != (["live", "archive"] if both else []):
        yield ("reads",), "`reads: [live, archive]` stands where there are an importer and a probe, and only there"
    if both and not manifest.live_streams:
        yield ("streams",), "no stream has a `read`, so there is nothing to ask the service for"
    if not manifest.importer and not manifest.uses and manifest.probe is None:
        yield ("probe",), "a connector to a live service says how to prove that the credential works"


def _schemes(manifest: Manifest) -> Iterator[Rule]:
    names = [scheme.scheme for scheme in manifest.schemes]
    if len(names) != len(set(names)):
        yield ("auth",), "each scheme may be offered once"
    for scheme in manifest.schemes:
        if not isinstance(scheme, OAuth2):
            continue
        if "authorization_code" in scheme.grants and scheme.authorize_url is None:
            yield ("auth", "authorize_url"), "the authorization code grant needs the address of the consent page"
        if "device_code" in scheme.grants and scheme.device_url is None:
            yield ("auth", "device_url"), "the device grant needs its address"


def _collections(manifest: Manifest, name: str, collections: Collections) -> Iterator[Rule]:
    place = ("collections", name)
    if collections.only and (
        collections.only not in manifest.settings or manifest.settings[collections.only].type != "list"
    ):
        yield (*place, "only"), "names a setting of type list"
    yield from _ask(manifest, collections, place, frozenset())


def _stream(manifest: Manifest, name: str, stream: StreamSpec) -> Iterator[Rule]:
    place = ("streams", name)
    if stream.kind in KINDS:
        yield from broken_fields(name, stream) if stream.fields else ()
    else:
        yield (*place, "kind"), f"no such kind; there are {', '.join(KINDS)}"
    yield from _reads(manifest, stream, place)
    for key, named in (("by_collection", stream.by_collection), ("collections", stream.collections)):
        if named and named not in manifest.collections:
            yield (*place, key), "names an entry of `collections`"
    words = collection_words(manifest, stream.by_collection)
    yield from _deletions(manifest, stream, place, words)
    if stream.local_ids and not stream.by_collection:
        yield (*place, "local_ids"), "goes with `by_collection`"
    for field, word in stream.given.items():
        yield from broken_words(manifest, word, (*place, "given", field), words)
    yield from broken_writing(manifest, name, stream)
    for index, read in enumerate(stream.reads):
        inside: Place = (*place, "read", index) if isinstance(stream.read, list) else (*place, "read")
        yield from _read(manifest, read, inside, words)


def _reads(manifest: Manifest, stream: StreamSpec, place: Place) -> Iterator[Rule]:
    in_python = bool(manifest.uses or not manifest.is_live)
    if in_python and stream.reads:
        yield (*place, "read"), "the connector's Python reads this"
    if not (in_python or manifest.importer or stream.reads):
        yield (*place, "read"), "this key is missing"
    if stream.reads and all(read.listing for read in stream.reads):
        yield (*place, "read"), "one of its requests is asked between full listings, too"
    if stream.reads and not (stream.id and stream.fields):
        yield place, "a stream that reads has an `id` and `fields`"


def _deletions(manifest: Manifest, stream: StreamSpec, place: Place, words: frozenset[str]) -> Iterator[Rule]:
    deleted = stream.deleted
    tombstones = bool(stream.gone) or any(read.gone for read in stream.reads)
    if stream.reads and deleted.by == "feed" and not tombstones:
        yield (*place, "deletions"), "a feed of deletions says which records are `gone`"
    if stream.reads and deleted.by == "never" and tombstones:
        yield (*place, "deletions"), "records that are `gone` make this a feed"
    if (one := deleted.confirmed) is not None:
        where: Place = (*place, "deletions", "confirm")
        yield from broken_request(manifest, one.request, (one.query, one.variables), where, words | {"id"})
    if deleted.every and not any(read.since for read in stream.reads):
        yield (*place, "deletions", "every"), "without `since` every read is a full listing"


def _read(manifest: Manifest, read: Read, place: Place, words: frozenset[str]) -> Iterator[Rule]:
    yield from _ask(manifest, read, place, words | ({SINCE} if read.since else set()))
    if read.since is None:
        return
    yield from _since(manifest, read.since, (*place, "since"))
    if read.since.ask:
        yield from _ask(manifest, read.since.ask, (*place, "since", "ask"), words | {SINCE})


def _ask(manifest: Manifest, ask: Ask, place: Place, words: frozenset[str]) -> Iterator[Rule]:
    parts = (ask.query, ask.body, ask.form, ask.variables)
    yield from broken_request(manifest, ask.request, parts, place, words)
    for text in ask.headers.values():
        yield from broken_words(manifest, text, place, words)
    if ask.graphql and (ask.body or ask.form):
        yield (*place, "body"), "a GraphQL request has `variables`, not a body"
    if ask.form is not None and ask.body is not None:
        yield (*place, "form"), "a request has a `form` or a `body`, not both"
    paging = ask.paging or manifest.http.paging
    if isinstance(paging, PagePaging | OffsetPaging) and paging.parallel and not _tells_the_end(paging):
        yield (*place, "paging"), "parallel pages need `total` and `size`, or `pages`: the end must be known early"


def _tells_the_end(paging: PagePaging | OffsetPaging) -> bool:
    return bool((paging.total and paging.size) or (isinstance(paging, PagePaging) and paging.pages))


def _since(manifest: Manifest, since: Since, place: Place) -> Iterator[Rule]:
    if sum(map(bool, (since.field, since.token, since.link))) != 1:
        yield place, "goes by the time in a `field`, by a server's `token` or by its `link`: one of the three"
    if since.link and since.send:
        yield (*place, "send"), "a link is asked as it is"
    if since.token and not since.send:
        yield (*place, "send"), "the parameter that takes the token is missing"
    if since.full and not since.token:
        yield (*place, "full"), "goes with `token`"
    ways = sum([since.send is not None, since.newest_first, since.ask is not None])
    if since.field and ways > 1:
        yield place, "choose one: `send`, `newest_first` or `ask`"
    if bool(since.until) != bool(since.window) or (since.until and not since.send):
        yield place, "`send`, `until` and `window` go together"
    if since.until and not since.start:
        yield (*place, "start"), "the first window has to begin somewhere"
    for word in words_in(since.start or ""):
        if word not in manifest.settings:
            yield (*place, "start"), f":{word} is no setting"
