"""The lines of a manifest's `fields` made into lenses. Everything a line may say is listed here, and nothing else is.

    title: content                                              a path: `a.b`, `a.0`; always optional
    due: {at: due.date, as: date}                               a form, or a list of forms in order (FORMS below)
    done: {read: checked, write: is_checked}                    read and written in different places
    priority: {at: p, table: {4: 1, 1: 9}, ignored: [0], empty: 0}   `empty` is written where there is no value;
                                                                also `otherwise: x` (unknown), `writes: {ours: theirs}`,
                                                                `lossy: {ours: theirs}` for ours that they do not have
    keywords: {at: labels, as: list}                            also `each: name`, `each: {at: x, as: …}`, `split: ","`
    body: {at: rich_text, each: plain_text, joined: ""}         a list of texts made one
    attendees: {at: people, each: {fields: {email: mail}}}      a record inside a record
    at: {at: when, as: instant, zone: Europe/Berlin}            `zone` for text without an offset
    day: {at: when, pattern: "%d %b %Y"}                        a date in English after a pattern
    score: {at: score, scale: point_100}                        a rating scale of `core.scales`
    repeats: {at: count, most: 50}                              a number the service holds no more of
    status: {at: status, again: reconsuming, statuses: kitsu}   a status of `core.library_status`, word and flag
    name: {join: [first, last], with: " ", splits: true}        `splits` only where no part holds the separator
    closed: {first: [merged_at, closed_at], as: instant}        the first that holds something
    phones: {labelled: {work: phone, mobile: cell}, field: number}
    amount: {at: amount, as: money, currency: code}             also `money_text`, `money_minor`, `fixed: EUR`;
                                                                fills `currency`
    due: {as: local, at: due.date, zone: due.timezone}          or `date` and `time`;
                                                                fills `timeZone` and `showWithoutTime`
    start: {as: period, from: {date: start.date, time: start.dateTime, zone: start.timeZone}, to: {…}}
                                                                fills `duration` too
    project: {at: project_id, ref: projects}                    the id of a record of another stream
    verb: {constant: View}                                      the same for every record; never written
    done: {at: checked, verbs: [finish, reopen]}                read as a value, written by a call; or {value: verb}

Targets are JSON names of the kind, or paths into them (`name.given`, `emails.0.address`).
"""

from collections.abc import Callable
from typing import Any

from entrepot.core import lens_list
from entrepot.core.lens import AS_IS, Lens, LensError, Reading, then
from entrepot.core.lens_choice import constant, table
from entrepot.core.lens_local import local, period
from entrepot.core.lens_number import capped
from entrepot.core.lens_pattern import pattern
from entrepot.core.lens_text import markdown_with
from entrepot.core.lens_time import instant_in
from entrepot.core.lens_words import FORMS, MONEY, Line, SpecError, only, path_of, paths_of, text_of
from entrepot.core.library_status import STATUSES
from entrepot.core.mapping import FieldLens, Mapping
from entrepot.core.money import money
from entrepot.core.path import getter, put, steps
from entrepot.core.scales import SCALES

Markdown = Callable[[str], str]

_VALUE_WORDS = frozenset(
    (
        "as",
        "zone",
        "pattern",
        "scale",
        "most",
        "split",
        "each",
        "joined",
        "fields",
        "table",
        "ignored",
        "otherwise",
        "writes",
        "lossy",
    )
)
_LOCAL_PARTS = ("at", "date", "time", "zone")
_PLAIN_WORDS = _VALUE_WORDS | {"at", "read", "write", "ref", "verbs", "empty"}


def build(target: str, line: object, *, markdown: Markdown | None = None) -> FieldLens:
    """One line of `fields`. `markdown` is what `as: markdown` turns HTML with; core has no such thing itself."""
    spec = {"at": line} if isinstance(line, str) else line
    if not isinstance(spec, dict) or not all(isinstance(word, str) for word in spec):
        raise SpecError(f"{target}: write a path, or words like {{at: path, as: date}}")
    try:
        steps(target)
        return _shape(spec)(target, spec, markdown)
    except SpecError as why:
        raise SpecError(str(why) if str(why).startswith(f"{target}: ") else f"{target}: {why}") from why
    except (LensError, ValueError, TypeError) as why:
        raise SpecError(f"{target}: {why}") from why


def build_all(fields: Line, *, markdown: Markdown | None = None) -> list[FieldLens]:
    return [build(target, line, markdown=markdown) for target, line in fields.items()]


