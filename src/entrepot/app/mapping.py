"""Which field comes from where: the connector's lines, what a person changed in them, and proposals for more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from entrepot.app.services import Services
from entrepot.app.views import moment
from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.suggestion_shapes import properties_of
from entrepot.core.suggestions import suggest
from entrepot.sdk import manifest_file
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_streams import StreamSpec
from entrepot.sdk.mapping_preview import Preview, Sample, preview
from entrepot.sdk.person_mapping import applied, check_changeable, overrides_of, remapped, written
from entrepot.storage import integrations, mappings, streams
from entrepot.storage.integrations import Integration
from entrepot.storage.mappings import Lines
from entrepot.storage.transaction import Reading, Writing

PREVIEWED = 20
LOOKED_AT = 200


class LineView(msgspec.Struct, frozen=True):
    """`line` is what is read now, "" for nothing; `default` the connector's own where a person changed it."""

    field: str
    line: str
    default: str | None = None


class MappingView(msgspec.Struct, frozen=True, kw_only=True):
    """`changed_at` is when a person last changed it."""

    integration: str
    stream: str
    kind: str
    lines: Sequence[LineView]
    changed_at: datetime | None = None


class MappingChange(msgspec.Struct, frozen=True, kw_only=True):
    """`kept`: the next sync reads the whole stream again in this way. `records` are some, as they would read."""

    kept: bool
    mapping: MappingView
    records: Sequence[Preview]


class Suggestion(msgspec.Struct, frozen=True):
    """A line that may be set, with what is read there now; `score` is 0 to 1."""

    field: str
    line: str
    score: float
    reason: str
    now: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` are written as `overrides_of` reads them; `default` names fields that go back to the connector's own."""

    lines: Mapping[str, str] = {}
    default: Sequence[str] = ()
    reset: bool = False
    dry_run: bool = False


def mapped(services: Services, integration: Integration, manifest: Manifest) -> Manifest:
    """The manifest as this integration is read: with what a person changed."""
    with services.database.read() as tx:
        changes = mappings.of_integration(tx, integration.key)
    there = {name: lines for name, lines in changes.items() if name in manifest.streams}
    try:
        return remapped(manifest, {name: overrides_of(lines) for name, lines in there.items()})
    except PersonMustFix as why:
        names = " or ".join(f"entrepot mapping set {integration.name} {name} --reset" for name in there)
        raise PersonMustFix(f"{why.message}\nTo go back to the connector's own: {names}") from why


def show(services: Services, wanted: str, name: str) -> MappingView:
    with services.database.read() as tx:
        return _view(_find(services, tx, wanted, name))


def change(services: Services, wanted: str, name: str, how: Wanted) -> MappingChange:
    """Put lines in the place of the connector's. PersonMustFix says what is wrong with them."""
    with services.database.read() as tx:
        found = _find(services, tx, wanted, name)
        lines = _lines(found, how)
        new = applied(found.spec, overrides_of(lines))
        samples = [Sample(one.object_id, one.native, one.data) for one in _samples(tx, found, PREVIEWED)]
    records = list(preview(found.now, new, samples))
    if how.dry_run:
        after = msgspec.structs.replace(found, held=msgspec.structs.replace(found.held, lines=lines))
        return MappingChange(kept=False, mapping=_view(after), records=records)
    with services.database.write() as tx:
        _keep(tx, services.workspace, found, lines)
        after = _find(services, tx, wanted, name)
    return MappingChange(kept=True, mapping=_view(after), records=records)


def suggestions(services: Services, wanted: str, name: str) -> Sequence[Suggestion]:
    """What could be read from the columns there are, by records that were read before. Nothing of it is applied."""
    with services.database.read() as tx:
        found = _find(services, tx, wanted, name)
        check_changeable(found.spec)
        kept = _samples(tx, found, LOOKED_AT)
    if not kept:
        raise PersonMustFix(f"There is no record of {name} to look at yet. First: entrepot sync {wanted}")
    columns = properties_of(msgspec.json.decode(one.native, type=dict[str, Any]) for one in kept)
    now = found.now.fields
    return [
        Suggestion(one.field, written(one.line), one.score, one.reason, written(now.get(one.field)))
        for one in suggest(found.spec.kind, columns)
        if now.get(one.field) != one.line
    ]


class _Found(msgspec.Struct, frozen=True):
    """A stream of an integration; `row` is None until it is read for the first time."""

    integration: Integration
    name: str
    spec: StreamSpec
    row: int | None
    held: mappings.Changed

    @property
    def now(self) -> StreamSpec:
        try:
            return applied(self.spec, overrides_of(self.held.lines))
        except PersonMustFix:  # the connector has changed since; here a person looks at it, and mends it
            return self.spec


def _find(services: Services, tx: Reading, wanted: str, name: str) -> _Found:
    integration = integrations.find(tx, services.workspace, wanted)
    manifest = manifest_file.load(services.catalog.entry(integration.connector).manifest)
    there = manifest.streams if integration.mode == "archive" else manifest.live_streams
    if name not in there:
        raise PersonMustFix(f"{manifest.name} has no stream {name!r}. It has: {', '.join(there)}.")
    sql = "SELECT id FROM streams WHERE integration_id = ? AND name = ?"
    row = next((number for (number,) in tx.fetch(sql, integration.key, name)), None)
    held = mappings.NOTHING if row is None else mappings.find(tx, row)
    return _Found(integration, name, there[name], row, held)


def _lines(found: _Found, how: Wanted) -> Lines:
    """All that will differ from the connector's own lines."""
    held = {} if how.reset else found.held.lines
    strange = [field for field in how.default if field not in held and not how.reset]
    if strange:
        raise PersonMustFix(f"{', '.join(strange)} of {found.name} was not changed, so nothing can go back.")
    return {field: line for field, line in {**held, **how.lines}.items() if field not in how.default}


def _keep(tx: Writing, workspace: int, found: _Found, lines: Lines) -> None:
    """The next sync reads everything again, for what is there was read in the old way."""
    integration = found.integration
    running = "SELECT count(*) FROM runs WHERE integration_id = ? AND status = 'running'"
    if tx.fetch(running, integration.key)[0][0]:
        raise TryLater(f"{integration.name} is being read right now. Wait until that run ends.")
    stream = streams.ensure(tx, workspace, integration, found.name, found.spec.kind)
    if mappings.keep(tx, stream.key, lines):
        streams.forget_positions(tx, stream.key)


def _samples(tx: Reading, found: _Found, most: int) -> Sequence[mappings.Kept]:
    kept = [] if found.row is None else mappings.samples(tx, found.row, most)
    return [one for one in kept if one.native[:1] == b"{"]


def _view(found: _Found) -> MappingView:
    own, now = found.spec.fields, found.now.fields
    changed = [*found.held.lines, *(field for field in own if field not in now)]
    lines = [LineView(field, written(line)) for field, line in own.items() if field not in changed]
    for field in dict.fromkeys(changed):
        line = found.held.lines.get(field, written(now.get(field)))
        lines.append(LineView(field, line, written(own.get(field))))
    at = found.held.changed_at
    return MappingView(
        integration=found.integration.name,
        stream=found.name,
        kind=found.spec.kind,
        lines=sorted(lines, key=lambda line: line.field),
        changed_at=moment(at) if at else None,
    )
