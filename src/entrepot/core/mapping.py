"""A whole record mapped: the compiled lines of a stream, read into a kind's fields and written back into the native."""

from collections.abc import Callable, Container, Sequence
from collections.abc import Mapping as ReadOnly
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import AS_IS, Lens, LensError, Reading, shown
from entrepot.core.path import getter, put, steps

Record = dict[str, Any]


class FieldLens(msgspec.Struct, frozen=True):
    """One line: which field (JSON name of the kind, a path) comes from where, through which lens.

    With several `sources` the lens is given a tuple (None for what is absent); with several `targets` it gives one.
    `written` are the places written to, where they differ from the sources. `verbs`: value → the verb that brings
    the record there; such a field is never written into the record. `ref` names the stream whose id this is.
    `empty` is what the service has where the field has no value.
    """

    targets: tuple[str, ...]
    sources: tuple[str, ...]
    lens: Lens = AS_IS
    written: tuple[str, ...] = ()
    verbs: ReadOnly[object, str] | None = None
    ref: str | None = None
    empty: object = None

    @property
    def one_way(self) -> str:
        return "" if self.verbs else self.lens.one_way

    def readings(self) -> tuple[Reading, ...]:
        """Every place in the service's record this line looks at, for the contract check."""
        if len(self.sources) != 1:
            return (*(Reading(source) for source in self.sources), *self.lens.below)
        here = self.sources[0]
        return (
            Reading(here, self.lens.codes),
            *(Reading(f"{here}.{below.path}", below.codes) for below in self.lens.below),
        )


class Mapping:
    """Built once for a stream, then used for every record.

    `kind` gives the defaults that stand for absent fields when writing. `extra` names top-level fields of the
    service that are kept in the kind's `extra`; `*` takes all that no line reads.
    """

    def __init__(
        self, fields: Sequence[FieldLens], *, kind: type[msgspec.Struct] | None = None, extra: Sequence[str] = ()
    ) -> None:
        self.fields = tuple(fields)
        self._defaults = _defaults(kind) if kind else {}
        self._extra = frozenset(extra) - {"*"}
        self._takes_rest = "*" in extra
        self._modelled = {steps(source)[0] for field in fields for source in field.sources}
        self._plain: list[tuple[str, str]] = []
        self._converted: list[tuple[str, str, Callable[[Any], Any]]] = []
        self._deep: list[tuple[str, Callable[[Record], Any], Callable[[Any], Any]]] = []
        self._wide: list[Callable[[Record, Record], None]] = []
        for field in fields:
            self._compile(field)

    def read(self, record: Any) -> Record:
        """The kind's fields, ready for `msgspec.convert`; LensError names the field that could not be read."""
        if not isinstance(record, dict):
            raise LensError(f"expected a record, found {shown(record)}")
        found: Record = {}
        try:
            self._read_fields(record, found)
        except LensError as why:
            raise LensError(self._blame(record)) from why
        if self._takes_rest or self._extra:
            self._keep_extra(record, found)
        return found

    def write(
        self, data: Record, into: Record | None = None, *, only: Container[str] | None = None, clear: bool = False
    ) -> Record:
        """The native record with this data in it: what no line maps, and what reads the same anyway, is left alone.

        `data` has the kind's JSON names; absent fields stand for their defaults. `only` are the fields (JSON names)
        whose lines are written; None: all. With `clear`, one of these that has no value is written as having none
        although the native says nothing of it. RecordRefused where a value has no form at the service.
        """
        written: Record = _copied(into) if into else {}
        for field in self.fields:
            if field.lens.one_way or field.verbs or not field.sources or not _is_among(field, only):
                continue
            try:
                self._write_field(field, data, written, clear=clear and (only is None or _top(field) in only))
            except LensError as why:
                raise RecordRefused(f"The field {field.targets[0]} cannot be written: {why}.") from why
        return written

    def verbs(self, data: Record, into: Record, *, only: Container[str] | None = None) -> list[str]:
        """The verbs to call so that the fields written by a verb become what `data` says."""
        called: list[str] = []
        for field in self.fields:
            if field.verbs is None or not _is_among(field, only):
                continue
            wanted = self._value(field.targets[0], data)
            native = getter(field.sources[0])(into)
            held = None if native is None else field.lens.read(native)
            if wanted != held and not (held is None and wanted == self._defaults.get(field.targets[0])):
                verb = _verb(field, wanted)
                if field.verbs.get(held) != verb:
                    called.append(verb)
        return called

    def _read_fields(self, record: Record, found: Record) -> None:
        for target, key in self._plain:
            value = record.get(key)
            if value is not None:
                found[target] = value
        for target, key, read in self._converted:
            value = record.get(key)
            if value is not None and (value := read(value)) is not None:
                found[target] = value
        for target, take, read in self._deep:
            value = take(record)
            if value is not None and (value := read(value)) is not None:
                found[target] = value
        for fill in self._wide:
            fill(record, found)

    def _blame(self, record: Record) -> str:
        # Only after a failure, so that the way every record goes need not remember where it is.
        for field in self.fields:
            try:
                _filler(field)(record, {})
            except LensError as why:
                return f"{field.targets[0]}: {why}"
        return "the record cannot be read"

    def _compile(self, field: FieldLens) -> None:
        target = field.targets[0]
        is_simple = len(field.targets) == 1 and len(field.sources) == 1 and len(steps(target)) == 1
        if not is_simple:
            self._wide.append(_filler(field))
        elif len(steps(field.sources[0])) > 1:
            self._deep.append((target, getter(field.sources[0]), field.lens.read))
        elif field.lens is AS_IS:
            self._plain.append((target, steps(field.sources[0])[0]))
        else:
            self._converted.append((target, steps(field.sources[0])[0], field.lens.read))

    def _keep_extra(self, record: Record, found: Record) -> None:
        kept = {
            key: value
            for key, value in record.items()
            if value is not None and (key in self._extra or (self._takes_rest and key not in self._modelled))
        }
        if kept:
            found["extra"] = {**kept, **found.get("extra", {})}

    def _write_field(self, field: FieldLens, data: Record, into: Record, *, clear: bool) -> None:
        values = [self._value(target, data) for target in field.targets]
        held = tuple(getter(source)(into) for source in field.sources)
        is_absent = all(native is None for native in held)
        if (is_absent and not clear) and all(
            value is None or value == self._defaults.get(target)
            for value, target in zip(values, field.targets, strict=True)
        ):
            return
        natives = _to_native(field, values)
        if not is_absent and _reads_same(field, held, natives):
            return
        for place, native in zip(field.written or field.sources, natives, strict=True):
            put(into, place, native, always=clear or bool(field.written))

    def _value(self, target: str, data: Record) -> Any:
        value = getter(target)(data)
        return self._defaults.get(target) if value is None else value


