"""Every value of every scale, alone and against every other."""

import pytest

from entrepot.core.lens import LensError
from entrepot.core.library_status import KITSU, MYANIMELIST_ANIME, MYANIMELIST_MANGA
from entrepot.core.scales import (
    KITSU_ADVANCED,
    KITSU_REGULAR,
    KITSU_SIMPLE,
    MYANIMELIST,
    POINT_3,
    POINT_5,
    POINT_10,
    POINT_10_DECIMAL,
    POINT_100,
    SCALES,
    half_up,
)

ALL = sorted(SCALES)
STATUSES = ["current", "planned", "completed", "paused", "dropped", "repeating"]


@pytest.mark.parametrize("name", ALL)
def test_every_value_pulled_and_pushed_is_the_same(name):
    scale = SCALES[name]
    for value in (scale.none, *scale.values):
        pushed = scale.push(scale.pull(value))
        assert pushed == value
        assert type(pushed) is type(value)


@pytest.mark.parametrize("name", ALL)
def test_every_score_has_a_place_on_every_scale_and_none_stays_none(name):
    scale = SCALES[name]
    assert scale.push(None) == scale.push(0) == scale.none
    last = 0
    for score in range(1, 101):
        pushed = scale.push(score)
        assert pushed in scale.values
        assert pushed >= last, "a better score is never a worse one"
        last = pushed
    assert last == scale.values[-1]


class Side:
    """A service and what the hub remembers of it."""

    def __init__(self, scale, held):
        self.scale, self.held, self.writes = scale, held, 0
        self.base_remote, self.base_canonical = None, None

    def read(self):
        """The canonical score if it is news, else None."""
        if self.base_canonical is not None and self.scale.is_echo(self.base_remote, self.base_canonical, self.held):
            return None
        self.base_remote, self.base_canonical = self.held, self.scale.pull(self.held)
        return self.base_canonical

    def write(self, score):
        if score == self.base_canonical:
            return
        self.held = self.scale.push(score)
        self.writes += 1
        self.base_remote, self.base_canonical = self.held, score


@pytest.mark.parametrize("one", ALL)
@pytest.mark.parametrize("other", ALL)
def test_a_score_sent_to_another_service_comes_back_as_nothing_new(one, other):
    for value in (SCALES[one].none, *SCALES[one].values):
        here, there = Side(SCALES[one], value), Side(SCALES[other], SCALES[other].none)
        score = here.read()
        there.read()
        there.write(score)
        for _ in range(3):
            for side, opposite in ((there, here), (here, there)):
                news = side.read()
                if news is not None:
                    opposite.write(news)
        assert here.writes == 0
        assert there.writes <= 1
        assert here.held == value


def test_an_edit_on_the_coarser_side_is_no_echo():
    assert MYANIMELIST.is_echo(7, 65, 7)
    assert not MYANIMELIST.is_echo(7, 65, 8)
    assert not MYANIMELIST.is_echo(7, 65, 0)


@pytest.mark.parametrize(
    ("scale", "value", "score"),
    [
        (POINT_10_DECIMAL, 8.5, 85),
        (POINT_10_DECIMAL, 0.1, 1),
        (POINT_5, 1, 10),
        (POINT_5, 5, 90),
        (POINT_3, 1, 35),
        (POINT_3, 2, 60),
        (POINT_3, 3, 85),
        (MYANIMELIST, 7, 70),
        (KITSU_ADVANCED, 13, 65),
        (KITSU_SIMPLE, 14, 70),
        (KITSU_SIMPLE, 13, 65),
        (POINT_100, None, 0),
    ],
)
def test_scales_mean_what_other_clients_mean(scale, value, score):
    assert scale.pull(value) == score


@pytest.mark.parametrize(
    ("scale", "score", "value"),
    [
        (POINT_10, 85, 9),
        (POINT_10, 4, 1),
        (MYANIMELIST, 65, 7),
        (MYANIMELIST, 25, 3),
        (POINT_5, 19, 1),
        (POINT_5, 80, 5),
        (POINT_3, 47, 1),
        (POINT_3, 48, 2),
        (POINT_3, 72, 2),
        (POINT_3, 73, 3),
        (KITSU_ADVANCED, 1, 2),
        (KITSU_ADVANCED, 7, 2),
        (KITSU_ADVANCED, 100, 20),
        (KITSU_REGULAR, 65, 14),
        (KITSU_SIMPLE, 24, 2),
        (KITSU_SIMPLE, 85, 20),
    ],
)
def test_scores_round_half_up_and_never_to_none(scale, score, value):
    assert scale.push(score) == value


@pytest.mark.parametrize("native", [-1, 101, 1.5, "7", True, [], float("nan")])
def test_what_is_no_score_is_refused(native):
    with pytest.raises(LensError):
        MYANIMELIST.pull(native)


def test_half_goes_up_where_python_would_go_to_the_even():
    assert [half_up(value, 10) for value in (5, 15, 25, 35, 4, 14)] == [1, 2, 3, 4, 0, 1]


def test_a_library_entry_has_none_where_the_service_has_zero():
    assert MYANIMELIST.lens().read(0) is None
    assert MYANIMELIST.lens().write(70) == 7
    with pytest.raises(LensError):
        MYANIMELIST.lens().write("70")


@pytest.mark.parametrize("table", [MYANIMELIST_ANIME, MYANIMELIST_MANGA, KITSU], ids=lambda table: table.name)
def test_every_status_is_pushed_and_pulled_the_same(table):
    for status in STATUSES:
        assert table.pull(*table.push(status)) == status
    for word in table.words:
        assert table.push(table.pull(word, again=False)) == (word, False)


def test_a_second_time_through_is_a_flag():
    assert MYANIMELIST_ANIME.push("repeating") == ("completed", True)
    assert KITSU.push("repeating") == ("current", True)
    assert MYANIMELIST_MANGA.pull("reading", again=True) == "repeating"
    assert KITSU.pull("dropped", again=True) == "dropped"
    with pytest.raises(LensError, match="status"):
        KITSU.pull("watching")
    with pytest.raises(LensError, match="status"):
        KITSU.push("unknown")
