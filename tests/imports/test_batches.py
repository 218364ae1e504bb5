"""Rows become batches; nothing is left behind, and a resumed import starts after what was applied."""

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.life import Play
from entrepot.imports.batches import ROWS, batches


def row(number: int, stream: str = "plays") -> Change:
    return Change(stream=stream, ref=Ref(str(number)), data=Play(title=f"title {number}"))


def test_every_row_is_in_exactly_one_batch_and_in_order():
    cut = list(batches(row(n) for n in range(2 * ROWS + 7)))
    ids = [int(change.ref.id) for batch in cut for change in batch.pages["plays"].changes]
    assert ids == list(range(2 * ROWS + 7))
    assert [batch.consumed for batch in cut] == [ROWS, 2 * ROWS, 2 * ROWS + 7]


def test_streams_that_alternate_stay_apart_but_are_applied_together():
    [batch] = batches([row(1), row(2, "visits"), BadRow("plays", "line 3", "no title")])
    assert list(batch.pages) == ["plays", "visits"]
    assert batch.pages["plays"].bad == [BadRow("plays", "line 3", "no title")]
    assert batch.consumed == 3


def test_a_resumed_import_skips_what_was_applied():
    [batch] = batches((row(n) for n in range(10)), skip=8)
    assert [change.ref.id for change in batch.pages["plays"].changes] == ["8", "9"]
    assert list(batches((row(n) for n in range(10)), skip=10)) == []


def test_an_empty_import_has_no_batches():
    assert list(batches([])) == []
