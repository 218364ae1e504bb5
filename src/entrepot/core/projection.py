"""What a service would tell again, had it been sent a value: the lines of its stream, there and back."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from entrepot.core.errors import RecordRefused
from entrepot.core.fields import Value
from entrepot.core.kind import Kind
from entrepot.core.lens import AS_IS, LensError
from entrepot.core.mapping import FieldLens, Mapping, Record
from entrepot.core.merge_choice import WHEN
from entrepot.core.path import steps


class Projection:
    """Called with a field as the kind's struct names it, or `when` and a dict of those that are merged as one.

    `fields` are those that a lens or a verb writes. A value that the service would refuse is given back as it is.
    """

    def __init__(self, lines: Sequence[FieldLens], kind: type[Kind]) -> None:
        self._kind = kind
        self._infos = {field.name: field for field in msgspec.structs.fields(kind)}
        self._lines: dict[str, list[FieldLens]] = {}
        for line in lines:
            for target in line.targets:
                self._lines.setdefault(steps(target)[0], []).append(line)
        self._mappings: dict[tuple[str, ...], Mapping] = {}
        self.fields = frozenset(name for name, info in self._infos.items() if self._is_written(info.encode_name))

    def __call__(self, field: str, value: Value) -> Value:
        try:
            if field == WHEN:
                return self._together(value)
            return self._alone(field, value)
        except (LensError, RecordRefused, msgspec.ValidationError, ValueError):
            return value

    def _is_written(self, name: str) -> bool:
        return any(line.sources and not line.one_way for line in self._lines.get(name, ()))

    def _alone(self, field: str, value: Value) -> Value:
        info = self._infos.get(field)
        lines = self._lines.get(info.encode_name, ()) if info else ()
        if info is None or not lines or any(line.one_way or _is_shared(line) for line in lines):
            return value
        if (verbs := lines[0].verbs) is not None:
            return _first_with(verbs, value)
        if lines[0].lens is AS_IS and lines[0].targets == (info.encode_name,) and value is not None:
            return value
        return self._there_and_back({field: value}, (info.encode_name,))[field]

    def _together(self, values: dict[str, Value]) -> dict[str, Value]:
        names = tuple(self._infos[field].encode_name for field in values)
        told = self._there_and_back(values, names)
        return {field: told[field] if self._is_told(field) else value for field, value in values.items()}

    def _is_told(self, field: str) -> bool:
        """Whether what comes back is what was sent: also where no line is, since then nothing ever comes back."""
        name = self._infos[field].encode_name
        return name not in self._lines or self._is_written(name)

    def _there_and_back(self, values: dict[str, Value], names: tuple[str, ...]) -> dict[str, Value]:
        data = {self._infos[field].encode_name: msgspec.to_builtins(value) for field, value in values.items()}
        mapping = self._mapping(names)
        back = mapping.read(mapping.write(data, clear=True))
        return {field: self._value(field, value, data, back) for field, value in values.items()}

    def _value(self, field: str, value: Value, data: Record, back: Record) -> Value:
        info = self._infos[field]
        if info.encode_name not in back:
            return _default(info)
        if back[info.encode_name] == data[info.encode_name]:
            return value
        return msgspec.convert(back[info.encode_name], info.type)

    def _mapping(self, names: tuple[str, ...]) -> Mapping:
        found = self._mappings.get(names)
        if found is None:
            lines = _once(line for name in names for line in self._lines.get(name, ()))
            # Read where it was written: the service itself brings it from one place to the other.
            found = Mapping(
                [replace(line, written=()) for line in lines if not line.one_way and not line.verbs], kind=self._kind
            )
            self._mappings[names] = found
        return found


def _is_shared(line: FieldLens) -> bool:
    """Several fields of the kind in one line: what comes back of one cannot be told without the others."""
    return len({steps(target)[0] for target in line.targets}) > 1


def _first_with(verbs: Any, value: Value) -> Value:
    """Of the values that one verb stands for, what is told again is the first."""
    verb = verbs.get(value)
    return value if verb is None else next(one for one, other in verbs.items() if other == verb)


def _once(lines: Iterable[FieldLens]) -> list[FieldLens]:
    return list({id(line): line for line in lines}.values())


def _default(info: msgspec.structs.FieldInfo) -> Value:
    if info.default_factory is not msgspec.NODEFAULT:
        return info.default_factory()
    return None if info.default is msgspec.NODEFAULT else info.default
