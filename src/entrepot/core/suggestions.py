"""Proposals of lines for a service whose columns people name themselves: from their names, types and values.

Nothing is ever applied unasked: a person sees each proposal with its score and the reason.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from entrepot.core.suggestion_evidence import Samples, doubts
from entrepot.core.suggestion_lines import Target, lines, targets
from entrepot.core.suggestion_shapes import Property, Shape, shape_of
from entrepot.core.suggestion_words import names_of, words_of

LEAST = 0.5
"""Below it a proposal is a guess: a name that fits in part, with nothing else that speaks for it."""

_NAME, _AGREES, _DISAGREES, _READS, _UNREAD = 0.7, 0.15, -0.35, 0.15, -0.6
_DOUBT = -0.2
_SORTS_OF_TYPES: dict[str, str] = {
    **dict.fromkeys(("title", "rich_text", "text", "string", "textarea", "html", "long_text"), "text texts duration"),
    **dict.fromkeys(("number", "int", "integer", "double", "float", "currency", "percent"), "integer number decimal"),
    **dict.fromkeys(("select", "status", "picklist", "enumeration", "radio", "combobox"), "choice text texts integer"),
    **dict.fromkeys(("multi_select", "multipicklist", "multiselect"), "texts"),
    **dict.fromkeys(("checkbox", "boolean", "bool", "booleancheckbox"), "boolean choice"),
    **dict.fromkeys(("date", "datetime", "created_time", "last_edited_time", "timestamp"), "local date instant"),
    **dict.fromkeys(("email", "phone_number", "phone", "url", "unique_id"), "text texts"),
    **dict.fromkeys(("people", "person", "user", "reference", "relation", "created_by"), "text texts"),
}
"""Type as services declare it → sorts of values it can hold."""
_FOR_TYPE: dict[str, frozenset[str]] = {
    "title": frozenset({"title", "name", "name.full"}),
    "email": frozenset({"emails.0.address"}),
    "phone": frozenset({"phones.0.number", "phone"}),
    "phone_number": frozenset({"phones.0.number", "phone"}),
    "created_time": frozenset({"created"}),
    "last_edited_time": frozenset({"updated"}),
    "created_by": frozenset({"author"}),
}
"""Types that say by themselves what the column is, whatever it is called."""


class Proposal(msgspec.Struct, frozen=True):
    """`line` as a manifest would have it, `score` 0 to 1, `reason` for people."""

    field: str
    line: Any
    score: float
    reason: str
    column: str


class _Guess(msgspec.Struct, frozen=True):
    target: Target
    column: Property
    shape: Shape
    score: float
    reasons: list[str]


def suggest(kind: str, columns: Iterable[Property]) -> list[Proposal]:
    """The best use of each column, the surest first: a field is proposed once at most, and so is a column."""
    found: list[Proposal] = []
    for column in columns:
        shape = shape_of(column)
        if shape is not None:
            guesses = (_guess(target, column, shape) for target in targets(kind))
            found += (proposal for guess in guesses if guess and (proposal := _proposal(kind, guess)))
    chosen: list[Proposal] = []
    taken: set[str] = set()
    used: set[str] = set()
    for each in sorted(found, key=lambda one: -one.score):
        field = each.field.removesuffix(".0")
        if field not in taken and each.column not in used and each.score >= LEAST:
            chosen.append(each)
            taken.add(field)
            used.add(each.column)
    return chosen


def _guess(target: Target, column: Property, shape: Shape) -> _Guess | None:
    """By name and type alone, before any value is looked at."""
    worth, reason = _named(target, column, shape.type)
    if not worth:
        return None
    sorts = _SORTS_OF_TYPES.get(shape.type.lower(), "").split()
    reasons = [reason]
    score = _NAME * worth
    if sorts:
        fits = target.sort in sorts
        score += _AGREES if fits else _DISAGREES
        reasons.append(f"declared as {shape.type}" if fits else f"though declared as {shape.type}")
    return _Guess(target, column, shape, score, reasons)


def _named(target: Target, column: Property, declared: str) -> tuple[float, str]:
    field, said = target.field, words_of(column.name)
    if field in _FOR_TYPE.get(declared.lower(), ()):
        return 1.0, f"the service says it is the {declared.replace('_', ' ')}"
    best, name = 0.0, ""
    for place, known in enumerate(names_of(field)):
        worth = _likeness(said, known) - 0.001 * place
        if worth > best:
            best, name = worth, known
    if best <= 0:
        return 0.0, ""
    if _likeness(said, name) == 1:
        return best, f"{column.name!r} is a name of {field}"
    return best, f"{column.name!r} has {name!r} in it, a name of {field}"


def _likeness(said: str, known: str) -> float:
    if said == known or said == known.replace(" ", ""):
        return 1.0
    if f" {known} " in f" {said} ":
        return 0.6 + 0.3 * len(known.split()) / len(said.split())
    return 0.0


def _proposal(kind: str, guess: _Guess) -> Proposal | None:
    """The line that reads most of the samples."""
    samples = Samples(kind, guess.column.path, guess.column.values)
    best: tuple[int, str, Any] | None = None
    for field, line in lines(guess.target, guess.column, guess.shape):
        count = samples.readable(field, line)
        if best is None or count > best[0]:
            best = (count, field, line)
        if count == len(samples):
            break
    if best is None or best[0] < min(1, len(samples)):
        return None
    count, field, line = best
    score = guess.score
    if samples:
        score += _READS if count == len(samples) else _UNREAD * (1 - count / len(samples))
    against = doubts(guess.target, guess.shape, samples, field, line)
    reasons = [*guess.reasons, *_told(line, len(samples), count), *against]
    score = min(max(score + _DOUBT * len(against), 0.0), 1.0)
    return Proposal(field, line, round(score, 2), "; ".join(reasons), guess.column.path)


def _told(line: Any, samples: int, count: int) -> list[str]:
    table: dict[Any, Any] = line.get("table", {}) if isinstance(line, dict) else {}
    ignored: list[Any] = line.get("ignored", []) if isinstance(line, dict) else []
    told: list[str] = []
    if table:
        told.append(f"{len(table)} of its {len(table) + len(ignored)} values are known")
    if samples:
        told.append(f"reads {count} of {samples} samples")
    return told
