"""Rating scales: every service's to the hub's 1 to 100 (0: no score) and back, never writing what nobody changed.

Half rounds up, as the services' own clients do; Python's `round` would not. A score read and pushed back is the same
for every value of every scale. Between two scales of different fineness it cannot be (Kitsu's 13 is MyAnimeList's 7,
which is Kitsu's 14), so what was read and what it meant are kept, and `is_echo` recognises one's own words.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

import msgspec

from entrepot.core.lens import Lens, LensError, shown

Native = int | float | None


class Scale(msgspec.Struct, frozen=True):
    """`values` are all a person can give there, without `none`, which is what stands for no score."""

    name: str
    values: tuple[int | float, ...]
    none: int | None
    up: Callable[[int | float], int]
    down: Callable[[int], int | float]
    also: frozenset[int | float] = frozenset()
    """Values of other scales of the same service, which may still stand there."""

    def pull(self, native: object) -> int:
        """0 to 100 of what the service holds; LensError where it cannot be one of its scores."""
        if native is None or (native == 0 and not isinstance(native, bool)):
            return 0
        if isinstance(native, bool) or not isinstance(native, (int, float)) or not self._knows(native):
            raise LensError(f"{shown(native)} is not a score of {self.name}")
        return self.up(native)

    def push(self, score: int | None) -> Native:
        """What to write for a score of 0 to 100; a score is never pushed as none."""
        if not score:
            return self.none
        if not 0 < score <= 100:
            raise LensError(f"a score is 1 to 100, not {score}")
        return self.down(score)

    def is_echo(self, base_remote: Native, base_canonical: int, incoming: Native) -> bool:
        """True where the service tells what we already know: what it held when `base_canonical` was agreed on."""
        found = self.pull(incoming)
        return incoming == base_remote or found in {self.pull(base_remote), base_canonical}

    def lens(self) -> Lens:
        """None for no score, as LibraryEntry has it. Writes the nearest score of the scale; see `is_echo`."""

        def write(value: object) -> Native:
            if not isinstance(value, int) or isinstance(value, bool):
                raise LensError(f"{shown(value)} is not a score")
            return self.push(value)

        return Lens(f"score of {self.name}", lambda native: self.pull(native) or None, write)

    def _knows(self, native: float) -> bool:
        return native in self.values or native in self.also


def half_up(value: int, by: int) -> int:
    """`value / by` rounded, half up, without floats."""
    return (2 * value + by) // (2 * by)


def _steps(size: int, most: int) -> Callable[[int], int]:
    return lambda score: min(max(half_up(score, size), 1), most)


def _limits(*limits: int) -> Callable[[int], int]:
    """Which of the ranges that begin at these scores it is in: 1 below the first."""
    return lambda score: 1 + sum(score >= limit for limit in limits)


def _decimal_up(native: float) -> int:
    return int(Decimal(str(native)) * 10)


def _smiley(score: int) -> int:
    return _KITSU_SIMPLE[_limits(25, 55, 85)(score) - 1]


_TENTHS = tuple(tenth / 10 for tenth in range(1, 101))
_TEN = tuple(range(1, 11))
_KITSU_SIMPLE = (2, 8, 14, 20)
_KITSU_TWENTY = tuple(range(2, 21))

# The steps are those of two-way clients that many people use, so that a score means the same here and there.
POINT_100 = Scale("AniList, 100 points", tuple(range(1, 101)), 0, int, lambda score: score)
POINT_10_DECIMAL = Scale("AniList, 10 points with decimals", _TENTHS, 0, _decimal_up, lambda score: score / 10)
POINT_10 = Scale("AniList, 10 points", _TEN, 0, lambda native: 10 * int(native), _steps(10, 10))
POINT_5 = Scale("AniList, 5 stars", (1, 2, 3, 4, 5), 0, lambda native: 20 * int(native) - 10, _limits(20, 40, 60, 80))
POINT_3 = Scale("AniList, 3 smileys", (1, 2, 3), 0, lambda native: 10 + 25 * int(native), _limits(48, 73))
MYANIMELIST = Scale("MyAnimeList", _TEN, 0, lambda native: 10 * int(native), _steps(10, 10))
KITSU_ADVANCED = Scale(
    "Kitsu", _KITSU_TWENTY, None, lambda native: 5 * int(native), lambda score: max(half_up(score, 5), 2)
)
"""`ratingTwenty`: 2 to 20; the service refuses 0 and 1."""
KITSU_REGULAR = Scale(
    "Kitsu, half stars",
    _KITSU_TWENTY[::2],
    None,
    lambda native: 5 * int(native),
    lambda score: 2 * _steps(10, 10)(score),
    frozenset(_KITSU_TWENTY),
)
KITSU_SIMPLE = Scale(
    "Kitsu, smileys", _KITSU_SIMPLE, None, lambda native: 5 * int(native), _smiley, frozenset(_KITSU_TWENTY)
)

SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        "point_100": POINT_100,
        "point_10_decimal": POINT_10_DECIMAL,
        "point_10": POINT_10,
        "point_5": POINT_5,
        "point_3": POINT_3,
        "myanimelist": MYANIMELIST,
        "kitsu_advanced": KITSU_ADVANCED,
        "kitsu_regular": KITSU_REGULAR,
        "kitsu_simple": KITSU_SIMPLE,
    }
)
