from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.conflict import Mark, Moment, Policy, settle_clash

moments = st.none() | st.builds(Moment, st.integers(0, 20), st.integers(1, 10))
names = st.sampled_from(["hub", "todoist", "caldav"])
marks = st.builds(Mark, names, moments)
OTHER = {"hub": "remote", "remote": "hub", None: None}


@given(st.builds(Policy, mode=st.sampled_from(["latest", "source"]), sources=st.just(("caldav", "hub"))), marks, marks)
def test_who_wins_does_not_depend_on_which_side_asks(policy, one, other):
    here = settle_clash(policy, one, other, ("a", "b")).winner
    there = settle_clash(policy, other, one, ("b", "a")).winner
    assert here == OTHER[there]


@given(moments, moments)
def test_latest_never_lets_an_edit_win_that_was_surely_earlier(one, other):
    winner = settle_clash(Policy(mode="latest"), Mark("hub", one), Mark("todoist", other), ("a", "b")).winner
    if one is None or other is None:
        assert winner is None
    elif one.at + one.granularity <= other.at:
        assert winner == "remote"
