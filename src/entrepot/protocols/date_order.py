"""Dates written as three numbers: which is the day is proven by the file or said by the person, never guessed."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal, get_args

from entrepot.core.errors import PersonMustFix

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = get_args(Order)
_THREE = re.compile(r"\s*(\d{1,4})([./\- ]+)(\d{1,2})[./\- ]+(\d{1,4})\.?\s*")
_CENTURY_SPLIT = 70


def read_date(text: str, order: Order) -> date:
    """ValueError where the text is no date in this order. Two-digit years are 1970 to 2069."""
    found = _THREE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a date of three numbers")
    numbers = dict(zip(order, found.group(1, 3, 4), strict=True))
    year = numbers["y"]
    if len(year) not in {2, 4} or max(len(numbers["m"]), len(numbers["d"])) > 2:
        raise ValueError(f"{text!r} is not a date in the order {order}")
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < _CENTURY_SPLIT else 1900)
    try:
        return date(full, int(numbers["m"]), int(numbers["d"]))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date in the order {order}: {error}") from error


def date_order(dates: Iterable[str], *, chosen: str = "", where: str, newest_first: bool = False) -> Order:
    """What the person chose, or the only order in which all dates can be read.

    `newest_first`: the service always writes newest first, so an order in which the dates do not descend is out.
    Dates that none of the orders can read prove nothing. PersonMustFix where the file leaves it open, or where
    two dates prove different orders.
    """
    if chosen:
        if chosen not in ORDERS:
            raise PersonMustFix(f"date_order is one of {', '.join(ORDERS)}, not {chosen!r}.")
        return chosen
    evidence = _Evidence()
    for text in dates:
        evidence.add(text)
    orders = evidence.possible(newest_first=newest_first)
    if len(orders) == 1:
        return orders[0]
    if not evidence.example:
        return "ymd"  # there is no date at all, so no order matters
    told = "prove different orders of" if not orders else "do not tell which of the numbers are"
    raise PersonMustFix(
        f"The dates in {where} {told} day and month ({evidence.example}). Say it with --set date_order=dmy, "
        "--set date_order=mdy or --set date_order=ymd."
    )


class _Evidence:
    def __init__(self) -> None:
        self.example = ""
        self._fits: set[Order] = set(ORDERS)
        self._descends: set[Order] = set(ORDERS)
        self._last: dict[Order, date] = {}

    def add(self, text: str) -> None:
        read: dict[Order, date] = {order: day for order in _plausible(text) if (day := _read(text, order))}
        if not read:
            return
        if not self.example or (len(self._fits) > 1 and not self._fits <= set(read)):
            self.example = text.strip()
        self._fits &= set(read)
        for order, day in read.items():
            if day > self._last.get(order, date.max):
                self._descends.discard(order)
            self._last[order] = day

    def possible(self, *, newest_first: bool) -> list[Order]:
        descending = self._fits & self._descends
        return sorted(descending if newest_first and descending else self._fits)


def _plausible(text: str) -> tuple[Order, ...]:
    """A short year is never written first, and a month never first between dots: no locale of CLDR does so."""
    found = _THREE.fullmatch(text)
    if not found:
        return ()
    if len(found.group(1)) == 4:
        return ("ymd",)
    if "." in found.group(2):
        return ("dmy",) if " " not in found.group(2) else ("dmy", "ymd")
    return ("dmy", "mdy")


def _read(text: str, order: Order) -> date | None:
    try:
        return read_date(text, order)
    except ValueError:
        return None
