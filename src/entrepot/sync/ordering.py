"""What refers to another record comes after it: read before that one is known, it would refer to nothing."""

from collections.abc import Sequence
from typing import NamedTuple

from entrepot.storage import incoming
from entrepot.storage.pairs import Pair
from entrepot.storage.transaction import Reading
from entrepot.sync.deciding import Decision
from entrepot.sync.scene import Scene


class Order(NamedTuple):
    """`then`: after `now`, in the same batch; `later`: in another round, since the other record is in a later batch."""

    now: Sequence[Decision]
    then: Sequence[Pair]
    later: Sequence[Pair]


def ordered(tx: Reading, scene: Scene, decisions: Sequence[Decision]) -> Order:
    wanted = {id(each): name for each in decisions if (name := each.references.unknown(each.raw)) is not None}
    if not wanted:
        return Order(decisions, (), ())
    here = {each.pair.arrival[1].object_id for each in decisions if each.pair.arrival is not None}
    staged = _staged(tx, scene, [name for name in wanted.values() if name not in here])
    later = [each.pair for each in decisions if staged.get(wanted.get(id(each), ""), 0) > _number(each.pair)]
    then = [each.pair for each in decisions if wanted.get(id(each)) in here]
    apart = {id(pair) for pair in (*later, *then)}
    now = [each for each in decisions if id(each.pair) not in apart]
    if then and not now:  # they stand below each other
        return Order([each for each in decisions if wanted[id(each)] in here], (), later)
    return Order(now, then, later)


def _staged(tx: Reading, scene: Scene, names: Sequence[str]) -> dict[str, int]:
    """The places of those that wait to be taken in."""
    homes = {attachment.remote_id for attachment in scene.attachments}
    found = incoming.of(tx, scene.stream.key, names) if names else {}
    return {
        name: number
        for name, (number, told) in found.items()
        if told.data is not None and ("" in homes or told.collection in homes)
    }


def _number(pair: Pair) -> int:
    return pair.arrival[0] if pair.arrival is not None else 0
