"""One request of a stream with its way of asking for changes: what to send from a position, and what comes after."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
from msgspec.structs import replace

from entrepot.core.errors import ServiceChanged, Stale
from entrepot.core.path import getter
from entrepot.declarative.fill import Words, fill
from entrepot.declarative.position import Mark, Position, beginning, floor_of, time_of, written
from entrepot.declarative.records import Batch, Record, TimeOf
from entrepot.declarative.request import Asking
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_streams import Read, Since
from entrepot.transport.dig import dig
from entrepot.transport.message import Request
from entrepot.transport.paging import Answer

_GONE_TOKEN = {410: "Stale"}
_GONE_PAGE = dict.fromkeys((400, 404, 410, 422), "Stale")
"""What services answer to a page's cursor that has died since an earlier run kept it."""


class Step(msgspec.Struct, frozen=True):
    """The position after a page; `ended` says that the part is read, `again` that another request begins."""

    position: Position
    ended: bool = False
    again: bool = False


class Part:
    """Built once for a stream. Whoever reads asks `request`, and hands each page to `step`."""

    def __init__(self, read: Read, manifest: Manifest, folder: Path) -> None:
        self.since = read.since or _NEVER
        self.gone = read.gone
        self.listing = read.listing
        self._token = self.since.token or self.since.link
        self._full = Asking(read, manifest, folder, finds=[path for path in (self._token, self.since.full) if path])
        self._changes = Asking(self.since.ask, manifest, folder) if self.since.ask else self._full
        self.times: TimeOf | None = _times(self.since) if self.since.field else None
        self.needs = self._full.needs | self._changes.needs

    def lacks_token(self, position: Position) -> bool:
        """What was deleted since could not be told: the service would show everything, and nothing of what is gone."""
        return self.since.token is not None and not self.listing and not position.full and not position.mark.is_set

    def begin(self, position: Position, now: datetime) -> Position:
        """Notes when the part began to be read; by windows it begins with the newest, which ends now."""
        if self.since.field is None or position.began is not None:
            return position
        return replace(position, until=now if self.since.window else None, began=now)

    def asking(self, position: Position) -> Asking:
        return self._changes if position.mark.is_set else self._full

    def floor(self, position: Position) -> datetime | None:
        """Below this time everything is known, where records come newest first."""
        return floor_of(self.since, position.mark) if self.since.newest_first else None

    def request(self, position: Position, words: Words) -> Request:
        since, mark = self.since, position.mark
        if since.link and mark.token:
            asked = self._full.request(words)
            return replace(asked, url=mark.token, params={}, errors=_GONE_PAGE)
        params: dict[str, Any] = {}
        floor = self._from(position)
        if since.window is not None and since.send and since.until and position.until:
            params[since.send] = written(self._lower(position, words), since.form)
            params[since.until] = written(position.until, since.form)
        elif since.send and mark.token:
            params[since.send] = mark.token
        elif since.send and floor:
            params[since.send] = written(floor, since.form)
        if floor:
            words = {**words, "since": written(floor, since.form)}
        gone = _GONE_PAGE if isinstance(position.at, str) else _GONE_TOKEN if mark.token else {}
        return replace(self.asking(position).request(words, params), errors=gone)

    def step(self, position: Position, answer: Answer, batch: Batch, words: Words) -> Step:
        """What follows a page."""
        if self.since.full and position.mark.is_set and dig(answer.data, self.since.full):
            raise Stale("The service does not know any more how far it was read; it is read from the beginning.")
        high = max(filter(None, (position.high, batch.latest)), default=None)
        here = replace(position, at=answer.next, high=high, count=position.count + batch.seen)
        if answer.next is not None and not batch.passed:
            return self._next_search(here) if self.since.cap and position.mark.is_set else Step(here)
        if self.since.window is not None:
            return self._next_window(here, words)
        return Step(here.next_part(self._mark(here, answer)), ended=True)

    def _from(self, position: Position) -> datetime | None:
        """From when on changes are asked for: in the middle of a search, from the last record exactly."""
        return position.mark.at if position.capped else floor_of(self.since, position.mark)

    def _mark(self, position: Position, answer: Answer) -> Mark:
        if self._token:
            token = dig(answer.data, self._token)
            if not isinstance(token, str) or not token:
                return Mark()
            return Mark(token=urljoin(answer.response.url, token) if self.since.link else token)
        known = [at for at in (position.high, position.mark.at) if at and self.since.field]
        # A record of the first page may have changed again before the last page showed one that is newer still.
        return Mark(at=min(max(known), position.began or max(known))) if known else Mark()

    def _next_search(self, position: Position) -> Step:
        """The rest is asked for from the last one's time on.

        By page, a record that changes again would move to the end, and the one after it out of sight. Only where a
        whole page is of one moment is the next one asked for.
        """
        form, begun, high = self.since.form, self._from(position), position.high
        assert begun is not None
        if high is not None and high > begun and written(high, form) != written(begun, form):
            marks = position.next_part(Mark(at=high)).marks
            return Step(replace(position, marks=marks, at=None, count=0, capped=True), again=True)
        if self.since.cap and position.count >= self.since.cap:
            raise ServiceChanged(
                f"More than {self.since.cap:,} records changed at one moment; the rest cannot be read."
            )
        return Step(position)

    def _start(self, position: Position, words: Words) -> datetime:
        return floor_of(self.since, position.mark) or beginning(str(fill(self.since.start, words)))

    def _lower(self, position: Position, words: Words) -> datetime:
        assert self.since.window is not None
        assert position.until is not None
        return min(position.until, max(self._start(position, words), position.until - self.since.window))

    def _next_window(self, position: Position, words: Words) -> Step:
        lower = self._lower(position, words)
        if lower <= self._start(position, words):
            return Step(position.next_part(Mark(at=position.began)), ended=True)
        return Step(replace(position, until=lower), again=True)


_NEVER = Since()


def _times(since: Since) -> TimeOf:
    assert since.field
    take, form = getter(since.field), since.form

    def time(record: Record) -> datetime | None:
        value = take(record)
        return None if value is None else time_of(value, form)

    return time
