"""Dates written after a pattern, in English whatever the machine's language: `%d %b %Y, %H:%M`.

Directives are those of strptime: Y y m d b B a A H I M S f p z, and with a hyphen (`%-d`) without leading zeros.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial

from entrepot.core.lens import Lens, LensError, exact, shown
from entrepot.core.lens_time import as_day, as_instant, in_utc, zone_named

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NUMBERS = {name.lower(): at for at, name in enumerate(MONTHS, 1)} | {
    name[:3].lower(): at for at, name in enumerate(MONTHS, 1)
}
_DIRECTIVE = re.compile(r"%(-?[A-Za-z%])")
_FORMS = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{1,2}",
    "S": r"\d{1,2}", "f": r"\d{1,6}", "p": r"[AaPp]\.?[Mm]\.?", "z": r"Z|[+-]\d{2}:?\d{2}", "B": "[A-Za-z]+",
    "b": "[A-Za-z]{3}", "A": "[A-Za-z]+", "a": "[A-Za-z]{3}",
}  # fmt: skip
_WRITERS: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "d": lambda at: f"{at.day:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour + 11) % 12 + 1:02}",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "z": lambda at: at.strftime("%z"),
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "A": lambda at: WEEKDAYS[at.weekday()],
    "a": lambda at: WEEKDAYS[at.weekday()][:3],
}


def pattern(text: str, zone: str | None = None) -> Lens:
    """A day where the pattern has no time; an instant where it has an offset or `zone` is given; else local time."""
    form, directives = _compile(text)
    has_time = bool({"H", "I"} & directives)
    is_instant = has_time and ("z" in directives or zone is not None)
    place = zone_named(zone) if zone else None

    def read(native: object) -> object:
        if native == "":
            return None
        found = form.fullmatch(native.strip()) if isinstance(native, str) else None
        if found is None:
            raise LensError(f"{shown(native)} is not a date like {text!r}")
        at = _assembled(found.groupdict(), shown(native))
        if not has_time:
            return at.date().isoformat()
        if not is_instant:
            return at.isoformat()
        return in_utc(at if at.tzinfo else at.replace(tzinfo=place))

    def write(value: object) -> str:
        if not has_time:
            at = datetime.combine(date.fromisoformat(as_day(value)), datetime.min.time())
        elif is_instant:
            at = as_instant(value).astimezone(place or UTC)
        else:
            at = _local(value)
        return _DIRECTIVE.sub(partial(_written, at), text)

    return exact(Lens(f"the pattern {text}", read, write))


def _compile(text: str) -> tuple[re.Pattern[str], set[str]]:
    found = [each.removeprefix("-") for each in _DIRECTIVE.findall(text) if each != "%"]
    unknown = [each for each in found if each not in _FORMS]
    if unknown or len(found) != len(set(found)):
        raise ValueError(f"{text!r} is no pattern: %{unknown[0] if unknown else ' twice'} is not understood")
    held = set(found)
    if not (held & {"Y", "y"} and held & {"m", "b", "B"} and "d" in held) or ("I" in held) != ("p" in held):
        raise ValueError(f"{text!r} must have a year, a month and a day, and %p where it has %I")
    form, last = "", 0
    for each in _DIRECTIVE.finditer(text):
        name = each[1].removeprefix("-")
        form += _literal(text[last : each.start()]) + ("%" if name == "%" else f"(?P<{name}>{_FORMS[name]})")
        last = each.end()
    return re.compile(form + _literal(text[last:]), re.ASCII), held


def _literal(text: str) -> str:
    # Exports put narrow and unbreakable spaces where the pattern says a space.
    return "".join(r"[\s\u00a0\u202f]+" if part.isspace() else re.escape(part) for part in re.split(r"(\s+)", text))


def _assembled(parts: Mapping[str, str], source: str) -> datetime:
    try:
        return datetime(
            year=int(parts["Y"]) if "Y" in parts else _year(int(parts["y"])),
            month=int(parts["m"]) if "m" in parts else _MONTH_NUMBERS[parts.get("b", parts.get("B", "")).lower()],
            day=int(parts["d"]),
            hour=_hour(parts),
            minute=int(parts.get("M", 0)),
            second=int(parts.get("S", 0)),
            microsecond=int(parts.get("f", "0").ljust(6, "0")),
            tzinfo=_offset(parts["z"]) if "z" in parts else None,
        )
    except (ValueError, KeyError) as why:
        raise LensError(f"{source} is not a date of the calendar") from why


def _year(short: int) -> int:
    return short + (1900 if short >= 69 else 2000)  # as POSIX strptime has it


def _hour(parts: Mapping[str, str]) -> int:
    if "I" not in parts:
        return int(parts.get("H", 0))
    hour = int(parts["I"])
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if parts["p"][0] in "Pp" else 0)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    apart = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-apart if text[0] == "-" else apart)


def _local(value: object) -> datetime:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)  # pyright: ignore[reportArgumentType]  # TypeError is answered
    except (ValueError, TypeError) as why:
        raise LensError(f"{shown(value)} is not a date and time") from why
    return at.replace(tzinfo=None)


def _written(at: datetime, directive: re.Match[str]) -> str:
    name = directive[1]
    if name == "%":
        return "%"
    text = _WRITERS[name.removeprefix("-")](at)
    return (text.lstrip("0") or "0") if name.startswith("-") else text