def _shape(spec: Line) -> Callable[[str, Line, Markdown | None], FieldLens]:
    for word, shape in _SHAPES.items():
        if word in spec:
            return shape
    form = spec.get("as")
    if isinstance(form, str) and form in MONEY:
        return _money
    return {"local": _local, "period": _period}.get(form, _plain) if isinstance(form, str) else _plain


def _plain(target: str, spec: Line, markdown: Markdown | None) -> FieldLens:
    only(spec, _PLAIN_WORDS)
    place = _place(spec)
    lens = _value_lens(spec, markdown)
    written = spec.get("write")
    return FieldLens(
        (target,),
        (place,),
        lens,
        written=(path_of(written),) if written else (),
        verbs=_verbs(spec["verbs"]) if "verbs" in spec else None,
        ref=text_of(spec, "ref") if "ref" in spec else None,
        empty=spec.get("empty"),
    )


def _value_lens(spec: Line, markdown: Markdown | None) -> Lens:
    """What the words other than the place say, applied in this order whatever the order they are written in."""
    lens = _forms(spec, markdown)
    if "pattern" in spec:
        lens = then(lens, pattern(text_of(spec, "pattern"), spec.get("zone")))
    if "split" in spec:
        lens = then(lens, lens_list.split(text_of(spec, "split")))
    if "fields" in spec:
        lens = then(lens, _record(spec["fields"], markdown))
    if "each" in spec:
        lens = then(lens, _each(spec["each"], markdown))
    if "joined" in spec:
        lens = then(lens, lens_list.joined(text_of(spec, "joined")))
    if "scale" in spec:
        lens = then(lens, _scale(spec["scale"]))
    if "most" in spec:
        lens = then(lens, _capped(spec["most"]))
    return then(lens, _table(spec)) if "table" in spec else _no_table_words(spec, lens)


def _forms(spec: Line, markdown: Markdown | None) -> Lens:
    words = spec.get("as", [])
    lens = AS_IS
    for word in words if isinstance(words, list) else [words]:
        lens = then(lens, _form(word, spec, markdown))
    if "zone" in spec and "pattern" not in spec and "instant" not in words:
        raise SpecError("`zone` goes with `as: instant`, `as: local` or `pattern`")
    return lens


def _form(word: object, spec: Line, markdown: Markdown | None) -> Lens:
    if word == "markdown":
        if markdown is None:
            raise SpecError("there is nothing here that turns HTML into Markdown")
        return markdown_with(markdown)
    if word == "instant" and "zone" in spec:
        return instant_in(text_of(spec, "zone"))
    if not isinstance(word, str) or word not in FORMS:
        known = ", ".join(sorted([*FORMS, *MONEY, "local", "markdown", "period"]))
        raise SpecError(f"`as: {word}` is not known; there are {known}")
    return FORMS[word]


def _record(fields: object, markdown: Markdown | None) -> Lens:
    if not isinstance(fields, dict):
        raise SpecError("`fields` holds lines of its own")
    lines = build_all(fields, markdown=markdown)
    mapping = Mapping(lines)
    one_way = next((line.one_way for line in lines if line.one_way), "")
    below = tuple(reading for line in lines for reading in line.readings())
    return Lens("record", mapping.read, mapping.write, one_way, below=below)


def _each(inner: object, markdown: Markdown | None) -> Lens:
    spec = {"at": inner} if isinstance(inner, str) else inner
    if not isinstance(spec, dict):
        raise SpecError("`each` is a path or a line of its own")
    only(spec, _VALUE_WORDS | {"at"})
    lens = _value_lens(spec, markdown)
    return lens_list.each(_member(path_of(spec["at"]), lens) if "at" in spec else lens)


def _member(path: str, lens: Lens) -> Lens:
    """One member of a record, and a record of only this member on the way back."""
    take = getter(path)

    def read(native: Any) -> Any:
        held = take(lens_list.as_record(native))
        return None if held is None else lens.read(held)

    def write(value: Any) -> Any:
        native: dict[str, Any] = {}
        put(native, path, lens.write(value))
        return native

    below = (Reading(path, lens.codes), *(Reading(f"{path}.{one.path}", one.codes) for one in lens.below))
    return Lens(f"{path}: {lens.name}", read, write, lens.one_way, below=below)


def _scale(name: object) -> Lens:
    scale = SCALES.get(name) if isinstance(name, str) else None
    if scale is None:
        raise SpecError(f"`scale: {name}` is not known; there are {', '.join(sorted(SCALES))}")
    return scale.lens()


