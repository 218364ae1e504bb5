"""Sending what was recorded: many at a time, each with an outcome; one that fails does not keep the others back."""

import asyncio
from collections.abc import Sequence

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.errors import EntrepotError, RecordRefused, Stale
from entrepot.core.fields import record_of
from entrepot.sdk.connector import Confirming
from entrepot.sdk.writer import Batching, Write, Writer
from entrepot.storage.attachments import Attachment
from entrepot.sync.answers import believed, unreadable
from entrepot.sync.outgoing import Outgoing, object_of

TOGETHER = 8
"""Writes under way at once; how many a service lets through is the budget's to say."""


class Sent(msgspec.Struct):
    """What became of each. `unknown` may have been carried out or not; `unsent` never left, because of one that was."""

    written: list[tuple[Outgoing, Change]] = []
    refused: list[tuple[Outgoing, RecordRefused]] = []
    stale: list[Outgoing] = []
    unknown: list[EntrepotError] = []
    unsent: list[Outgoing] = []


async def send(writer: Writer, outgoing: Sequence[Outgoing]) -> Sent:
    """Raises nothing but bugs."""
    sent = Sent()
    writes = [write_of(one) for one in outgoing]
    for one, write, outcome in zip(outgoing, writes, await _outcomes(writer, writes), strict=True):
        match _believed(outcome, write, one):
            case Change() as told:
                sent.written.append((one, told))
            case RecordRefused() as why:
                sent.refused.append((one, why))
            case Stale():
                sent.stale.append(one)
            case EntrepotError() as why:
                sent.unknown.append(why)
            case None:
                sent.unsent.append(one)
    return sent


async def look_again(writer: Writer, attachment: Attachment, object_id: str) -> Change | BadRow | None:
    """The record as it is now; None where there is no way to ask, or it is none of this stream's any more."""
    if not isinstance(writer, Confirming):
        return None
    told = await writer.confirm(attachment.stream_name, Ref(object_id), attachment.remote_id or None)
    if not isinstance(told, Change):
        return told
    why = "it is another record" if told.ref.id != object_id else unreadable(told, attachment.kind)
    return told if why is None else BadRow(attachment.stream_name, object_id, why)


def write_of(one: Outgoing) -> Write:
    decision = one.decision
    attachment = decision.pair.attachment
    version = decision.pair.link.version if decision.pair.link else None
    if decision.pair.arrival is not None:
        version = decision.pair.arrival[1].version
    names = frozenset(decision.plan.remote)
    return Write(
        op=one.op,
        verb=one.verb,
        stream=attachment.stream_name,
        collection=attachment.remote_id or None,
        ref=None if one.verb == "create" else Ref(object_of(decision), version),
        data=None if one.verb == "delete" else record_of(attachment.kind, one.fields),
        fields=names,
        native=one.native,
        at=one.at,
    )


def _believed(outcome: Change | EntrepotError | None, write: Write, one: Outgoing) -> Change | EntrepotError | None:
    if not isinstance(outcome, Change):
        return outcome
    try:
        return believed(outcome, write, one.decision.pair.attachment.kind)
    except RecordRefused as why:
        return why


async def _outcomes(writer: Writer, writes: Sequence[Write]) -> Sequence[Change | EntrepotError | None]:
    """Once the service is down or permission is gone, what has not been sent yet is not: None."""
    if isinstance(writer, Batching):
        return await _batches(writer, writes)
    room = asyncio.Semaphore(TOGETHER)
    stop: list[EntrepotError] = []
    return await asyncio.gather(*(_one(writer, write, room, stop) for write in writes))


async def _batches(writer: Batching, writes: Sequence[Write]) -> Sequence[Change | EntrepotError | None]:
    outcomes: list[Change | EntrepotError | None] = []
    while len(outcomes) < len(writes):
        batch = writes[len(outcomes) : len(outcomes) + writer.most]
        try:
            found = await writer.write_all(batch)
        except EntrepotError as error:
            found = [error] * len(batch)
        outcomes += found
        if any(isinstance(one, EntrepotError) and not isinstance(one, RecordRefused | Stale) for one in found):
            outcomes += [None] * (len(writes) - len(outcomes))
    return outcomes


async def _one(
    writer: Writer, write: Write, room: asyncio.Semaphore, stop: list[EntrepotError]
) -> Change | EntrepotError | None:
    async with room:
        if stop:
            return None
        try:
            return await writer.write(write)
        except (RecordRefused, Stale) as error:
            return error
        except EntrepotError as error:
            stop.append(error)
            return error
