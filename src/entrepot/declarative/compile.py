"""A connector's folder made into something that reads: from its manifest alone, or with the Python it names."""

from collections.abc import Callable
from typing import Any, cast

from entrepot.core.errors import PersonMustFix
from entrepot.declarative.confirming import Lookup
from entrepot.declarative.containers import Containers
from entrepot.declarative.delegate import MakeWriter, delegating
from entrepot.declarative.find import Finder
from entrepot.declarative.part import Part
from entrepot.declarative.reader import Declared, DeclaredReader
from entrepot.declarative.reading import Stream
from entrepot.declarative.records import Complete, Gather, Records
from entrepot.declarative.request import Asking
from entrepot.declarative.sending import Sending
from entrepot.declarative.writer import DeclaredWriter
from entrepot.declarative.writing import Hooks, Writes
from entrepot.sdk.catalog import Entry
from entrepot.sdk.connector import Reader
from entrepot.sdk.context import Context
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_file import load
from entrepot.sdk.manifest_http import OnePage
from entrepot.sdk.manifest_streams import Ask, Collections, StreamSpec
from entrepot.sdk.manifest_words import ACCOUNT
from entrepot.sdk.manifest_write import WriteSpec

Open = Callable[[Context], Reader]
"""Makes the reader of one integration."""


def compile_connector(entry: Entry, manifest: Manifest | None = None) -> Open:
    """What opens a reader for an integration; PersonMustFix lists all that is wrong with the manifest."""
    manifest = manifest or load(entry.manifest)
    if not manifest.is_live:
        raise PersonMustFix(f"{manifest.name} reads files, not a live account: entrepot import FILE --as {manifest.id}")
    if manifest.uses:
        return cast("Open", entry.load(manifest.uses))
    declared = declare(entry, manifest)
    if manifest.writer:
        writer = cast("MakeWriter", entry.load(manifest.writer))
        mappings = {name: mapping_of(spec) for name, spec in manifest.live_streams.items()}
        return lambda context: delegating(declared, context, mappings, writer)
    if any(stream.writes for stream in declared.streams.values()):
        return lambda context: DeclaredWriter(declared, context)
    return lambda context: DeclaredReader(declared, context)


def is_written(entry: Entry, manifest: Manifest, stream: str) -> bool:
    """Whether records of the stream can be written: by requests of the manifest, or by the Python it names."""
    if stream not in manifest.live_streams:
        return False
    if manifest.uses:
        return hasattr(entry.load(manifest.uses), "write")
    return manifest.writer is not None or manifest.streams[stream].write is not None


def declare(entry: Entry, manifest: Manifest) -> Declared:
    assert manifest.probe is not None
    probing = Ask(request=manifest.probe.request, graphql=manifest.probe.graphql, paging=OnePage())
    return Declared(
        probe=manifest.probe,
        probing=Asking(probing, manifest, entry.folder),
        streams={name: _stream(entry, manifest, name, spec) for name, spec in manifest.live_streams.items()},
        containers={name: _containers(entry, manifest, spec) for name, spec in manifest.collections.items()},
        defaults={name: setting.default for name, setting in manifest.settings.items()},
    )


def _containers(entry: Entry, manifest: Manifest, spec: Collections) -> Containers:
    complete = cast("Complete", entry.load(spec.complete)) if spec.complete else None
    return Containers(spec, manifest, entry.folder, complete=complete)


def _stream(entry: Entry, manifest: Manifest, name: str, spec: StreamSpec) -> Stream:
    parts = [Part(read, manifest, entry.folder) for read in spec.reads]
    complete = cast("Complete", entry.load(spec.complete)) if spec.complete else None
    gather = cast("Gather", entry.load(spec.gather)) if spec.gather else None
    confirmed = spec.deleted.confirmed
    confirm = Lookup(confirmed, entry.folder) if confirmed else None
    words = confirm.needs if confirm else frozenset[str]()
    return Stream(
        name=name,
        parts=parts,
        records=Records(name, spec, complete, gather),
        confirm=confirm,
        collections=spec.by_collection or spec.collections,
        by_collection=spec.by_collection is not None,
        local_ids=spec.local_ids,
        needs=frozenset({ACCOUNT}) & words.union(*(part.needs for part in parts)),
        writes=_writes(entry, manifest, spec, spec.write) if spec.write else None,
    )


def _writes(entry: Entry, manifest: Manifest, spec: StreamSpec, write: WriteSpec) -> Writes:
    named = {"prepare": write.prepare, "resolve": write.resolve, "project": write.project, "around": write.around}
    loaded: dict[str, Any] = {hook: entry.load(code) for hook, code in named.items() if code}
    sends = {verb: Sending(verb, send, manifest, entry.folder) for verb, send in write.sends().items()}
    finder = Finder(write.find, manifest, entry.folder) if write.find else None
    return Writes(spec, write, Hooks(**loaded), sends=sends, finder=finder)