def _capped(most: object) -> Lens:
    if not isinstance(most, int) or isinstance(most, bool):
        raise SpecError(f"`most` takes a whole number, not {most!r}")
    return capped(most)


def _table(spec: Line) -> Lens:
    values, ignored, writes = spec["table"], spec.get("ignored", []), spec.get("writes")
    if not isinstance(values, dict) or not values or not isinstance(ignored, list):
        raise SpecError("`table` holds {theirs: ours}, `ignored` a list of theirs")
    return table(values, ignored=ignored, writes=writes, lossy=spec.get("lossy"), otherwise=spec.get("otherwise"))


def _no_table_words(spec: Line, lens: Lens) -> Lens:
    stray = sorted({"ignored", "otherwise", "writes", "lossy"} & spec.keys())
    if stray:
        raise SpecError(f"`{stray[0]}` goes with `table`")
    return lens


def _verbs(verbs: object) -> dict[object, str]:
    named = dict(zip((True, False), verbs, strict=True)) if isinstance(verbs, list) and len(verbs) == 2 else verbs
    if not isinstance(named, dict) or not all(isinstance(verb, str) for verb in named.values()):
        raise SpecError("`verbs` is [verb for true, verb for false], or {value: verb}")
    return {value: verb for value, verb in named.items() if isinstance(verb, str)}


def _constant(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"constant"})
    return FieldLens((target,), (), constant(spec["constant"]))


def _join(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"join", "with", "splits"})
    places = paths_of(spec["join"], "join")
    separator = spec.get("with", " ")
    return FieldLens((target,), places, lens_list.join(separator, len(places), splits=bool(spec.get("splits"))))


def _first(target: str, spec: Line, markdown: Markdown | None) -> FieldLens:
    only(spec, _VALUE_WORDS | {"first"})
    return FieldLens((target,), paths_of(spec["first"], "first"), lens_list.first(_value_lens(spec, markdown)))


def _labelled(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"labelled", "field"})
    places = spec["labelled"]
    if not isinstance(places, dict):
        raise SpecError("`labelled` holds {label: path}")
    return FieldLens(
        (target,), paths_of(list(places.values()), "labelled"), lens_list.labelled([*places], text_of(spec, "field"))
    )


def _status(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"at", "again", "statuses"})
    name = spec["statuses"]
    table = STATUSES.get(name) if isinstance(name, str) else None
    if table is None:
        raise SpecError(f"`statuses: {name}` is not known; there are {', '.join(sorted(STATUSES))}")
    return FieldLens((target,), (path_of(spec.get("at")), path_of(spec.get("again"))), table.lens())


def _money(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"as", "at", "currency", "fixed"})
    if ("currency" in spec) == ("fixed" in spec):
        raise SpecError("money needs either `currency: path` or `fixed: EUR`")
    places = (path_of(spec.get("at")),) if "fixed" in spec else (path_of(spec.get("at")), path_of(spec["currency"]))
    return FieldLens((target, "currency"), places, money(MONEY[spec["as"]], spec.get("fixed")))


def _local(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"as", *_LOCAL_PARTS})
    parts = [part for part in _LOCAL_PARTS if part in spec]
    places = tuple(path_of(spec[part]) for part in parts)
    return FieldLens((target, "timeZone", "showWithoutTime"), places, local(parts))


def _period(target: str, spec: Line, _markdown: Markdown | None) -> FieldLens:
    only(spec, {"as", "from", "to"})
    start, end = spec.get("from"), spec.get("to")
    if not isinstance(start, dict) or not isinstance(end, dict) or start.keys() != end.keys():
        raise SpecError("a period has `from` and `to`, with the same words in both")
    only(start, set(_LOCAL_PARTS))
    parts = [part for part in _LOCAL_PARTS if part in start]
    places = tuple(path_of(side[part]) for side in (start, end) for part in parts)
    return FieldLens((target, "timeZone", "showWithoutTime", "duration"), places, period(parts))


def _place(spec: Line) -> str:
    if ("at" in spec) == ("read" in spec):
        raise SpecError("say where it stands: `at: path`, or `read: path` and `write: path`")
    return path_of(spec.get("at", spec.get("read")))


_SHAPES = {
    "constant": _constant,
    "join": _join,
    "first": _first,
    "labelled": _labelled,
    "statuses": _status,
}
