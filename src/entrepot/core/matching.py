"""Which record of the hub a remote one is, where both sides had it before they were linked: no second item is made.

By UID, then by what the world calls it, then by being equal, then by being alike enough. Each hub record is matched
once; what could as well be another is not matched, and told.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

from entrepot.core.fields import Fields
from entrepot.core.kind import Kind
from entrepot.core.matching_index import Rows, Table
from entrepot.core.matching_traits import Traiter, Traits

By = Literal["uid", "identifier", "fingerprint"]
Id = TypeVar("Id")

THRESHOLD = 0.8
"""What is less alike is two records: missing a pair costs a duplicate that anybody sees, a wrong pair costs one of two
records. So one serious difference (another due date, another name at the same address) is too much, and several small
ones (an edited description, another time zone for the same moment) are not."""

MARGIN = 0.05
"""Of two that differ by less nobody can say which it is: a place or a tag alone shall not decide."""

MOST_ALIKE = 50
"""So many records with the same title say that the title says nothing; comparing each with each would take for ever."""

_ROUNDS = 10


class Found(msgspec.Struct, frozen=True):
    """`key` is the hub's, `score` 0 to 1."""

    key: int
    score: float
    by: By
    words: str


class Doubt(msgspec.Struct, frozen=True):
    """Each of these could be it, and none more than the others: a person has to say."""

    keys: tuple[int, ...]
    score: float
    words: str


class _Pick(NamedTuple):
    """The same before it is taken: `row` is the row of the hub's record."""

    row: int
    score: float
    by: By
    words: str


class _Suitor(NamedTuple, Generic[Id]):
    """A remote record that wants a hub record."""

    pick: _Pick
    name: Id
    traits: Traits


