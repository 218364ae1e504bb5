from datetime import UTC, datetime
from decimal import Decimal

import pytest

from entrepot.core.fields import decode_fields, encode_fields, fields_of, identity, is_same, record_of
from entrepot.core.planner import Alert, Task
from entrepot.core.trade import Order, OrderLine


def test_a_record_taken_apart_and_put_together_is_the_same():
    task = Task(title="Water the plants", keywords=["home"], created=datetime(2026, 1, 5, tzinfo=UTC))
    assert record_of("task", fields_of(task)) == task


def test_fields_written_and_read_are_the_same_and_none_is_not_absence():
    fields = {
        "title": "",
        "start": None,
        "alerts": [Alert(offset="-PT5M")],
        "updated": datetime(2026, 1, 5, tzinfo=UTC),
    }
    assert decode_fields("task", encode_fields("task", fields)) == fields
    money = {"total": Decimal("10.00"), "lines": [OrderLine(name="Tea", price=Decimal("2.50"))], "extra": {"a": 1}}
    found = decode_fields("order", encode_fields("order", money))
    assert found == money
    assert record_of("order", found) == Order(**money)


def test_a_record_without_what_its_kind_needs_is_refused():
    with pytest.raises(TypeError):
        record_of("file", {"path": "a"})


def test_sameness_is_what_people_mean():
    assert is_same(float("nan"), float("nan"))
    assert not is_same(True, 1)
    assert not is_same({"a": {"b": True}}, {"a": {"b": 1}})
    assert is_same(Decimal("1.0"), Decimal(1))
    assert identity({"b": 1, "a": 2}) == identity({"a": 2, "b": 1})
