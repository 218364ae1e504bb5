"""Times in HTML, written in the person's language: `Jan 15, 2024, 3:14:21 AM CET`, `15.01.2024, 03:14:21 MEZ`.

What is certain is read. A date that could be two dates, or a zone that could be two zones, is a ValueError.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from entrepot.protocols.date_order import Order, read_date

_MONTHS = (
    "jan januar january janvier janv enero ene gennaio gen janeiro januari tammikuuta tammik января янв",
    "feb februar february février févr febrero febbraio fevereiro fev februari helmikuuta helmik февраля февр фев",
    "mar mär märz march mars marzo março maart mrt marts maaliskuuta maalisk марта мар",
    "apr april avril avr abril abr aprile huhtikuuta huhtik апреля апр",
    "may mai mayo maggio mag maio mei maj toukokuuta toukok мая",
    "jun juni june juin junio giugno giu junho kesäkuuta kesäk июня июн",
    "jul juli july juillet juil julio luglio lug julho heinäkuuta heinäk июля июл",
    "aug august août agosto ago augustus augusti elokuuta elok августа авг",
    "sep sept september septembre septiembre settembre set setembro syyskuuta syysk сентября сент сен",
    "oct okt oktober october octobre octubre ottobre ott outubro out lokakuuta lokak октября окт",
    "nov november novembre noviembre novembro marraskuuta marrask ноября нояб ноя",
    "dec dez dezember december décembre déc diciembre dic dicembre dezembro desember des joulukuuta jouluk декабря дек",
)
"""English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic languages, Russian. Not Polish, Czech and
Croatian, which give the same word to different months.
"""
_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_HOURS = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2, "OEZ": 2, "EEST": 3,
    "OESZ": 3, "MSK": 3, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9,
    "AKDT": -8, "HST": -10, "BRT": -3, "ART": -3, "JST": 9, "KST": 9, "SGT": 8, "HKT": 8, "AWST": 8, "AEST": 10,
    "AEDT": 11, "NZST": 12, "NZDT": 13, "SAST": 2, "CAT": 2, "EAT": 3, "WAT": 1,
}  # fmt: skip
"""Abbreviations that mean one zone. IST, CST, BST and AST mean several."""
_CLOCK = re.compile(
    r"(?P<before>午前|午後|上午|下午|오전|오후)?\s*(?<!\d)(\d{1,2})[:.](\d{2})[:.](\d{2})(?!\d)\s*(?P<after>[AaPp]\.?\s?[Mm]\.?)?"
)
_OFFSET = re.compile(r"(?:(?:GMT|UTC)\s*)?([-+−])(\d{1,2})(?::?(\d{2}))?")
_AFTERNOON = {"午後", "下午", "오후", "pm"}
_FORENOON = {"午前", "上午", "오전", "am"}
_WORD = re.compile(r"[^\W\d_]+\.?")
_NUMBER = re.compile(r"\d+")
_ASIAN = re.compile(r"[年月년월]")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")


class Writing(msgspec.Struct, frozen=True):
    """What the person said about dates: the zone of those that name none, and which number is the day."""

    zone: tzinfo | None = None
    order: str = ""


def zone_named(name: str) -> tzinfo | None:
    """ValueError where there is no such zone."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{name!r} is no time zone; write it like Europe/Berlin") from error


def is_written_time(text: str) -> bool:
    return bool(_CLOCK.search(_SPACES.sub(" ", text))) and len(_NUMBER.findall(text)) >= 5


def read_written(text: str, writing: Writing) -> datetime:
    plain = _SPACES.sub(" ", text).strip()
    clock = next(reversed(list(_CLOCK.finditer(plain))), None)  # 1.6.24 looks like one too
    if not clock:
        raise ValueError(f"{text!r} names no time of day")
    day = _day(plain[: clock.start()], writing.order)
    zone = _zone(plain[clock.end() :].strip(), writing.zone)
    return datetime.combine(day, _time(clock), zone).astimezone(UTC)


def _time(clock: re.Match[str]) -> time:
    hour, minute, second = (int(clock[group]) for group in (2, 3, 4))
    half = clock["before"] or (clock["after"] or "").lower().replace(".", "").replace(" ", "")
    if half and not 1 <= hour <= 12:
        raise ValueError(f"{hour} o'clock {half} is no time")
    if half in _AFTERNOON:
        hour = hour % 12 + 12
    elif half in _FORENOON:
        hour %= 12
    return time(hour, minute, second)


def _day(text: str, order: str) -> date:
    numbers = _NUMBER.findall(text)
    named = [month for word in _WORD.findall(text.lower()) if (month := _MONTH.get(word.rstrip(".")))]
    if named and len(numbers) == 2:
        day, year = sorted(int(number) for number in numbers)
        if year < 1000:
            raise ValueError(f"{text!r} names no year")
        return date(year, named[0], day)
    if len(numbers) != 3:
        raise ValueError(f"{text.strip()!r} is a date in a language that is not known here")
    return _numeric(text, numbers, order)


def _numeric(text: str, numbers: list[str], order: str) -> date:
    together = " ".join(numbers)
    if len(numbers[0]) == 4 or _ASIAN.search(text):
        return read_date(together, "ymd")
    if "." in text or "-" in text:
        return read_date(together, "dmy")  # no locale writes the month first between dots
    possible: list[Order] = ["dmy"] if int(numbers[0]) > 12 else ["mdy"] if int(numbers[1]) > 12 else []
    if possible:
        return read_date(together, possible[0])
    if order in {"dmy", "mdy"}:
        return read_date(together, "dmy" if order == "dmy" else "mdy")
    raise ValueError(f"{text.strip()!r} could be two dates; say which with --set date_order=dmy or mdy")


def _zone(text: str, given: tzinfo | None) -> tzinfo:
    offset = _OFFSET.fullmatch(text)
    if offset:
        sign = 1 if offset[1] == "+" else -1
        return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0)))
    if text.upper() in _HOURS:
        return timezone(timedelta(hours=_HOURS[text.upper()]))
    if given:
        return given
    what = f"{text!r} is no time zone that means only one" if text else "no time zone is named"
    raise ValueError(f"{what}; say it with --set time_zone=Europe/Berlin")
