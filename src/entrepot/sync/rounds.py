"""One round over all that waits: batch by batch planned, carried out in the hub, sent, and the outcome kept."""

import asyncio
from collections.abc import Callable, Sequence

from entrepot.core.change import BadRow, Change
from entrepot.core.errors import EntrepotError
from entrepot.core.report import Counts, Progress
from entrepot.sdk.writer import Writer
from entrepot.storage import incoming, intents, pending
from entrepot.storage.attachments import Attachment
from entrepot.storage.pairs import Pair
from entrepot.storage.transaction import Writing as Tx
from entrepot.sync import adopting, settling
from entrepot.sync.deciding import Decision, decide, unwritten
from entrepot.sync.effects import carry_out
from entrepot.sync.ordering import ordered
from entrepot.sync.outgoing import Outgoing, verb_of
from entrepot.sync.part import obey
from entrepot.sync.scene import Load, Scene, arrivals, dues, waves
from entrepot.sync.sending import Sent, look_again, send
from entrepot.sync.terms import can


async def round_of(scene: Scene) -> bool:
    """Whether another round has something to do. What is down or forbidden ends it, after what was answered is kept."""
    again = False
    for wave in waves(scene):
        matched = await asyncio.to_thread(_matches, scene, wave)
        again |= await _batches(scene, arrivals(scene, wave), matched)
    for attachment in scene.attachments:
        again |= await _batches(scene, dues(attachment), {})
    return again


def _matches(scene: Scene, wave: Sequence[Attachment]) -> dict[str, int]:
    with scene.job.database.read() as tx:
        return adopting.matches(tx, wave, scene.told)


async def _batches(scene: Scene, load: Load, matched: dict[str, int]) -> bool:
    after, again = 0, False
    while True:
        outgoing, after, waits = await asyncio.to_thread(_carry_out, scene, load, after, matched)
        again |= waits
        if outgoing and scene.job.steps is None:
            again |= await _send(scene, outgoing)
        if not after:
            return again


def _carry_out(scene: Scene, load: Load, after: int, matched: dict[str, int]) -> tuple[Sequence[Outgoing], int, bool]:
    """One batch, in one transaction: what is to be sent, where to go on (0: nowhere), and whether something waits."""
    outgoing: list[Outgoing] = []
    ends: list[int] = []
    waits: list[Pair] = []

    def work(tx: Tx) -> Counts:
        found, end = load(tx, after)
        ends.append(end)
        left: Sequence[Pair] = adopting.adopt(tx, found, matched)
        counts = Counts()
        while left:
            now, left, later = ordered(tx, scene, decide(tx, left, scene.terms))
            waits.extend(later)
            ready = [each for decision in now if (each := _readied(tx, scene, decision, waits)) is not None]
            if scene.job.steps is not None:
                scene.job.steps.add(ready)
            done = carry_out(tx, scene.origin, ready)
            outgoing.extend(done.outgoing)
            counts.add(done.counts)
        return counts

    _keep(scene, work)
    return outgoing, ends[-1], bool(waits)


def _readied(tx: Tx, scene: Scene, decision: Decision, waits: list[Pair]) -> Decision | None:
    """Not while an earlier write of it is in doubt, or before its parent; without the write where none is offered."""
    verb = verb_of(decision)
    if verb is None:
        return decision
    pair = decision.pair
    key = pair.attachment.key
    if pair.item is not None and intents.is_open(tx, key, pair.item.key):
        return None
    if not can(scene.writing, verb):
        if pair.item is not None:
            reason = f"{scene.job.integration.name} offers no way to {verb} this."
            pending.set_aside(tx, key, pair.item.key, reason)
        return unwritten(decision) if verb == "update" and pair.arrival is not None else None
    if verb != "delete" and decision.references.waits(tx, key, _public(pair), decision.plan.remote):
        waits.append(pair)
        return None
    return decision


def _public(pair: Pair) -> str:
    return pair.item.public_id if pair.item is not None else ""


async def _send(scene: Scene, outgoing: Sequence[Outgoing]) -> bool:
    """Sends and keeps what became of it. Whether something has to be looked at again."""
    job = scene.job
    assert isinstance(job.reader, Writer)  # nothing is recorded for one that only reads
    # A power cut must not take the intents and leave what they made.
    await asyncio.to_thread(job.held.renew, durable=True)
    sent = await send(job.reader, outgoing)
    await asyncio.to_thread(_keep_sent, scene, sent)
    for one in sent.stale:
        await _read_again(scene, one)
    if sent.unknown:
        raise sent.unknown[0]
    return bool(sent.stale) or bool(sent.written)


def _keep_sent(scene: Scene, sent: Sent) -> None:
    def work(tx: Tx) -> Counts:
        settling.keep_written(tx, scene.origin, scene.stream, sent.written)
        settling.keep_refused(tx, scene.origin, scene.stream, sent.refused)
        intents.settled(tx, [one.op for one in sent.unsent])
        return Counts(sent=len(sent.written), refused=len(sent.refused))

    _keep(scene, work)


def _keep(scene: Scene, work: Callable[[Tx], Counts]) -> None:
    """One transaction on the run's behalf, its counts told; `Wanted` where the run is to go no further."""
    job, name = scene.job, scene.stream.name
    want = job.held.page(name, work, job.held.progress)
    if job.watch:
        job.watch(Progress(job.integration.connector, name, job.held.counts.get(name, Counts())))
    obey(want)


async def _read_again(scene: Scene, one: Outgoing) -> None:
    """It changed underneath: what it is now is planned anew. A create that met one is looked up as one in doubt."""
    if one.verb == "create":
        return
    assert isinstance(scene.job.reader, Writer)
    attachment = one.decision.pair.attachment
    object_id = one.decision.pair.link.object_id if one.decision.pair.link else ""
    try:
        found = await look_again(scene.job.reader, attachment, object_id)
    except EntrepotError:
        return  # the intent stays, and is looked up by the next run
    await asyncio.to_thread(_keep_read, scene, one, found)


def _keep_read(scene: Scene, one: Outgoing, found: Change | BadRow | None) -> None:
    def work(tx: Tx) -> None:
        if found is not None and not isinstance(found, BadRow):
            incoming.stage(tx, scene.stream, [settling.arrival_of(one.decision, found)])
        intents.settled(tx, [one.op])

    scene.job.held.write(work)
