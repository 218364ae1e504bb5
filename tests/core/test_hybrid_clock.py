import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.errors import RecordRefused
from entrepot.core.hybrid_clock import MOST_AHEAD, MOST_COUNT, Stamp

times = st.integers(0, 2**44)
stamps = st.builds(Stamp, times, st.integers(0, MOST_COUNT), st.text("ab-", max_size=3))


@given(stamps, times)
def test_the_next_stamp_is_later_whatever_the_clock_says(last, now):
    assert last.next(now) > last
    assert last.next(now).node == last.node


@given(stamps, stamps, times)
def test_a_stamp_after_another_is_later_than_both(mine, other, now):
    if other.time <= now + MOST_AHEAD:
        found = mine.after(other, now)
        assert (found.time, found.count) > max((mine.time, mine.count), (other.time, other.count))
        assert found.node == mine.node


@given(stamps, stamps)
def test_as_text_stamps_sort_and_come_back(one, other):
    assert Stamp.parse(one.text()) == one
    assert (one.text() < other.text()) == (one < other)


def test_a_stamp_from_far_ahead_is_refused():
    with pytest.raises(RecordRefused, match="25 hours from now"):
        Stamp(0).after(Stamp(25 * 3_600_000), 0)


@pytest.mark.parametrize("text", ["", "1-2-a", "00000000000g-0000-a", "000000000001-0000"])
def test_what_is_no_stamp_is_not_read_as_one(text):
    with pytest.raises(ValueError):  # noqa: PT011 -- whose words they are depends on what is wrong
        Stamp.parse(text)
