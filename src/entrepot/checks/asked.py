"""Every request a manifest can make, built by the code that will make it, and what is read of each answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import msgspec

from entrepot.core.lens import Reading
from entrepot.declarative.confirming import Lookup
from entrepot.declarative.paging import values_found
from entrepot.declarative.part import Part
from entrepot.declarative.position import Mark, Position
from entrepot.declarative.request import Asking
from entrepot.sdk.catalog import Entry
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_http import CursorPaging, OffsetPaging, OnePage, PagePaging
from entrepot.sdk.manifest_settings import Setting
from entrepot.sdk.manifest_streams import Ask, Collections, Confirm, Read, StreamSpec
from entrepot.transport.message import Request

Words = dict[str, str | int]
Build = Callable[[Words, Any], Request]

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_BEFORE = datetime(2026, 2, 1, 12, tzinfo=UTC)
_ANY_WORD = ("sample", "1", "0f4c1d0e-7a6b-4c3d-9e2f-1a2b3c4d5e6f", "2026-01-01", "a.b")
_PAGE = "next page"


class Looked(msgspec.Struct, frozen=True):
    """A place in an answer that is read. `table`: every documented value must be known and every known one
    documented; `compare`: the values it is compared with must be documented.
    """

    where: str
    path: str
    use: Literal["read", "table", "compare"] = "read"
    values: frozenset[Any] = frozenset()
    ignored: frozenset[Any] = frozenset()
    written: str = ""


class Asked(msgspec.Struct, frozen=True):
    """One request of a manifest. `words` has the values that may be tried for each word and for the page."""

    where: str
    call: str
    words: Mapping[str, Sequence[Any]]
    build: Callable[[Mapping[str, Any]], Request]
    looked: Sequence[Looked] = ()
    stream: str | None = None
    """Whose records it lists; their `looked` need only be in one of the stream's answers."""

    def best(self, judge: Callable[[Request], list[str]]) -> tuple[Request, list[str]]:
        """The request with the fewest problems, varying one word after the other, and those problems."""
        chosen = {word: values[0] for word, values in self.words.items()}
        request = self.build(chosen)
        problems = judge(request)
        for word, values in self.words.items():
            for value in values[1:] if problems else ():
                other = self.build({**chosen, word: value})
                found = judge(other)
                if len(found) < len(problems):
                    chosen, request, problems = {**chosen, word: value}, other, found
        return request, problems


def requests_of(entry: Entry, manifest: Manifest) -> Iterator[Asked]:
    made = _Maker(entry, manifest)
    if manifest.probe:
        yield made.probe()
    for name, collections in manifest.collections.items():
        yield from made.collections(name, collections)
    for name, spec in manifest.streams.items():
        for index, read in enumerate(spec.reads):
            yield from made.read(name, spec, index, read)
        if spec.deleted.confirmed:
            yield made.confirm(name, spec.deleted.confirmed)


class _Maker:
    def __init__(self, entry: Entry, manifest: Manifest) -> None:
        self._entry = entry
        self._manifest = manifest
        self._words = words_of(manifest)

    def probe(self) -> Asked:
        probe = self._manifest.probe
        assert probe is not None
        asking = Asking(
            Ask(request=probe.request, graphql=probe.graphql, paging=OnePage()), self._manifest, self._entry.folder
        )
        looked = [Looked("probe.id", probe.id), *([Looked("probe.name", probe.name)] if probe.name else [])]
        return self._asked("probe", probe.request, asking, lambda words, _: asking.request(words), looked)

    def collections(self, name: str, spec: Collections) -> Iterator[Asked]:
        where = f"collections.{name}"
        asking = Asking(spec, self._manifest, self._entry.folder)
        ids = spec.id if isinstance(spec.id, dict) else {"id": spec.id}
        places = {**{f"id.{part}": path for part, path in ids.items()}, "name": spec.name}
        if spec.color:
            places["color"] = spec.color
        looked = [Looked(f"{where}.{key}", path) for key, path in places.items()]
        looked += _compared(f"{where}.when", spec.when)
        looked += _compared(f"{where}.writable", spec.writable if isinstance(spec.writable, dict) else {})
        yield from self._pages(where, spec, asking, asking.request, looked)

    def read(self, name: str, spec: StreamSpec, index: int, read: Read) -> Iterator[Asked]:
        where = f"streams.{name}.read" + (f".{index}" if len(spec.reads) > 1 else "")
        part = Part(read, self._manifest, self._entry.folder)
        looked = _identity(name, spec, read) if read.gone else [*_identity(name, spec, read), *_fields(name, spec)]
        for mark in (
            Mark(),
            *([_mark(read)] if read.since and not read.since.link else []),
        ):  # a link is the service's own
            position = part.begin(Position(marks=[mark], full=not mark.is_set), _NOW)
            asking = part.asking(position)
            ask = read.since.ask if read.since and read.since.ask and mark.is_set else read
            place = f"{where}.since" if mark.is_set else where
            yield from self._pages(place, ask, asking, partial(part.request, position), looked, stream=name)

    def confirm(self, name: str, spec: Confirm) -> Asked:
        lookup = Lookup(spec, self._entry.folder)
        words = {name: values for name, values in self._words.items() if name in lookup.needs}
        where = f"streams.{name}.deletions.confirm"
        answer = [Looked(f"{where}.answer", spec.answer)] if spec.answer else []
        return Asked(
            where, spec.request, words, lambda chosen: with_headers(self._manifest, lookup.request(chosen)), answer
        )

    def _pages(
        self,
        where: str,
        ask: Ask,
        asking: Asking,
        request: Callable[[Words], Request],
        looked: Sequence[Looked],
        *,
        stream: str | None = None,
    ) -> Iterator[Asked]:
        """The first page, and one that follows it."""
        inside = f"{asking.items}.*." if asking.items else "*."
        found = [
            *(msgspec.structs.replace(each, path=f"{inside}{each.path}", written=each.path) for each in looked),
            *(Looked(f"{where}.paging", path) for path in values_found(asking.paging)),
        ]

        def page(words: Words, state: Any) -> Request:
            return asking.style().ask(request(words), state)

        yield self._asked(where, ask.request, asking, page, found, stream=stream)
        states = _states(asking)
        if states:
            yield self._asked(f"{where}, next page", ask.request, asking, page, (), states=states)

    def _asked(
        self,
        where: str,
        call: str,
        asking: Asking,
        build: Build,
        looked: Sequence[Looked],
        *,
        stream: str | None = None,
        states: Sequence[Any] = (None,),
    ) -> Asked:
        needed = {name: values for name, values in self._words.items() if name in asking.needs}

        def built(chosen: Mapping[str, Any]) -> Request:
            words = {name: value for name, value in chosen.items() if name != _PAGE}
            return with_headers(self._manifest, build(words, chosen[_PAGE]))

        return Asked(where, call, {_PAGE: states, **needed}, built, looked, stream)


