"""The page that explains the planner and the planner are one."""

from itertools import product
from pathlib import Path
from typing import get_args

from entrepot.core.conflict import Deletion
from entrepot.core.plan_table import (
    EDIT_AGAINST_DELETE,
    LINKED,
    REVERTED,
    TOUCHED,
    UNLINKED,
    Existence,
    History,
    Verdict,
)

PAGE = Path(__file__).parents[2] / "docs" / "why" / "sync.md"


def test_the_page_has_the_rows_of_the_code_in_their_order_and_no_others():
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    told = [row for row in rows if row[-1].startswith("**")]
    tables = (UNLINKED, LINKED, EDIT_AGAINST_DELETE, REVERTED)
    meant = [(*key, row.words, f"**{row.action}**") for table in tables for key, row in table.items()]
    assert told == meant
    verdicts = [row for row in rows if row[0].startswith("`")]
    assert verdicts == [(f"`{verdict.name.lower()}`", verdict.value) for verdict in Verdict]


def test_every_case_has_its_row():
    assert set(UNLINKED) == set(product(get_args(Existence), repeat=2))
    histories = set(product(get_args(History), repeat=2))
    against = {(hub, remote) for hub, remote in histories if {hub, remote} == {"gone", "edited"}}
    assert set(LINKED) == histories - against
    assert set(EDIT_AGAINST_DELETE) == {(*pair, said) for pair in against for said in get_args(Deletion)}
    assert set(TOUCHED) == set(product([False, True], repeat=2))


def test_no_two_rows_of_a_table_tell_different_things_in_the_same_words():
    for table in (UNLINKED, LINKED, EDIT_AGAINST_DELETE):
        told = {row.words: row.action for row in table.values()}
        assert all(told[row.words] == row.action for row in table.values())
