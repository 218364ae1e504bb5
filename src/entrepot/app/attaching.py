"""Attaching remote collections to collections of the hub: what is meant is found, and may be written if it is to be."""

import asyncio
import re
from collections.abc import Mapping, Sequence

import msgspec

from entrepot.app.collecting import AttachmentView, attachment_view
from entrepot.app.given_fields import named
from entrepot.app.reading import Live, at_work, live
from entrepot.app.services import Services
from entrepot.core.errors import PersonMustFix
from entrepot.core.plan_sides import Drift
from entrepot.jobs import runs
from entrepot.sdk.connector import Reader, Stream
from entrepot.sdk.writer import Writer
from entrepot.storage import attachments, collections, integrations, streams
from entrepot.storage import runs as storage_runs
from entrepot.storage.attachments import Attachment, Direction, Settings
from entrepot.storage.collections import Home
from entrepot.storage.database import Database
from entrepot.storage.integrations import Integration
from entrepot.storage.rehearsal import rehearsal
from entrepot.sync import attaching
from entrepot.sync.attaching import Matched


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is None stays as it is, or is as usual. `only`: field → values, one of which a new record must have."""

    direction: Direction | None = None
    stream: str | None = None
    match: bool | None = None
    fields: Sequence[str] | None = None
    only: Mapping[str, Sequence[str]] | None = None
    since: str | None = None
    drift: Drift | None = None
    dry_run: bool = False


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """`matched` is how what is on both sides goes together; nothing is written at the service before the next sync.

    `read` is whether the service was read before: if not, what goes together shows when it is.
    """

    kept: bool
    collection: str
    attachment: AttachmentView
    matched: Matched
    read: bool


class _Remote(msgspec.Struct, frozen=True):
    stream: Stream
    id: str
    name: str
    writable: bool


class _Tie(msgspec.Struct, frozen=True):
    integration: Integration
    home: Home
    remote: _Remote
    direction: Direction
    settings: Mapping[str, object]


async def attach(services: Services, wanted: str, integration: str, remote: str, how: Wanted) -> Attached:
    """From now on a remote collection takes part in a collection of the hub; attached already, its terms change."""
    one = live(services, integration)
    home = await asyncio.to_thread(_home, services, wanted)
    settings = _settings(home.kind, how)
    async with at_work(services, one) as reader:
        there = await _remote(one, reader, home, remote, how.stream)
        direction = how.direction or await asyncio.to_thread(_known_direction, services, one, there)
        if direction != "pull":
            _check_writable(one, reader, there)
            await asyncio.to_thread(_check_permitted, services, one)
    tie = _Tie(one.integration, home, there, direction, settings)
    return await asyncio.to_thread(_attach, services, tie, dry_run=how.dry_run)


def detach(services: Services, wanted: str, integration: str, remote: str) -> AttachmentView:
    """Neither side is followed any more; everything stays where it is."""
    runs.requeue_expired(services.database)
    with services.database.write() as tx:
        home = collections.find(tx, services.workspace, wanted)
        one = integrations.find(tx, services.workspace, integration)
        there = [each for each in attachments.of_collection(tx, home.key) if each.integration == one.key]
        found = _meant([each for each in there if each.direction != "none"], home, one.name, remote)
        storage_runs.check_idle(tx, services.workspace, one.key, one.name)
        attaching.detach(tx, found)
        return attachment_view(attachments.by_key(tx, found.key))


def _home(services: Services, wanted: str) -> Home:
    with services.database.read() as tx:
        return collections.find(tx, services.workspace, wanted)


def _meant(there: Sequence[Attachment], home: Home, name: str, remote: str) -> Attachment:
    exact = [one for one in there if one.remote_id == remote]
    named_so = [one for one in there if remote.casefold() in {one.remote_name.casefold(), one.stream_name.casefold()}]
    match exact or named_so:
        case [one]:
            return one
        case []:
            known = ", ".join(one.remote_name or one.stream_name for one in there) or "nothing"
            raise PersonMustFix(f"{remote!r} of {name} is not attached to {home.name}. Attached from there: {known}.")
        case several:
            ids = ", ".join(f"{one.remote_name} ({one.remote_id})" for one in several)
            raise PersonMustFix(f"{remote!r} of {name} means more than one: {ids}. Say which by its id.")


def _settings(kind: str, how: Wanted) -> Mapping[str, object]:
    """What a person said, as it is kept."""
    found: dict[str, object] = {}
    if how.fields is not None:
        found["fields"] = frozenset(named(kind, word).name for word in how.fields) or None
    if how.only is not None:
        found["only"] = {named(kind, word).name: list(values) for word, values in how.only.items()}
    if how.since is not None:
        if how.since and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", how.since):
            raise PersonMustFix(f"--since takes a day such as 2026-03-01, not {how.since!r}.")
        found["since"] = how.since or None
    if how.drift is not None:
        found["drift"] = how.drift
    if how.match is not None:
        found["match"] = "auto" if how.match else "none"
    return found


async def _remote(one: Live, reader: Reader, home: Home, wanted: str, of_stream: str | None) -> _Remote:
    """Asked at the service: only there one knows what may be written."""
    name = one.integration.name
    there: list[_Remote] = []
    for stream in _streams(one, home, of_stream):
        listed = await reader.collections(stream.name)
        there += [_Remote(stream, each.id, each.name, each.writable) for each in listed]
        if not listed:
            there.append(_Remote(stream, "", stream.name, writable=True))
    exact = [each for each in there if each.id == wanted and wanted]
    match exact or [each for each in there if each.name.casefold() == wanted.casefold()]:
        case [found]:
            return found
        case []:
            known = ", ".join(f"{each.name!r}" for each in there) or "nothing"
            raise PersonMustFix(f"{name} has no {wanted!r} that holds {home.kind}s. There is: {known}.")
        case several:
            ids = ", ".join(f"{each.id or each.name} (--stream {each.stream.name})" for each in several)
            raise PersonMustFix(f"{wanted!r} means more than one at {name}: {ids}. Say which by its id, or its stream.")


def _streams(one: Live, home: Home, wanted: str | None) -> Sequence[Stream]:
    manifest = one.place.manifest
    there = [manifest.stream(name) for name in manifest.live_streams]
    chosen = [stream for stream in there if wanted in {None, stream.name}]
    known = ", ".join(f"{stream.name} ({stream.kind}s)" for stream in there)
    if not chosen:
        raise PersonMustFix(f"{manifest.name} has no stream {wanted!r}. It has: {known}.")
    fitting = [stream for stream in chosen if stream.kind == home.kind]
    if not fitting:
        what = f"The stream {wanted} of {manifest.name}" if wanted else manifest.name
        raise PersonMustFix(f"{home.name} holds {home.kind}s, and {what} has none. {manifest.name} has: {known}.")
    return fitting


def _known_direction(services: Services, one: Live, there: _Remote) -> Direction:
    with services.database.read() as tx:
        for each in attachments.of_workspace(tx, services.workspace):
            place = (each.integration, each.stream_name, each.remote_id)
            if place == (one.integration.key, there.stream.name, there.id) and each.synced and each.direction != "none":
                return each.direction
    raise PersonMustFix("Say which way it is to go: --direction two_way, pull, push or manual.")


def _check_writable(one: Live, reader: Reader, there: _Remote) -> None:
    name = one.integration.name
    if not isinstance(reader, Writer) or reader.writing(there.stream.name) is None:
        raise PersonMustFix(f"{there.stream.name} of {name} can only be read: attach with --direction pull.")
    if not there.writable:
        raise PersonMustFix(
            f"{there.name!r} may not be written with this account at {name}: attach with --direction pull."
        )


def _check_permitted(services: Services, one: Live) -> None:
    if not services.connections.may_write(one.place, one.integration):
        connector = one.integration.connector
        raise PersonMustFix(
            f"{one.integration.name} may only be read so far. Give permission to write: entrepot connect {connector}"
            " --write, or attach with --direction pull."
        )


def _attach(services: Services, tie: _Tie, *, dry_run: bool) -> Attached:
    runs.requeue_expired(services.database)
    if not dry_run:
        return _keep(services.database, services.workspace, tie, kept=True)
    with rehearsal(services.database) as unkept:
        return _keep(unkept, services.workspace, tie, kept=False)


def _keep(database: Database, workspace: int, tie: _Tie, *, kept: bool) -> Attached:
    one, home, there = tie.integration, tie.home, tie.remote
    with database.write() as tx:
        storage_runs.check_idle(tx, workspace, one.key, one.name)
        stream = streams.ensure(tx, workspace, one, there.stream.name, there.stream.kind)
        part = there.id if there.stream.by_collection else ""
        read = streams.position(tx, stream, part) != streams.Position()
        known = attachments.at(tx, stream.key, there.id)
        before = known.settings if known and known.collection == home.key else Settings()
        settings: Settings = msgspec.structs.replace(before, **tie.settings)
        remote = attaching.Remote(stream=stream, id=there.id, name=there.name)
        matched = attaching.attach(tx, remote, home.key, tie.direction, match=settings.match == "auto")
        found = attachments.at(tx, stream.key, there.id)
        assert found is not None  # it has just been attached
        attachments.keep_settings(tx, found.key, settings)
        view = attachment_view(attachments.by_key(tx, found.key))
    return Attached(kept=kept, collection=home.name, attachment=view, matched=matched, read=read)