def _states(asking: Asking) -> Sequence[Any]:
    match asking.paging:
        case CursorPaging():
            return _ANY_WORD
        case PagePaging():
            return (2,)
        case OffsetPaging():
            return (100,)
        case _:
            return ()  # the service says the whole address


def with_headers(manifest: Manifest, request: Request) -> Request:
    """With those that the client adds to each."""
    return msgspec.structs.replace(request, headers={**manifest.http.headers, **request.headers})


def words_of(manifest: Manifest) -> dict[str, Sequence[str | int]]:
    """Every word and the values to try for it."""
    found: dict[str, Sequence[str | int]] = {name: _values(setting) for name, setting in manifest.settings.items()}
    for collections in manifest.collections.values():
        if isinstance(collections.id, dict):
            found |= dict.fromkeys(collections.id, _ANY_WORD)
    return found | dict.fromkeys(("collection", "id"), _ANY_WORD) | {"account": (*_ANY_WORD, 1)}


def _values(setting: Setting) -> Sequence[str]:
    match setting.type:
        case "choice":
            return tuple(setting.choices)
        case "number":
            return (setting.default or "1",)
        case "date":
            return (setting.default or "2026-01-01",)
        case "switch":
            return ("true", "false")
        case _:
            return (setting.default,) if setting.default else _ANY_WORD


def _mark(read: Read) -> Mark:
    return Mark(token="sample") if read.since and read.since.token else Mark(at=_BEFORE)  # noqa: S106 -- a place in a list of changes


def _identity(name: str, spec: StreamSpec, read: Read) -> list[Looked]:
    where = f"streams.{name}"
    ids = spec.id if isinstance(spec.id, list) else [spec.id] if spec.id else []
    found = [Looked(f"{where}.id", path) for path in ids]
    if spec.version and not read.gone:
        found.append(Looked(f"{where}.version", spec.version))
    if spec.collection and not read.gone:
        found.append(Looked(f"{where}.collection", spec.collection))
    if read.since and read.since.field:
        found.append(Looked(f"{where}.read.since.field", read.since.field))
    return [*found, *_compared(f"{where}.when", spec.when), *_compared(f"{where}.gone", spec.gone)]


def _fields(name: str, spec: StreamSpec) -> list[Looked]:
    where = f"streams.{name}"
    found = [
        _looked(f"{where}.fields.{'/'.join(field.targets)}", reading, spec)
        for field in mapping_of(spec).fields
        for reading in field.readings()
    ]
    found += [Looked(f"{where}.extra", path) for path in spec.extra if path != "*"]
    return [*found, *(Looked(f"{where}.volatile", path) for path in spec.volatile)]


def _looked(where: str, reading: Reading, spec: StreamSpec) -> Looked:
    if reading.codes is None:
        return Looked(where, reading.path)
    return Looked(where, reading.path, "table", reading.codes, frozenset(spec.ignored.get(reading.path, ())))


def _compared(where: str, wanted: Mapping[str, Any]) -> list[Looked]:
    return [
        Looked(where, path, "compare", frozenset(value if isinstance(value, list) else [value]) - {None})
        for path, value in wanted.items()
    ]
