"""A lens: one way to read a service's value into a kind's value and, where that is possible, to write it back.

    field line of a manifest                                    what it makes
    title: content                                              the value as it is
    due: {at: due.date, as: date}                               a form named with `as`; a list of forms goes in order
    priority: {at: priority, table: {4: 1, 3: 3, 2: 5, 1: 9}}   a table, both ways
    keywords: {at: labels, as: list}                            a list; `each: name` looks into its members
    due: {read: due.date, write: due_date, as: date}            read in one place, written in another

`lens_spec.build(target, line)` makes them; every word it knows is listed there. The set is closed: what it cannot
say is Python in the connector's folder.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

import msgspec


class LensError(Exception):
    """A value that cannot be read, or cannot be written; the message says which and why, for people."""


class Reading(msgspec.Struct, frozen=True):
    """One thing a lens looks at: a path, where `*` stands for every element, and the values it knows there."""

    path: str
    codes: frozenset[object] | None = None


class Lens(msgspec.Struct, frozen=True):
    """`read` takes the service's value, never None, and gives the kind's, or None for nothing; `write` goes back.

    What was written reads the same: `read(write(value)) == value`, or `write` raises LensError. What was read is
    written in the service's own form, which may be spelled otherwise (`+02:00` comes back as `Z`). `one_way` says
    why there is no way back, "" where there is one. `codes` and `below` tell the contract check what is looked at.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    one_way: str = ""
    codes: frozenset[object] | None = None
    below: tuple[Reading, ...] = ()


def unchanged(value: object) -> object:
    return value


AS_IS = Lens("as it is", unchanged, unchanged)


def reading(name: str, read: Callable[[Any], Any], why: str, *, below: tuple[Reading, ...] = ()) -> Lens:
    """A lens that only reads; `why` says what stands in the way back."""

    def refuse(_value: object) -> NoReturn:
        raise LensError(f"cannot be written: {why}")

    return Lens(name, read, refuse, why, below=below)


def then(first: Lens, second: Lens) -> Lens:
    """The second applied to what the first has read."""
    if first is AS_IS:
        return second
    if second is AS_IS:
        return first
    read_first, read_second = first.read, second.read

    def read(native: object) -> object:
        value = read_first(native)
        return None if value is None else read_second(value)

    def write(value: object) -> object:
        return first.write(second.write(value))

    return Lens(
        f"{first.name}, {second.name}",
        read,
        write,
        first.one_way or second.one_way,
        first.codes if first.codes is not None else second.codes,
        first.below or second.below,
    )


def flip(lens: Lens) -> Lens:
    """The same lens looked through from the other side."""
    if lens.one_way:
        raise ValueError(f"{lens.name} has no other side: {lens.one_way}")
    return Lens(f"{lens.name}, reversed", lens.write, lens.read)


def exact(lens: Lens) -> Lens:
    """Refuses to write what would read differently afterwards, so that nothing is cut off silently."""
    read, write = lens.read, lens.write

    def write_exactly(value: object) -> object:
        native = write(value)
        if not _same(read(native), value):
            raise LensError(f"{shown(value)} does not fit {lens.name}")
        return native

    return Lens(lens.name, read, write_exactly, lens.one_way, lens.codes, lens.below)


def shown(value: object) -> str:
    """A value as it may stand in a message: short, and never a whole record."""
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        held: Collection[object] = value
        return f"a {type(value).__name__} of {len(held)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _same(one: object, other: object) -> bool:
    # A stored record holds instants and decimals as text; a fresh one holds them as values.
    if isinstance(other, str):
        match one:
            case datetime():
                return one == datetime.fromisoformat(other)
            case Decimal():
                return one == Decimal(other)
            case _:
                return one == other
    return one == other
