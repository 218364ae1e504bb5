"""Writes tasks through the sync endpoint: many commands in one request, each refused or executed by itself.

Todoist refuses no write for the version of a task, so the tasks are read just before, and again after.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from entrepot.core.change import Change, Ref
from entrepot.core.errors import EntrepotError, RecordRefused, ServiceChanged, Stale, TryLater
from entrepot.core.kinds import KINDS
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.projection import Projection
from entrepot.declarative.reader import DeclaredReader
from entrepot.sdk.context import Context
from entrepot.sdk.writer import Write, Writing
from entrepot.transport.message import Request

from .commands import repeats, to_add, to_delete, to_update
from .tasks import Tasks, Told

Json = dict[str, Any]

STREAM = "tasks"
_READ_ONLY = frozenset({"project", "position", "progress_updated", "created", "updated", "extra"})
"""The project is the collection; the rest Todoist counts and stamps, or tells beyond what a task is."""
_UNEDITED = frozenset({"updated", "position"})
"""What changes without anybody having edited the task."""
MOST = 100
"""Commands in one request."""


class Plan(msgspec.Struct, frozen=True):
    """The commands of one write; `task` is the id of what they are about, for a create the temporary one."""

    commands: Sequence[Json]
    task: str


class TodoistWriter:
    """Implements `Writer`, `Finding` and `Batching`."""

    most = MOST // 2

    def __init__(self, context: Context, lines: Mapping[str, Lines], reader: DeclaredReader) -> None:
        self._http = context.http
        self._lines = lines[STREAM]
        self._reader = reader
        self._tasks = Tasks(context.http)
        task = KINDS["task"]
        self._names = {field.name: field.encode_name for field in msgspec.structs.fields(task)}
        self._projection = Projection(self._lines.fields, task)

    def writing(self, stream: str) -> Writing | None:
        """A command that is sent again is not executed again."""
        if stream != STREAM:
            return None
        fields = self._projection.fields - _READ_ONLY
        return Writing(fields=fields, moves=True, repeatable=True, project=self._projection)

    async def write(self, write: Write) -> Change:
        (done,) = await self.write_all([write])
        if isinstance(done, EntrepotError):
            raise done
        return done

    async def write_all(self, writes: Sequence[Write]) -> Sequence[Change | EntrepotError]:
        held = await self._tasks.read(write.ref.id for write in writes if write.ref)
        known = await self._places(writes)
        planned = [await self._plan(write, held, known) for write in writes]
        plans = {index: plan for index, plan in enumerate(planned) if isinstance(plan, Plan)}
        statuses, made = await self._send([plan.commands for plan in plans.values()])
        outcomes = dict(enumerate(planned)) | {
            index: await self._outcome(writes[index], plan, statuses, made) for index, plan in plans.items()
        }
        ids = [found for found in outcomes.values() if isinstance(found, str)]
        now = await self._tasks.read(ids)
        return [await self._change(write, outcomes[index], held, now) for index, write in enumerate(writes)]

    async def find(self, write: Write) -> Change | None:
        """An open task of the same words, made since."""
        data = self._task(write, {})
        since = datetime.fromtimestamp(write.at / 1000, UTC) - timedelta(seconds=1)
        for told in await self._tasks.listed(project_id=write.collection):
            added, content = told.task.get("added_at"), told.task["content"]
            if added and datetime.fromisoformat(added) >= since and content == data.get("content"):
                return await self._reader.as_written(STREAM, told.text)
        return None

    async def _plan(
        self, write: Write, held: Mapping[str, Told], known: frozenset[str]
    ) -> Plan | Change | EntrepotError:
        try:
            if write.ref is None:
                return Plan(to_add(write.op, self._task(write, {}, known)), "")
            if write.ref.id not in held:
                return _lost(write)
            task = held[write.ref.id].task
            if write.native and self._told(msgspec.json.decode(write.native)) != self._told(task):
                return Stale("The task was changed at Todoist meanwhile.")
            if write.verb == "delete":
                below = [each.id for each in await self._tasks.listed(parent_id=task["id"])]
                return Plan(to_delete(write.op, task, below), task["id"])
            return Plan(to_update(write.op, task, self._task(write, task, known)), task["id"])
        except RecordRefused as refused:
            return refused

    def _told(self, task: Json) -> Json:
        """What is read of a task, which is the same whichever way it came."""
        return {name: value for name, value in self._lines.read(task).items() if name not in _UNEDITED}

    def _task(self, write: Write, task: Json, known: frozenset[str] = frozenset()) -> Json:
        """The task as it is to be, in Todoist's own form."""
        fields = {self._names[name] for name in write.fields - _READ_ONLY if name in self._names}
        made = self._lines.write(msgspec.to_builtins(write.data), task, only=fields, clear=bool(task))
        for place in ("section_id", "parent_id"):
            if made.get(place) != task.get(place) and made.get(place) not in {None, *known}:
                made[place] = task.get(place)  # the id of another service, or of what is gone
        if made.get("checked") and not task.get("checked"):
            made["completed_at"] = msgspec.to_builtins(getattr(write.data, "progress_updated", None))
        if write.collection is not None:
            made["project_id"] = write.collection
        return made

    async def _places(self, writes: Sequence[Write]) -> frozenset[str]:
        """Those of the parents and sections that Todoist has."""
        parents = {getattr(write.data, "parent", None) for write in writes if "parent" in write.fields} - {None}
        sections = {getattr(write.data, "section", None) for write in writes if "section" in write.fields} - {None}
        found = await self._tasks.read(map(str, parents))
        return frozenset(found) | await self._tasks.sections(map(str, sections))

    async def _send(self, planned: Sequence[Sequence[Json]]) -> tuple[Json, Json]:
        """What became of each command by its id, and which tasks were made by their temporary ids."""
        statuses: Json = {}
        made: Json = {}
        for commands in _portions(planned):
            form = urlencode({"commands": msgspec.json.encode(commands).decode()})
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            request = Request("POST", "/sync", headers=headers, body=form.encode(), repeatable=True)
            answer = (await self._http.send(request)).json()
            if not isinstance(answer, dict) or not isinstance(answer.get("sync_status"), dict):
                raise ServiceChanged("Todoist does not tell what became of the commands it was sent.")
            statuses |= answer["sync_status"]
            made |= answer.get("temp_id_mapping") or {}
        return statuses, made

    async def _outcome(self, write: Write, plan: Plan, statuses: Json, made: Json) -> str | Change | EntrepotError:
        """The id of the task as it was written, or why it was not."""
        for command in plan.commands:
            status = statuses.get(command["uuid"])
            if status != "ok":
                return _refusal(status)
        if write.verb == "delete":
            return Change.gone(STREAM, Ref(plan.task))
        if plan.task:
            return plan.task
        own = made.get(plan.commands[0]["temp_id"])
        if own is not None:
            return str(own)
        found = await self.find(write)  # sent again, the command may not tell once more what it made
        return found.ref.id if found else TryLater("Todoist has made the task, and does not show it yet.")

    async def _change(
        self,
        write: Write,
        outcome: Plan | str | Change | EntrepotError,
        held: Mapping[str, Told],
        now: Mapping[str, Told],
    ) -> Change | EntrepotError:
        assert not isinstance(outcome, Plan)
        if not isinstance(outcome, str):
            return outcome
        if outcome not in now:
            return Stale("The task is gone at Todoist.")
        change = await self._reader.as_written(STREAM, now[outcome].text)
        return _closed(change, write) if outcome in held and repeats(held[outcome].task) else change