class Matcher:
    """Fed with the unlinked records of one kind and one collection of the hub, then asked for the remote ones.

    `told` are the fields that the service can tell; without it, all are compared. Keeps digests, no records: about
    half a kilobyte for each.
    """

    def __init__(self, kind: str, told: frozenset[str] | None = None) -> None:
        self._traiter = Traiter(kind, told)
        self._rows = Rows(len(self._traiter.marks))
        self._uids, self._names, self._wholes, self._claims = (Table(self._rows) for _ in range(4))

    def add(self, key: int, record: Fields | Kind) -> None:
        traits = self._traiter.of(record)
        row = self._rows.add(key, traits)
        if traits.uid:
            self._uids.add(traits.uid, row)
        for _, digest in traits.names:
            self._names.add(digest, row)
        self._wholes.add(traits.whole, row)
        for _, _, digest in traits.claims:
            self._claims.add(digest, row)

    def ask(self, record: Fields | Kind) -> Found | Doubt | None:
        """For one record at a time. Where many are there at once, `pairs` knows better: there, likeness takes only
        what no name claims.
        """
        traits = self._traiter.of(record)
        found = self._named(traits) or self._equal(traits) or self._alike(traits)
        return self._given(found) if found else None

    def pairs(self, records: Iterable[tuple[Id, Fields | Kind]]) -> Iterator[tuple[Id, Found | Doubt]]:
        """All remote records, each with its pair or the doubt about it, in no special order; what is new is left out.

        Reads the records once and keeps digests of those that no name finds.
        """
        rest: list[tuple[Id, Traits]] = []
        for name, record in records:
            traits = self._traiter.of(record)
            if found := self._named(traits):
                yield name, self._given(found)
            else:
                rest.append((name, traits))
        unequal: list[tuple[Id, Traits]] = []
        for name, traits in rest:
            if found := self._equal(traits):
                yield name, self._given(found)
            else:
                unequal.append((name, traits))
        yield from self._settle(unequal)

    def unmatched(self) -> Iterator[int]:
        """The hub's records that no remote one was found for, in the order they came."""
        return self._rows.free_keys()

    def _given(self, found: _Pick | Doubt) -> Found | Doubt:
        """The answer, after which its record is out of play, or stands in a doubt."""
        if isinstance(found, Doubt):
            self._rows.doubt(set(found.keys))
            return found
        self._rows.closed[found.row] = 1
        return Found(self._rows.keys[found.row], found.score, found.by, found.words)

    def _named(self, traits: Traits) -> _Pick | Doubt | None:
        if traits.uid and (row := next(self._uids.free(traits.uid), None)) is not None:
            return _Pick(row, 1.0, "uid", "has the same UID")
        if not traits.names:
            return None
        best: list[int] = []
        score = (0, 0)
        named = (islice(self._names.free(digest), MOST_ALIKE) for _, digest in traits.names)
        for row in dict.fromkeys(chain.from_iterable(named)):
            same, other = self._rows.compare_names(row, traits.names)
            if (same, -other) > score:
                best, score = [row], (same, -other)
            elif (same, -other) == score:
                best.append(row)
        return self._by_name(traits, best, score)

    def _by_name(self, traits: Traits, best: list[int], score: tuple[int, int]) -> _Pick | Doubt | None:
        if not best:
            return None
        row = best[0]
        if any(self._rows.names[each] != self._rows.names[row] for each in best):
            return Doubt(self._keys(best), 1.0, f"{len(best)} records are called that")
        there = {name for name, digest in traits.names if (name, digest) in self._rows.names[row]}
        words = f"has the same {', '.join(sorted(there))}" + (", another name elsewhere" if score[1] else "")
        return _Pick(row, 0.9 if score[1] else 1.0, "identifier", words)

    def _equal(self, traits: Traits) -> _Pick | None:
        for row in self._wholes.free(traits.whole):
            if not self._rows.compare_names(row, traits.names)[1]:
                return _Pick(row, 1.0, "fingerprint", "is equal in every field")
        return None

    def _alike(self, traits: Traits) -> _Pick | Doubt | None:
        worth: dict[int, tuple[float, str]] = {}
        for score, words, digest in traits.claims:
            rows = list(islice(self._claims.free(digest), MOST_ALIKE + 1))
            if len(rows) > MOST_ALIKE:
                return Doubt(self._keys(rows), score, f"more than {MOST_ALIKE} records have the same {words}")
            for row in rows:
                if worth.get(row, (0.0,))[0] < score:
                    worth[row] = (score, words)
        scored = [(round(score - self._against(row, traits), 2), row, words) for row, (score, words) in worth.items()]
        likely = sorted((each for each in scored if each[0] >= THRESHOLD), key=lambda each: -each[0])
        if not likely:
            return None
        score, row, words = likely[0]
        rivals = [other for other_score, other, _ in likely if score - other_score < MARGIN]
        if any(self._rows.wholes[other] != self._rows.wholes[row] for other in rivals):
            return Doubt(self._keys(rivals), score, f"{len(rivals)} records have the same {words}")
        return _Pick(row, score, "fingerprint", self._said(words, row, traits))

    def _against(self, row: int, traits: Traits) -> float:
        if self._rows.compare_names(row, traits.names)[1]:
            return 1.0
        less = 0.0
        for mark, here, there in zip(self._traiter.marks, self._rows.marks_of(row), traits.marks, strict=True):
            if here != there:
                less += mark.differs if here and there else mark.lacks
        return less

    def _said(self, words: str, row: int, traits: Traits) -> str:
        pairs = zip(self._traiter.marks, self._rows.marks_of(row), traits.marks, strict=True)
        other = sorted({mark.field.replace("_", " ") for mark, here, there in pairs if here != there})
        return f"has the same {words}" + (f"; differs in {', '.join(other)}" if other else "")

    def _settle(self, rest: list[tuple[Id, Traits]]) -> Iterator[tuple[Id, Found | Doubt]]:
        """Likeness, from both sides: what two remote records are as like to is neither's.

        What one takes may settle what another was in doubt about, so the rest is asked again.
        """
        for _ in range(_ROUNDS):
            wanted, doubts = self._wishes(rest)
            if not wanted:
                yield from ((name, self._given(doubt)) for name, _, doubt in doubts)
                return
            rest = [(name, traits) for name, traits, _ in doubts]
            for suitors in wanted:
                yield from self._choose(suitors, rest)
        for name, traits in rest:
            if found := self._alike(traits):
                yield name, self._given(found)

    def _wishes(self, rest: list[tuple[Id, Traits]]) -> tuple[list[list[_Suitor[Id]]], list[tuple[Id, Traits, Doubt]]]:
        """Those who want the same hub record together, the likest first; and those who cannot decide."""
        wanted: dict[int, list[_Suitor[Id]]] = {}
        doubts: list[tuple[Id, Traits, Doubt]] = []
        for name, traits in rest:
            match self._alike(traits):
                case _Pick() as pick:
                    wanted.setdefault(pick.row, []).append(_Suitor(pick, name, traits))
                case Doubt() as doubt:
                    doubts.append((name, traits, doubt))
                case None:
                    pass
        return [sorted(suitors, key=lambda each: -each.pick.score) for suitors in wanted.values()], doubts

    def _choose(self, suitors: list[_Suitor[Id]], rest: list[tuple[Id, Traits]]) -> Iterator[tuple[Id, Found | Doubt]]:
        """The best of those who want one hub record; the others go to the `rest`."""
        first = suitors[0]
        if len(suitors) == 1:
            yield first.name, self._given(first.pick)
            return
        rivals = [each for each in suitors if first.pick.score - each.pick.score < MARGIN]
        if all(each.traits.whole == first.traits.whole for each in rivals):
            yield from self._pair_off(suitors, rest)
            return
        rest += [(each.name, each.traits) for each in suitors[len(rivals) :]]
        self._rows.closed[first.pick.row] = 1
        for each in rivals:
            words = f"{len(rivals)} records of the other side are as like"
            yield each.name, Doubt(self._keys([first.pick.row]), each.pick.score, words)

    def _pair_off(
        self, suitors: list[_Suitor[Id]], rest: list[tuple[Id, Traits]]
    ) -> Iterator[tuple[Id, Found | Doubt]]:
        """Equal ones with equal ones, one by one in order."""
        whole = self._rows.wholes[suitors[0].pick.row]
        for name, traits in [(each.name, each.traits) for each in suitors]:
            pick = self._alike(traits)
            if isinstance(pick, _Pick) and self._rows.wholes[pick.row] == whole:
                yield name, self._given(pick)
            else:
                rest.append((name, traits))

    def _keys(self, rows: Iterable[int]) -> tuple[int, ...]:
        return tuple([self._rows.keys[row] for row in rows])
