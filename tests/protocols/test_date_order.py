from datetime import date

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.protocols.archive_keys import RepeatedKeys, key_of
from entrepot.protocols.date_order import Order, date_order, read_date


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("10/22/21", "mdy", date(2021, 10, 22)),
        ("22.10.21", "dmy", date(2021, 10, 22)),
        ("22/10/2021", "dmy", date(2021, 10, 22)),
        ("2021-10-22", "ymd", date(2021, 10, 22)),
        ("2021. 10. 22.", "ymd", date(2021, 10, 22)),
        ("1/5/99", "mdy", date(1999, 1, 5)),
    ],
)
def test_dates_are_read_in_the_order_that_is_said(text: str, order: Order, expected: date) -> None:
    assert read_date(text, order) == expected


@pytest.mark.parametrize("text", ["30/02/21", "13/13/21", "", "soon", "1/2", "1/2/3", "2021-10-22"])
def test_what_is_no_date_in_the_order_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        read_date(text, "dmy")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["01/02/21", "10/22/21"], "mdy"),
        (["01/02/21", "22/10/21"], "dmy"),
        (["2021-10-11"], "ymd"),
        (["03.04.21"], "dmy"),
        (["2021. 3. 4."], "ymd"),
        (["01/02/21", "31/31/31", "garbage", "22/10/21"], "dmy"),
    ],
)
def test_the_order_is_taken_from_the_file_where_it_proves_one(dates: list[str], expected: str) -> None:
    assert date_order(dates, where="x.csv") == expected


def test_descending_dates_prove_an_order_where_the_service_writes_newest_first() -> None:
    dates = ["03/04/21", "02/05/21", "01/06/21"]
    assert date_order(dates, where="x.csv", newest_first=True) == "mdy"
    with pytest.raises(PersonMustFix):
        date_order(dates, where="x.csv")


@pytest.mark.parametrize("dates", [["04/03/21"], ["03/04/21", "03/04/21"], ["22/10/21", "10/22/21"]])
def test_an_open_order_is_asked_for_and_never_guessed(dates: list[str]) -> None:
    with pytest.raises(PersonMustFix, match="--set date_order=dmy") as caught:
        date_order(dates, where="x.csv", newest_first=True)
    assert "x.csv" in caught.value.message
    assert date_order(dates, chosen="dmy", where="x.csv") == "dmy"


def test_a_choice_must_be_one_of_the_orders() -> None:
    with pytest.raises(PersonMustFix, match="one of dmy, mdy, ymd"):
        date_order([], chosen="dym", where="x.csv")
    assert date_order([], where="x.csv") == "ymd"


def test_keys_stay_the_same_and_repetitions_are_counted() -> None:
    assert key_of("a", "b") == key_of("a", "b") != key_of("ab", "")
    assert len(key_of("ü")) == 32
    keys = RepeatedKeys()
    assert [keys.key_of("a"), keys.key_of("b"), keys.key_of("a")] == [key_of("a"), key_of("b"), f"{key_of('a')}-2"]