def _defaults(kind: type[msgspec.Struct]) -> Record:
    found: Record = {}
    for field in msgspec.structs.fields(kind):
        if field.default is not msgspec.NODEFAULT:
            found[field.encode_name] = field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            found[field.encode_name] = field.default_factory()
    return found


def _filler(field: FieldLens) -> Callable[[Record, Record], None]:
    """Reads a line that has several sources, several targets, or a target inside another field."""
    take, targets, read = _taker(field.sources), field.targets, field.lens.read
    is_one, is_nested = len(targets) == 1, any(len(steps(target)) > 1 for target in targets)

    def fill(record: Record, found: Record) -> None:
        native = take(record)
        if native is None:
            return
        value = read(native)
        for target, part in zip(targets, (value,) if is_one else value or (), strict=False):
            if part is None:
                continue
            if is_nested:
                put(found, target, part)
            else:
                found[target] = part

    return fill


def _taker(sources: Sequence[str]) -> Callable[[Record], Any]:
    """What a lens is given: one value, or a tuple of several; None where all are absent."""
    takes = [getter(source) for source in sources]
    if len(takes) == 1:
        return takes[0]

    def take_all(record: Record) -> tuple[Any, ...] | None:
        natives = tuple([take(record) for take in takes])
        return natives if not natives or any(native is not None for native in natives) else None

    return take_all


def _top(field: FieldLens) -> str:
    return steps(field.targets[0])[0]


def _is_among(field: FieldLens, only: Container[str] | None) -> bool:
    return only is None or any(steps(target)[0] in only for target in field.targets)


def _to_native(field: FieldLens, values: Sequence[Any]) -> tuple[Any, ...]:
    places = len(field.sources)
    if all(value is None for value in values):
        return (field.empty,) * places
    native = field.lens.write(values[0] if len(values) == 1 else tuple(values))
    return (native,) if places == 1 else tuple(native)


def _reads_same(field: FieldLens, held: tuple[Any, ...], natives: tuple[Any, ...]) -> bool:
    try:
        return _read(field, held) == _read(field, natives)
    except LensError:
        return False  # what stands there cannot be read, so it is replaced


def _read(field: FieldLens, natives: tuple[Any, ...]) -> Any:
    if all(native is None for native in natives):
        return None
    return field.lens.read(natives[0] if len(natives) == 1 else natives)


def _verb(field: FieldLens, wanted: object) -> str:
    verb = (field.verbs or {}).get(wanted)
    if verb is None:
        raise RecordRefused(f"The field {field.targets[0]} cannot become {wanted!r}: the service has no verb for it.")
    return verb


def _copied(value: Any) -> Any:
    # JSON only, so this is enough, and several times faster than copy.deepcopy.
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_copied(member) for member in value]
    return value
