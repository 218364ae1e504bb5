"""Lenses between one value and several: lists, text with separators, fields joined, the first that is there."""

from collections.abc import Sequence
from typing import Any

from entrepot.core.lens import AS_IS, Lens, LensError, Reading, reading, shown
from entrepot.core.lens_text import as_text


def as_list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    raise LensError(f"expected a list, found {shown(value)}")


def as_record(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise LensError(f"expected a record, found {shown(value)}")


def each(lens: Lens, below: Sequence[Reading] = ()) -> Lens:
    """Every member through the lens; members that read as nothing are left out."""
    if lens is AS_IS:
        return Lens("list", as_list, as_list)
    read_one, write_one = lens.read, lens.write

    def read(native: object) -> list[Any]:
        values = (read_one(member) for member in as_list(native) if member is not None)
        return [value for value in values if value is not None]

    def write(value: object) -> list[Any]:
        return [write_one(member) for member in as_list(value)]

    found = below or (lens.below if lens.codes is None else (Reading("", lens.codes),))
    inside = tuple(Reading(f"*.{one.path}" if one.path else "*", one.codes) for one in found)
    return Lens(f"list of {lens.name}", read, write, lens.one_way, below=inside)


def split(separator: str) -> Lens:
    """Text to a list: blanks around the parts and empty parts mean nothing."""
    if not separator:
        raise ValueError("split needs a separator")

    def read(native: object) -> list[str]:
        return [part for piece in as_text(native).split(separator) if (part := piece.strip())]

    def write(value: object) -> str:
        parts = [as_text(part) for part in as_list(value)]
        text = separator.join(parts)
        if read(text) != parts:
            raise LensError(f"{shown(value)} cannot be one text separated by {separator!r}")
        return text

    return Lens(f"split at {separator!r}", read, write)


def joined(separator: str) -> Lens:
    """A list of texts to one text."""
    return reading(
        f"joined with {separator!r}",
        lambda native: separator.join(as_text(part) for part in as_list(native)),
        "the parts of a joined text are not known",
    )


def join(separator: str, count: int, *, splits: bool) -> Lens:
    """Several fields to one text, those that are absent left out; taken apart again only where that is declared."""
    name = f"joined with {separator!r}"

    def read(natives: Sequence[object]) -> str | None:
        return separator.join(as_text(part) for part in natives if part is not None and part != "") or None

    def write(value: object) -> list[str]:
        parts = as_text(value).split(separator)
        if len(parts) != count or not all(parts):
            raise LensError(f"{shown(value)} does not come apart into {count} at {separator!r}")
        return parts

    if splits and separator:
        return Lens(name, read, write)
    return reading(name, read, f"a text joined from {count} fields is not taken apart")


def first(lens: Lens) -> Lens:
    """The first of several places that holds something."""

    def read(natives: Sequence[object]) -> Any:
        return next(
            (value for native in natives if native is not None and (value := lens.read(native)) is not None), None
        )

    return reading(f"first {lens.name}", read, "which of the places it came from is not known")


def labelled(labels: Sequence[str], field: str) -> Lens:
    """Several fields to one list of parts with a label: `[{"label": "work", "number": "…"}]`; by label back again."""

    def read(natives: Sequence[object]) -> list[dict[str, object]]:
        pairs = zip(labels, natives, strict=True)
        return [{"label": label, field: native} for label, native in pairs if native is not None and native != ""]

    def write(value: object) -> list[object]:
        held: dict[str, object] = {}
        for part in as_list(value):
            label = str(part.get("label")) if isinstance(part, dict) else ""
            if label not in labels or label in held:
                raise LensError(f"the service has one place each for {', '.join(labels)}; {label!r} does not fit")
            held[label] = part.get(field)
        return [held.get(label) for label in labels]

    return Lens("labelled", read, write)
