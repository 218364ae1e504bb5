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
from entrepot.sync.outgoing import Outgoing, object_of

TOGETHER = 8
"""Writes under way at once; how many a service lets through is the budget's to say."""


class Sent(msgspec.Struct):
    """What became of each. `unknown` may have been carried out or not; what is neither here nor there is for later."""

    written: list[tuple[Outgoing, Change]] = []
    refused: list[tuple[Outgoing, RecordRefused]] = []
    stale: list[Outgoing] = []
    unknown: list[EntrepotError] = []


async def send(writer: Writer, outgoing: Sequence[Outgoing]) -> Sent:
    """Raises nothing but bugs."""
    sent = Sent()
    for one, outcome in zip(outgoing, await _outcomes(writer, outgoing), strict=True):
        match outcome:
            case Change():
                sent.written.append((one, outcome))
            case RecordRefused():
                sent.refused.append((one, outcome))
            case Stale():
                sent.stale.append(one)
            case EntrepotError():
                sent.unknown.append(outcome)
    return sent


async def look_again(writer: Writer, attachment: Attachment, object_id: str) -> Change | BadRow | None:
    """The record as it is now; None where there is no way to ask, or it is none of this stream's any more."""
    if not isinstance(writer, Confirming):
        return None
    return await writer.confirm(attachment.stream_name, Ref(object_id), attachment.remote_id or None)


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


async def _outcomes(writer: Writer, outgoing: Sequence[Outgoing]) -> Sequence[Change | EntrepotError]:
    writes = [write_of(one) for one in outgoing]
    if isinstance(writer, Batching):
        chunks = [writes[start : start + writer.most] for start in range(0, len(writes), writer.most)]
        return [outcome for chunk in chunks for outcome in await _batch(writer, chunk)]
    room = asyncio.Semaphore(TOGETHER)
    stop: list[EntrepotError] = []
    return await asyncio.gather(*(_one(writer, write, room, stop) for write in writes))


async def _batch(writer: Batching, writes: Sequence[Write]) -> Sequence[Change | EntrepotError]:
    try:
        return await writer.write_all(writes)
    except EntrepotError as error:
        return [error] * len(writes)


async def _one(
    writer: Writer, write: Write, room: asyncio.Semaphore, stop: list[EntrepotError]
) -> Change | EntrepotError:
    """Once the service is down or permission is gone, what has not been sent yet is not."""
    async with room:
        if stop:
            return stop[0]
        try:
            return await writer.write(write)
        except (RecordRefused, Stale) as error:
            return error
        except EntrepotError as error:
            stop.append(error)
            return error