def _closed(change: Change, write: Write) -> Change:
    """A task that repeats was finished for its day: that it goes on, on another day, is news that the feed tells."""
    if change.data is None or "progress" not in write.fields or not _is_closed(write.data):
        return change
    as_sent = {name: getattr(write.data, name) for name in ("progress", "due", "time_zone", "show_without_time")}
    return msgspec.structs.replace(change, data=msgspec.structs.replace(change.data, **as_sent))


def _is_closed(data: object) -> bool:
    return getattr(data, "progress", "") in {"completed", "failed", "cancelled"}


def _lost(write: Write) -> Change | EntrepotError:
    assert write.ref is not None
    return Change.gone(STREAM, Ref(write.ref.id)) if write.verb == "delete" else Stale("The task is gone at Todoist.")


def _refusal(status: object) -> EntrepotError:
    told: Json = status if isinstance(status, dict) else {}
    words = str(told.get("error") or "it does not say why")
    code = told.get("http_code")
    if status is None or code == 429 or (isinstance(code, int) and code >= 500):
        return TryLater(f"Todoist did not do this now: {words}.")
    return RecordRefused(f"Todoist refused this: {words}.", detail=str(told.get("error_tag") or ""))


def _portions(planned: Iterable[Sequence[Json]]) -> Iterable[list[Json]]:
    """As many as go into one request; those of one task stay together."""
    portion: list[Json] = []
    for commands in planned:
        if portion and len(portion) + len(commands) > MOST:
            yield portion
            portion = []
        portion += commands
    if portion:
        yield portion
