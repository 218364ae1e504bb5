"""Every kind is a frozen struct that follows its standard, with a JSON form and a schema derived from it."""

from decimal import Decimal

import jsonschema
import msgspec
import pytest

from entrepot.core import kinds
from entrepot.core.life import LibraryEntry
from entrepot.core.planner import Event, Task
from entrepot.core.trade import Transaction

PROMISED = {
    "task", "event", "contact", "message", "note", "document", "file", "media", "post", "play", "library_entry",
    "transaction", "account", "health_sample", "workout", "visit", "order", "citation", "metric", "issue", "deal",
}  # fmt: skip
EXAMPLES = {
    "task": {"title": "Water the plants", "due": "2026-03-29T00:00:00", "showWithoutTime": True},
    "transaction": {"amount": "-12.30", "currency": "EUR"},
    "health_sample": {"type": "heart_rate", "start": "2026-01-01T08:00:00+01:00", "value": 61},
    "workout": {"sport": "running", "start": "2026-01-01T08:00:00Z"},
    "file": {"path": "a/b.txt", "size": 3},
    "metric": {"name": "clicks", "value": 3},
}


def test_every_promised_kind_exists_and_names_its_standard():
    assert set(kinds.KINDS) >= PROMISED
    assert all(struct.standard for struct in kinds.KINDS.values())


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_the_schema_of_a_kind_accepts_its_json_and_refuses_a_wrong_type(kind):
    schema = kinds.schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    example = EXAMPLES.get(kind, {})
    data = kinds.decode(kind, msgspec.json.encode(example))
    jsonschema.validate(json := msgspec.json.decode(kinds.encode(data)), schema)
    assert kinds.decode(kind, msgspec.json.encode(json)) == data
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**example, "extra": "not an object"}, schema)


def test_the_same_data_has_the_same_bytes():
    one = Task(title="ä", keywords=["b", "a"], extra={"x": 1})
    two = kinds.decode("task", kinds.encode(one))
    assert two == one
    assert kinds.encode(two) == kinds.encode(one)


def test_an_amount_stays_exact():
    paid = Transaction(amount=Decimal("-0.10"))
    assert b'"-0.10"' in kinds.encode(paid)
    assert kinds.decode("transaction", kinds.encode(paid)) == paid


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("task", b'{"due": "tomorrow"}'),
        ("task", b'{"created": "2026-01-01T00:00:00"}'),
        ("event", b'{"duration": "-PT1H"}'),
        ("library_entry", b'{"score": 0}'),
        ("library_entry", b'{"score": 101}'),
        ("transaction", b'{"amount": "1", "currency": "euro"}'),
        ("transaction", b"{}"),
    ],
)
def test_data_that_cannot_be_is_refused(kind, wrong):
    with pytest.raises(msgspec.ValidationError):
        kinds.decode(kind, wrong)


def test_a_kind_cannot_be_changed_in_place():
    entry = LibraryEntry(title="Yotsuba")
    with pytest.raises(AttributeError):
        entry.title = "other"  # pyright: ignore[reportAttributeAccessIssue]  # that is the point
    assert Event().duration == "PT0S"
