"""One stream, or one collection of it: pages are fetched ahead while earlier ones are being applied."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

import msgspec
from msgspec.structs import replace

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.core.errors import SafetyStop, Stale
from entrepot.core.report import Counts, Progress, Status, Watch
from entrepot.jobs.runs import Held
from entrepot.sdk.connector import Confirming, Knowing, Reader, Stream
from entrepot.storage import linking, listing, streams
from entrepot.storage.apply import Feed, apply_page, begin_listing
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.integrations import Integration
from entrepot.storage.runs import Want
from entrepot.storage.streams import Position
from entrepot.storage.transaction import Writing
from entrepot.sync.steps import Steps

MOST_CONFIRMED = 1_000
AHEAD = 32
"""Pages held in memory between the network and the database."""
RECORDS = 2_000
"""The most that pages which came meanwhile are joined to, for one transaction."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """An integration with its connector, ready to be read, and where it is read to.

    `confirmed`: a person has looked at what the brake stopped, and wants it. With `steps` nothing is sent: what would
    be is put there, and the database is one in which nothing is kept.
    """

    database: Database
    blobs: Blobs
    held: Held
    workspace_id: int
    integration: Integration
    reader: Reader
    streams: Sequence[Stream]
    full: bool = False
    confirmed: bool = False
    watch: Watch | None = None
    steps: Steps | None = None


class Part(msgspec.Struct, frozen=True):
    """A stream with its row; `collection` is the remote collection read by itself, or ""."""

    stream: Stream
    row: streams.Stream
    collection: str

    @property
    def name(self) -> str:
        return f"{self.stream.name}/{self.collection}" if self.collection else self.stream.name


class Wanted(Exception):
    """Not an error: a person asked the run to pause or to end."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status: Status = status


async def read_part(job: Job, part: Part) -> None:
    """Everything new in this part. A listing that the brake stopped is begun again the next time."""
    try:
        await _read_on(job, part)
    except SafetyStop:
        await asyncio.to_thread(_forget_listing, job, part)
        raise


async def _read_on(job: Job, part: Part) -> None:
    """A cursor the service forgot leads to one full listing, never to two."""
    since = await asyncio.to_thread(_start, job, part, anew=False)
    try:
        await _read_since(job, part, since)
    except Stale:
        if since is None:
            raise
        await asyncio.to_thread(_start, job, part, anew=True)
        await _read_since(job, part, None)


def _start(job: Job, part: Part, *, anew: bool) -> Cursor | None:
    """Where to go on. A listing that an earlier, interrupted run began goes on where it stopped."""

    def start(tx: Writing) -> Cursor | None:
        position = streams.position(tx, part.row, part.collection)
        begun = f"begun:{part.name}"
        wanted = job.full or _is_due(part.stream, position, tx.now())
        restart = anew or (wanted and begun not in job.held.progress)
        if restart or (position.cursor is None and not position.listing):
            begin_listing(tx, _feed(job, part))
            job.held.progress[begun] = True
            return None
        return position.cursor

    return job.held.write(start)


def _forget_listing(job: Job, part: Part) -> None:
    """Going on with what it saw, it would be stopped for ever, also where the service has recovered."""

    def forget(tx: Writing) -> None:
        if streams.position(tx, part.row, part.collection).listing:
            begin_listing(tx, _feed(job, part))

    job.held.write(forget)


def _is_due(stream: Stream, position: Position, now: int) -> bool:
    """Where only a full listing shows what is gone, one is made from time to time although changes could be asked."""
    return stream.full_every is not None and now - position.listed_at > stream.full_every * 1000


async def _read_since(job: Job, part: Part, since: Cursor | None) -> None:
    if isinstance(job.reader, Knowing):
        job.reader.know(partial(_known, job, part))
    pages = job.reader.changes(part.stream.name, since, part.collection or None)
    ahead = _Ahead()
    fetching = asyncio.create_task(_fetch(pages, ahead))
    try:
        while (page := await ahead.next()) is not None:
            await _apply(job, part, page)
        await fetching
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)


async def _known(job: Job, part: Part, refs: Sequence[Ref]) -> frozenset[str]:
    def look() -> frozenset[str]:
        with job.database.read() as tx:
            return linking.known(tx, part.row.key, {ref.id: ref.version for ref in refs if ref.version})

    return await asyncio.to_thread(look)


