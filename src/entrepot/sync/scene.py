"""What one stream's plans are made from in a run: its attachments, their terms, and the pairs that wait."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from entrepot.core.plan_sides import Terms
from entrepot.sdk.writer import Writer, Writing
from entrepot.storage import attachments, incoming, mappings, pairs
from entrepot.storage.attachments import Attachment
from entrepot.storage.item_changes import Origin
from entrepot.storage.pairs import Pair
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading
from entrepot.sync.part import Job
from entrepot.sync.terms import causes, terms_of

BATCH = 200

Load = Callable[[Reading, int], tuple[list[Pair], int]]
"""The next pairs behind a key, and the key to go on from; 0 where there are no more."""


class Scene(msgspec.Struct, frozen=True):
    """One stream of a run, with its attachments and the terms of each by its key."""

    job: Job
    stream: Stream
    attachments: Sequence[Attachment]
    terms: Mapping[int, Terms]
    writing: Writing | None
    told: frozenset[str] | None

    @property
    def origin(self) -> Origin:
        job, stream = self.job, self.stream
        return Origin(
            workspace_id=job.workspace_id,
            integration=job.integration.key,
            platform=stream.platform,
            stream=stream.key,
            run=job.held.run.key,
        )


def scene_of(job: Job, stream: Stream) -> Scene | None:
    with job.database.read() as tx:
        found = attachments.of_stream(tx, stream.key)
    if not found:
        return None
    writing = job.reader.writing(stream.name) if isinstance(job.reader, Writer) else None
    told = next(one.told for one in job.streams if one.name == stream.name)
    return Scene(job, stream, found, {one.key: terms_of(one, writing, told) for one in found}, writing, told)


def under(tx: Reading, scene: Scene, attachment: Attachment) -> dict[str, str]:
    mapped_at = mappings.find(tx, scene.stream.key).changed_at
    return causes(scene.terms[attachment.key], attachment, mapped_at, scene.job.integration.permitted_at)


def waves(scene: Scene) -> Sequence[Sequence[Attachment]]:
    """Attachments of one collection one after the other: what the first brings may be what the next has already."""
    found: list[list[Attachment]] = []
    before: Counter[int] = Counter()
    for one in scene.attachments:
        nth = before[one.collection]
        before[one.collection] += 1
        if nth == len(found):
            found.append([])
        found[nth].append(one)
    return found


def arrivals(scene: Scene, at: Sequence[Attachment] | None = None) -> Load:
    """What the service said, of records at these attachments only."""
    keys = {one.key for one in (scene.attachments if at is None else at)}

    def load(tx: Reading, after: int) -> tuple[list[Pair], int]:
        numbers = [number for number, _ in incoming.after(tx, scene.stream.key, after, BATCH)]
        found = pairs.arrived(tx, scene.stream.kind, scene.attachments, after, BATCH)
        return [pair for pair in found if pair.attachment.key in keys], numbers[-1] if numbers else 0

    return load


def dues(attachment: Attachment) -> Load:
    def load(tx: Reading, after: int) -> tuple[list[Pair], int]:
        found = pairs.due(tx, attachment, after, BATCH)
        return found, max((pair.due.key for pair in found if pair.due), default=0)

    return load
