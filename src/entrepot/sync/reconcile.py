"""The second half of a sync: what was read and what waits to go out, planned, braked, and carried out on both sides.

Round by round, until nothing is left that can be done now: a write may bring more than it was sent, a record that
changed underneath is planned again, and a child waits for its parent.
"""

import asyncio
from collections.abc import Iterator

from entrepot.core.errors import EntrepotError, PersonMustFix, RecordRefused, SafetyStop, ServiceChanged
from entrepot.sdk.writer import Writer
from entrepot.storage import attachments, intents, pending
from entrepot.storage.attachments import Attachment
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading
from entrepot.storage.transaction import Writing as Tx
from entrepot.sync import brakes, recovery
from entrepot.sync.deciding import Decision, decide
from entrepot.sync.part import Job
from entrepot.sync.rounds import round_of
from entrepot.sync.scene import Scene, arrivals, dues, scene_of, under
from entrepot.sync.steps import Steps, does_something

MOST_ROUNDS = 8


async def reconcile(job: Job, stream: Stream) -> None:
    """Raises `SafetyStop` with nothing done; another error once what could be done was, and the rest waits."""
    scene = await asyncio.to_thread(scene_of, job, stream)
    if scene is None:
        return
    if job.full:
        await asyncio.to_thread(_retry, scene)
    if job.steps is not None:
        await _rehearse(scene, job.steps)
        return
    unclear = await _recover(scene)
    await asyncio.to_thread(_brake, scene)
    for _ in range(MOST_ROUNDS):
        if not await round_of(scene):
            break
    await asyncio.to_thread(_note_causes, scene)
    if unclear is not None:
        raise unclear


def _retry(scene: Scene) -> None:
    """What services refused, once more: who asks for everything means that, too."""

    def work(tx: Tx) -> None:
        for attachment in scene.attachments:
            pending.retry(tx, attachment.key)

    scene.job.held.write(work)


async def _rehearse(scene: Scene, steps: Steps) -> None:
    """One round in which nothing is sent; what a brake would say is told, and does not stop it."""
    try:
        await asyncio.to_thread(_brake, scene)
    except SafetyStop as stop:
        steps.stop = stop.message
    await round_of(scene)


async def _recover(scene: Scene) -> EntrepotError | None:
    """Before anything else is planned: what was sent before the last run ended is looked up.

    A record that this fails with stays in doubt, and the others go on; the first such failure is given back.
    """
    unclear: EntrepotError | None = None
    for attachment in scene.attachments:
        with scene.job.database.read() as tx:
            open_, now = intents.open_at(tx, attachment.key), tx.now()
        if not open_ or not isinstance(scene.job.reader, Writer):
            continue
        place = recovery.Place(scene.stream, attachment, scene.terms[attachment.key])
        for intent in open_:
            try:
                looked = await recovery.look_up(scene.job.reader, attachment, intent, now)
            except RecordRefused as why:
                await asyncio.to_thread(_set_aside, scene, intent, why)
            except (ServiceChanged, PersonMustFix) as why:
                unclear = unclear or why
            else:
                await asyncio.to_thread(_keep_looked, scene, place, looked)
    return unclear


def _set_aside(scene: Scene, intent: intents.Intent, why: RecordRefused) -> None:
    def work(tx: Tx) -> None:
        pending.set_aside(tx, intent.attachment, intent.item, why.message)
        intents.settled(tx, [intent.op])

    scene.job.held.write(work)


def _keep_looked(scene: Scene, place: recovery.Place, looked: recovery.Looked) -> None:
    scene.job.held.write(lambda tx: recovery.keep(tx, place, [looked]))


def _brake(scene: Scene) -> None:
    """First by how many there are at most, which costs next to nothing; if that is too much, by planning them."""
    if scene.job.confirmed:
        return
    with scene.job.database.read() as tx:
        for attachment in scene.attachments:
            current = under(tx, scene, attachment)
            if attachment.direction == "manual" and (waiting := _waiting(tx, scene, attachment)):
                raise SafetyStop(
                    f"{waiting} changes wait at {attachment.collection_name} and {attachment.integration_name}"
                    f" ({attachment.remote_name}). Nothing was written. Look at them, then confirm."
                )
            most = brakes.load(tx, attachment)
            if brakes.stop(attachment, most, current):
                found = brakes.exactly(most.there, _planned(tx, scene, attachment))
                if stop := brakes.stop(attachment, found, current):
                    raise stop


def _waiting(tx: Reading, scene: Scene, attachment: Attachment) -> int:
    return sum(does_something(decision) for decision in _planned(tx, scene, attachment))


def _planned(tx: Reading, scene: Scene, attachment: Attachment) -> Iterator[Decision]:
    """Each pair once: what has come in and is also to go out is with what has come in."""
    for is_arrived, load in ((True, arrivals(scene)), (False, dues(attachment))):
        after = 0
        while True:
            found, after = load(tx, after)
            if not found and not after:
                break
            mine = [
                pair for pair in found if pair.attachment.key == attachment.key and bool(pair.arrival) == is_arrived
            ]
            yield from decide(tx, mine, scene.terms)


def _note_causes(scene: Scene) -> None:
    def work(tx: Tx) -> None:
        for attachment in scene.attachments:
            current = under(tx, scene, attachment)
            if current != attachment.planned_under:
                attachments.keep_planned_under(tx, attachment.key, current)

    scene.job.held.write(work)
