"""Lenses for values out of a small set: a table, a constant, presence."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from entrepot.core.lens import Lens, LensError, exact, reading, shown, unchanged

_ABSENT = object()


def table(
    values: Mapping[Any, Any],
    *,
    ignored: Iterable[Any] = (),
    writes: Mapping[Any, Any] | None = None,
    lossy: Mapping[Any, Any] | None = None,
    otherwise: object = None,
) -> Lens:
    """Service value → our value. `ignored` are values known to mean nothing to us; `otherwise` is for unknown ones.

    Where two service values mean the same to us, `writes` says which is written; without it there is no way back.
    `lossy` are values of ours that the service does not have, and what is written for them: it reads as another.
    """
    skipped = frozenset(map(_key, ignored))
    forth = {_key(native): value for native, value in values.items()} | dict.fromkeys(skipped)
    back, unclear = _inverse(values, writes or {})
    strange = [native for native in (lossy or {}).values() if _key(native) not in forth]
    if strange:
        raise ValueError(f"`lossy` writes {strange[0]!r}, which is no value of the table")
    back = {**{_key(value): native for value, native in (lossy or {}).items()}, **back}
    one_way = f"{unclear}; say which with `writes`" if unclear else ""
    codes = frozenset((*values, *ignored))

    def write(value: object) -> object:
        try:
            return back[_key(value)]
        except (KeyError, TypeError):
            raise LensError(f"{shown(value)} is none of {_list(back)}") from None

    read = _look_up(forth, otherwise)
    return Lens("table", read, reading("table", read, one_way).write if one_way else write, one_way, codes)


def constant(value: object) -> Lens:
    """The same value for every record; written as it is."""

    def write(given: object) -> object:
        if given != value:
            raise LensError(f"{shown(given)} cannot be: here it is always {shown(value)}")
        return value

    return Lens("constant", lambda _native: value, write)


UNLESS_ZERO = exact(Lens("unless zero", lambda native: None if _key(native) == 0 else native, unchanged))
"""Zero stands for nothing there: `as: [unless_zero, epoch]`."""
PRESENT = reading("present", lambda native: native not in ("", [], {}, False), "it only tells that something is there")


def _key(value: Any) -> Any:
    # 1 and True are one dictionary key in Python, and two values in JSON.
    return ("bool", value) if isinstance(value, bool) else value


def _look_up(forth: Mapping[Any, Any], otherwise: object) -> Callable[[Any], Any]:
    has_booleans = any(key.__class__ is tuple for key in forth)
    needs_care = has_booleans or 0 in forth or 1 in forth

    def read(native: Any) -> Any:
        try:
            value = forth.get(_key(native) if needs_care else native, _ABSENT)
        except TypeError:
            value = _ABSENT
        if value is not _ABSENT:
            return value
        if otherwise is None:
            raise LensError(f"{shown(native)} is not a value we know ({_list(forth)})")
        return otherwise

    return read


def _inverse(values: Mapping[Any, Any], writes: Mapping[Any, Any]) -> tuple[dict[Any, Any], str]:
    strange = [value for value, native in writes.items() if values.get(native, _ABSENT) != value]
    if strange:
        raise ValueError(f"`writes` must name a value of the table that reads as {strange[0]!r}")
    counted = Counter(map(_key, values.values()))
    back = {_key(value): native for native, value in values.items()}
    back.update((_key(value), native) for value, native in writes.items())
    for native, value in values.items():
        if counted[_key(value)] > 1 and value not in writes:
            others = [each for each, other in values.items() if other == value and each != native]
            return back, f"{value!r} stands for {native!r} and {others[0]!r}"
    return back, ""


def _list(keys: Iterable[Any]) -> str:
    names = [str(key[1] if isinstance(key, tuple) else key) for key in keys]
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
