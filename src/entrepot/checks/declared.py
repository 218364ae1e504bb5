"""Rules about what a manifest must declare of a live service: changes, deletions, the budget."""

from collections.abc import Iterator

from entrepot.checks.fixtures import FOLDER, replay
from entrepot.checks.replay import Files, Outcome, run
from entrepot.checks.subject import Subject
from entrepot.core.errors import EntrepotError
from entrepot.sdk.manifest import Manifest


def changes_are_declared(subject: Subject) -> list[str]:
    """A stream asks for what changed, or lists everything so that changes and deletions show."""
    manifest = subject.manifest
    if manifest is None or not subject.is_live or manifest.uses:
        return []
    reads = [(name, read.since) for name, spec in manifest.streams.items() for read in spec.reads if read.since]
    return [
        *(
            f"streams.{name} neither asks for changes (`since`) nor lists everything (`deletions: absence`)"
            for name, spec in manifest.live_streams.items()
            if not any(read.since for read in spec.reads) and spec.deleted.by != "absence"
        ),
        *(
            f"streams.{name} asks from its mark on: without `overlap` a change in the same moment may be lost"
            for name, since in reads
            if since.field and not since.overlap
        ),
    ]


def deletions_are_proved(subject: Subject) -> list[str]:
    """Declared for every stream, and seen in the fixtures: a tombstone for a feed, a full listing for absence."""
    manifest = subject.manifest
    if manifest is None or not subject.is_live:
        return []
    silent = [name for name, spec in manifest.live_streams.items() if "deletions" not in spec.model_fields_set]
    return [
        *(f"streams.{name} does not say how deletions become known" for name in silent),
        *_unproved(subject, manifest),
    ]


def budget_is_declared(subject: Subject) -> list[str]:
    manifest = subject.manifest
    if manifest is None or not subject.is_live or manifest.http.budget:
        return []
    return ["http.budget does not say how often the service may be called"]


def _unproved(subject: Subject, manifest: Manifest) -> Iterator[str]:
    if {spec.deleted.by for spec in manifest.live_streams.values()} == {"never"}:
        return
    outcome = _outcome(subject, manifest)
    if outcome is None:
        yield "the fixtures do not show how a deletion is read"
        return
    for name, spec in manifest.live_streams.items():
        if spec.deleted.by == "feed" and not outcome.gone.get(name):
            yield f"no fixture of streams.{name} has a tombstone"
        if spec.deleted.by == "absence" and name not in outcome.listed:
            yield f"no fixture of streams.{name} is a full listing"


def _outcome(subject: Subject, manifest: Manifest) -> Outcome | None:
    try:
        expected = replay(subject)
        if expected is None:
            return None
        return run(subject, manifest, expected, Files(subject.folder / FOLDER, expected.answers).answer)
    except (EntrepotError, ValueError):
        return None  # the rule of the fixtures says why