class _Ahead:
    """Pages between the network and the database. Room is taken before a page is put, so the end never waits.

    What has come meanwhile is handed on as one page: a transaction for every hundred records would cost more than
    the records.
    """

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(AHEAD)
        self._queue: deque[Page] = deque()
        self._came = asyncio.Event()
        self._ended = False

    def put(self, page: Page | None) -> None:
        if page is None:
            self._ended = True
        else:
            self._queue.append(page)
        self._came.set()

    async def next(self) -> Page | None:
        while not self._queue and not self._ended:
            self._came.clear()
            await self._came.wait()
        if not self._queue:
            return None
        pages = [self._take()]
        records = len(pages[0].changes)
        while self._queue and self._queue[0].listing == pages[0].listing:
            records += len(self._queue[0].changes)
            if records > RECORDS:
                break
            pages.append(self._take())
        return _joined(pages)

    def _take(self) -> Page:
        self.room.release()
        return self._queue.popleft()


def _joined(pages: Sequence[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    return replace(
        pages[-1],
        changes=[change for page in pages for change in page.changes],
        bad=[bad for page in pages for bad in page.bad],
    )


async def _fetch(pages: AsyncIterator[Page], ahead: _Ahead) -> None:
    try:
        async with aclosing(pages) as source:  # pyright: ignore[reportArgumentType]  # readers are async generators
            async for page in source:
                await ahead.room.acquire()
                ahead.put(page)
    finally:
        ahead.put(None)


async def _apply(job: Job, part: Part, page: Page) -> None:
    if page.last and page.listing and part.stream.deletions == "absence":
        page = await _confirmed(job, part, page)
    want: Want = await asyncio.to_thread(_apply_now, job, part, page)
    if job.watch:
        counts = job.held.counts.get(part.stream.name, Counts())
        job.watch(Progress(job.integration.connector, part.stream.name, counts, page.total))
    obey(want)


def obey(want: Want) -> None:
    """Raises `Wanted` where the run is to go no further."""
    if want == "pause":
        raise Wanted("paused")
    if want == "cancel":
        raise Wanted("cancelled")


async def _confirmed(job: Job, part: Part, page: Page) -> Page:
    """The last page with what the service says of records the listing did not show: moved out of sight, or gone.

    Raises SafetyStop where they are too many to ask about each.
    """
    if not isinstance(job.reader, Confirming):
        return page
    missing = await asyncio.to_thread(_missing, job, part, page)
    answers = [await _ask(job, part, one) for one in missing[:1]]
    if answers in ([], [None]):
        return page
    if len(missing) > MOST_CONFIRMED:
        return _unconfirmed(job, part, page, len(missing))
    answers += await asyncio.gather(*(_ask(job, part, one) for one in missing[1:]))
    changes = [answer for answer in answers if isinstance(answer, Change)]
    bad = [answer for answer in answers if isinstance(answer, BadRow)]
    return replace(page, changes=[*page.changes, *changes], bad=[*page.bad, *bad])


async def _ask(job: Job, part: Part, missing: str) -> Change | BadRow | None:
    assert isinstance(job.reader, Confirming)
    return await job.reader.confirm(part.stream.name, Ref(missing), part.collection or None)


def _unconfirmed(job: Job, part: Part, page: Page, missing: int) -> Page:
    if job.confirmed:
        return page
    raise SafetyStop(
        f"{missing} {part.stream.name} are not shown any more, too many to ask {job.integration.name} about each."
        " Nothing was deleted."
    )


def _missing(job: Job, part: Part, page: Page) -> list[str]:
    with job.database.read() as tx:
        return listing.unseen(tx, _feed(job, part), page)


def _apply_now(job: Job, part: Part, page: Page) -> Want:
    job.blobs.keep(file for change in page.changes for file in change.files)

    def work(tx: Writing) -> Counts:
        return apply_page(tx, _feed(job, part), page)

    return job.held.page(part.stream.name, work, job.held.progress)


def _feed(job: Job, part: Part) -> Feed:
    return Feed(
        stream=part.row,
        run=job.held.run.key,
        origin="live",
        collection=part.collection,
        sweeps=part.stream.deletions != "never",
        confirmed=job.confirmed,
    )
