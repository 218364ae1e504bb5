"""Records made up so that every line that writes is used: what a manifest would send for them can then be looked at."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.kind import Kind
from entrepot.core.lens import LensError
from entrepot.core.mapping import FieldLens, Record
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.path import put, steps

_MIDNIGHT = "2026-03-02T00:00:00"
_PART = {
    "frequency": "daily",
    "name": "sample",
    "given": "sample",
    "email": "a@example.org",
    "address": "a@example.org",
    "number": "+49 30 901820",
    "uri": "https://example.org/",
    "offset": "-PT10M",
    "value": "2026-03-02",
}
_POOL: Sequence[Any] = (
    "https://example.org/sample", "sample", "2026-03-02T09:30:00Z", "2026-03-02T09:30:00", _MIDNIGHT, "2026-03-02",
    "PT1H30M",
    "Europe/Berlin", "12.50", "EUR", "1", 1, 50, 1.5, True, ["sample"], ["1"], [_PART], _PART, {"sample": "sample"},
)  # fmt: skip
"""Tried in this order: one of them is what a field can hold and its lens can write."""
_TIMES: Sequence[Record] = ({"timeZone": "Europe/Berlin"}, {"showWithoutTime": True, "": _MIDNIGHT})


def samples(lines: Sequence[FieldLens], kind: type[Kind]) -> tuple[Record, Sequence[Record]]:
    """A record in which each field of these lines has a value, and what else some of them can be."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    whole: Record = {}
    others: list[Record] = []
    for line in lines:
        if line.one_way or not line.sources:
            continue
        found = list(_of_line(line, types))
        for each in found[:1]:
            whole = _merged(whole, each)
        others += found[1:]
    return whole, others


def _of_line(line: FieldLens, types: Mapping[str, Any]) -> Iterator[Record]:
    name = steps(line.targets[0])[0]
    kind = types.get(name, Any) if name == line.targets[0] else Any
    values = list(_coded(line)) or [value for value in _POOL if _fits(value, kind)]
    written = [data for data in (_placed(line, value) for value in values) if _is_written(line, data)]
    yield from written if line.lens.codes is not None else written[:1]
    for more in _TIMES if "timeZone" in line.targets else ():
        data = {**(written[0] if written else {}), **more}
        if "" in data:
            data[name] = data.pop("")
        if _is_written(line, data):
            yield data


def _coded(line: FieldLens) -> Iterator[Any]:
    """Our values of a table."""
    for code in sorted(line.lens.codes or (), key=str):
        try:
            value = line.lens.read(code)
        except LensError:
            continue
        if value is not None:
            yield value


def _placed(line: FieldLens, value: Any) -> Record:
    data: Record = {}
    put(data, line.targets[0], value)
    return data


def _merged(whole: Record, more: Record) -> Record:
    """Parts of one field from several lines stand together."""
    both = {name: {**whole[name], **value} for name, value in more.items() if _are_parts(whole.get(name), value)}
    return {**whole, **more, **both}


def _are_parts(one: object, other: object) -> bool:
    return isinstance(one, dict) and isinstance(other, dict)


def _is_written(line: FieldLens, data: Record) -> bool:
    if line.verbs is not None:
        return True
    try:
        return bool(Lines([line]).write(data, clear=False))
    except (LensError, RecordRefused, ValueError, TypeError, KeyError):
        return False


def _fits(value: Any, field: Any) -> bool:
    try:
        msgspec.convert(value, field)
    except (msgspec.ValidationError, TypeError):
        return False
    return True
