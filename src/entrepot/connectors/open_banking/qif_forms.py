"""How one QIF file writes its days and amounts: told from all of it, and asked for where nothing proves it."""

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from entrepot.core.errors import PersonMustFix

from .figures import day_of, short_year
from .qif_records import Record

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")
_DATE = re.compile(r"\s*(\d{1,4})\s*[/.-]\s*(\d{1,2})\s*([/.'-])\s*(\d{1,4})")
_COMMA_DECIMAL = re.compile(r",\d{1,2}$|,\d{4,}$|\..*,")
_POINT_DECIMAL = re.compile(r"\.\d{1,2}$|\.\d{4,}$|,.*\.")
_LATER_CENTURY = "'"
_YEARS_SINCE_1900 = 3
"""`03/25/099` is how a C program writes tm_year."""


class Forms(msgspec.Struct, frozen=True):
    """`mark` is None where both marks occur and each amount must speak for itself."""

    order: Order
    mark: str | None = "."

    def day(self, text: str) -> str:
        """ISO 8601; ValueError where there is no such day."""
        found = _DATE.match(text)
        if found is None:
            raise ValueError(f"{text[:40]!r} is not a date" if text.strip() else "the date is missing")
        first, second, separator, third = found.groups()
        if _is_year(first) or self.order == "ymd":
            return day_of(_year(first, ""), int(second), int(third))
        day, month = (first, second) if self.order == "dmy" else (second, first)
        return day_of(_year(third, separator), int(month), int(day))


def forms_of(records: Iterable[Record], name: str, asked: str) -> Forms:
    """`asked` is what the person set as `date_order`, or empty. Raises PersonMustFix where the order stays open."""
    evidence = _Evidence()
    for record in records:
        if record.is_transaction:
            evidence.read(record)
    if asked and asked not in ORDERS:
        raise PersonMustFix(f"date_order is {asked!r}; it must be dmy, mdy or ymd.")
    chosen: Order | None = next((order for order in ORDERS if order == asked), None)
    return Forms(order=chosen or evidence.order(name), mark=evidence.mark())


class _Evidence:
    def __init__(self) -> None:
        self._orders = set[Order]()
        self._open = ""
        self._marks = set[str]()

    def read(self, record: Record) -> None:
        for code, value in record.fields:
            if code == "D":
                self._read_date(value)
            elif code in "TU$":
                if _COMMA_DECIMAL.search(value):
                    self._marks.add(",")
                if _POINT_DECIMAL.search(value):
                    self._marks.add(".")

    def _read_date(self, text: str) -> None:
        found = _DATE.match(text)
        if found is None:
            return
        first, second = found[1], found[2]
        if _is_year(first):
            self._orders.add("ymd")
        elif int(first) > 12 >= int(second):
            self._orders.add("dmy")
        elif int(second) > 12 >= int(first):
            self._orders.add("mdy")
        elif first.lstrip("0") != second.lstrip("0"):
            self._open = self._open or found[0].strip()

    def order(self, name: str) -> Order:
        proved = self._orders - {"ymd"}  # a date that begins with its year proves nothing about the others
        if len(proved) == 1:
            return next(iter(proved))
        if len(proved) > 1:
            raise PersonMustFix(
                f"The dates in {name} cannot all be read the same way: some have the day first, some the month. "
                "Say which is right with --set date_order=dmy or --set date_order=mdy; the others are then refused."
            )
        if self._open:
            raise PersonMustFix(
                f"{name} does not show whether {self._open} is day/month or month/day. "
                "Say it with --set date_order=dmy (or mdy, or ymd)."
            )
        return "mdy"

    def mark(self) -> str | None:
        if len(self._marks) > 1:
            return None
        return next(iter(self._marks), ".")


def _is_year(text: str) -> bool:
    return len(text) > _YEARS_SINCE_1900 or int(text) > 31


def _year(text: str, separator: str) -> int:
    year = int(text)
    if len(text) > _YEARS_SINCE_1900:
        return year
    if len(text) == _YEARS_SINCE_1900:
        return 1900 + year
    return 2000 + year if separator == _LATER_CENTURY else short_year(year)
