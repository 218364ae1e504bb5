"""Every request that a manifest writes with, built for made-up records by the code that will make it."""

import asyncio
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from entrepot.checks.asked import Asked, Looked, with_headers, words_of
from entrepot.checks.samples import samples
from entrepot.core.errors import RecordRefused
from entrepot.core.kinds import KINDS
from entrepot.core.mapping import Record
from entrepot.core.path import put
from entrepot.declarative.find import Finder
from entrepot.declarative.sending import Sending
from entrepot.sdk.catalog import Entry
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_streams import StreamSpec
from entrepot.sdk.manifest_write import WHOLE, Send, WriteSpec
from entrepot.transport.message import Request

_OP = "0f4c1d0e7a6b4c3d9e2f1a2b3c4d5e6f"
_UUID = "0f4c1d0e-7a6b-4c3d-9e2f-1a2b3c4d5e6f"


def writes_of(entry: Entry, manifest: Manifest) -> Iterator[Asked]:
    for name, spec in manifest.live_streams.items():
        if spec.write is not None:
            yield from _Maker(entry, manifest, name, spec, spec.write).all()


class _Maker:
    def __init__(self, entry: Entry, manifest: Manifest, name: str, spec: StreamSpec, write: WriteSpec) -> None:
        self._entry = entry
        self._manifest = manifest
        self._where = f"streams.{name}.write"
        self._spec = spec
        self._write = write
        self._mapping = mapping_of(spec)
        self._kind = KINDS[spec.kind]
        known = words_of(manifest)
        self._words = {**known, "op": (_OP,), "uuid": (_UUID,), "version": known["id"], "to": known["id"]}
        self._words["key"] = (*known["id"], 1)

    def all(self) -> Iterator[Asked]:
        for verb, send in self._write.sends().items():
            where = f"{self._where}.verbs.{verb}" if verb in self._write.verbs else f"{self._where}.{verb}"
            for record in list(self._records(verb)) or [{}]:
                yield self._asked(where, verb, send, record)
        yield from self._find()

    def _asked(self, where: str, verb: str, send: Send, record: Record | None) -> Asked:
        sending = Sending(verb, send, self._manifest, self._entry.folder)
        words = {name: values for name, values in self._words.items() if name in sending.needs}

        def build(chosen: Mapping[str, Any]) -> Request:
            return with_headers(self._manifest, sending.request(chosen, record))

        places = {"answer": None if send.answer == WHOLE else send.answer, "id": send.id}
        looked = [Looked(f"{where}.{key}", path) for key, path in places.items() if path]
        return Asked(where, send.request, words, build, looked)

    def _find(self) -> Iterator[Asked]:
        find = self._write.find
        if find is None:
            return
        where = f"{self._where}.find"
        finder = Finder(find, self._manifest, self._entry.folder)
        words = {name: values for name, values in self._words.items() if name in finder.needs}
        inside = f"{finder.items}.*." if finder.items else ""
        looked = [Looked(f"{where}.made", f"{inside}{find.made}", written=find.made)] if find.made else []
        yield Asked(
            where, find.request, words, lambda chosen: with_headers(self._manifest, finder.request(chosen)), looked
        )

    def _records(self, verb: str) -> Iterator[Record | None]:
        """What may be sent for a verb: of a create all, of an update what may change."""
        if verb not in {"create", "update"}:
            yield None
            return
        fixed = {*self._write.read_only, *(self._write.create_only if verb == "update" else ())}
        names = frozenset(
            field.encode_name
            for field in msgspec.structs.fields(self._kind)
            if not fixed & {field.name, field.encode_name}
        )
        whole, others = samples(self._mapping.fields, self._kind)
        if self._write.key:
            put(whole, self._write.key, "1")
        # What `prepare` must ask the service for is left out: the rest can be looked at.
        tries = [whole, *({key: value for key, value in whole.items() if key != left} for left in whole)]
        base = next((data for data in tries if self._sent(verb, data, names) is not None), whole)
        seen: list[Record] = []
        for data in (base, *({**base, **other} for other in others)):
            record = self._sent(verb, data, names)
            if record is not None and record not in seen:
                seen.append(record)
                yield record

    def _sent(self, verb: str, data: Record, names: frozenset[str]) -> Record | None:
        try:
            return self._prepared(verb, self._mapping.write(data, only=names), data)
        except RecordRefused:
            return None  # made up of parts that do not go together

    def _prepared(self, verb: str, record: Record, data: Record) -> Record | None:
        """After `prepare`; None where it needs more than the record."""
        if self._write.prepare is None:
            return record
        prepare: Any = self._entry.load(self._write.prepare)
        words = {name: str(values[0]) for name, values in self._words.items()}
        words |= {name: setting.default for name, setting in self._manifest.settings.items()}
        native: Record = {}
        for path in [self._spec.id] if isinstance(self._spec.id, str) else self._spec.id or []:
            put(native, path, "1" if verb == "update" else None)
        try:
            if inspect.iscoroutinefunction(prepare):
                return asyncio.run(prepare(record, native, data, None, words))
            return prepare(record, native, data)
        except (AttributeError, LookupError, TypeError, ValueError, RecordRefused):
            return None  # there is no client here, and not all that a service would have told
