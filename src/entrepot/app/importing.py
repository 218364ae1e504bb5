"""Importing paths: what each holds is recognised, finds its integration, and is read in a run."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from time import monotonic

import msgspec

from entrepot import __version__
from entrepot.app.given_settings import meant_for, refuse_unknown
from entrepot.app.services import Services
from entrepot.core.change import BadRow
from entrepot.core.errors import EntrepotError, PersonMustFix
from entrepot.core.report import Counts, Refused, Report, Watch
from entrepot.imports.home import home_of
from entrepot.imports.recognise import Recognised, recognise, unknown, unlike
from entrepot.imports.run import Job, import_archive
from entrepot.jobs import runs
from entrepot.jobs.ending import MOST_SHOWN
from entrepot.protocols.archive import OpenArchive, open_archive
from entrepot.sdk import manifest_file
from entrepot.sdk.connector import FileImporter, Options
from entrepot.sdk.manifest import Manifest
from entrepot.storage.text import storable


class Asked(msgspec.Struct, frozen=True):
    """How the person wants it: `connector` where they named one, else it is recognised."""

    connector: str | None = None
    options: Mapping[str, str] = {}
    dry_run: bool = False
    watch: Watch | None = None


def import_paths(services: Services, paths: Sequence[Path], asked: Asked) -> Iterator[Report]:
    """One report for each thing recognised. A folder that is no export itself is gone through file by file.

    Nothing is written before every path has been recognised, and what the person set is known to be right.
    """
    importers = _importers(services, asked.connector)
    with ExitStack() as opened:
        found = [claim for path in paths for claim in _recognised(path, importers, asked, opened)]
        options = _options(services, [claim for claim in found if isinstance(claim, Claim)], asked)
        for claim in found:
            yield claim if isinstance(claim, Report) else _imported(services, claim, asked, options[claim.by.connector])


def _importers(services: Services, connector: str | None) -> dict[str, FileImporter]:
    if connector is not None:
        return {connector: services.catalog.entry(connector).open_importer()}
    return {entry.id: entry.open_importer() for entry in services.catalog.listing() if entry.importer}


class Claim(msgspec.Struct, frozen=True):
    """An archive and the importer that will read it."""

    archive: OpenArchive
    path: Path
    by: Recognised


def _recognised(
    path: Path, importers: Mapping[str, FileImporter], asked: Asked, opened: ExitStack
) -> Sequence[Claim | Report]:
    if not path.exists():
        raise PersonMustFix(f"There is nothing at {path}.")
    archive = opened.enter_context(open_archive(path))
    if path.is_dir():
        found = _recognised_folder(path, archive, importers, opened)
    else:
        claim = recognise(archive, importers)
        found = [Claim(archive, path, claim)] if claim else []
    if not found:
        raise _nobodys(path, archive, importers, asked)
    return found


def _nobodys(path: Path, archive: OpenArchive, importers: Mapping[str, FileImporter], asked: Asked) -> PersonMustFix:
    damage = next((entry.damage for entry in archive.entries() if entry.damage), "")
    if damage:
        return PersonMustFix(damage)
    return unlike(archive, asked.connector) if asked.connector else unknown(path, sorted(importers))


def _recognised_folder(
    path: Path, archive: OpenArchive, importers: Mapping[str, FileImporter], opened: ExitStack
) -> Sequence[Claim | Report]:
    """A folder is one unpacked export, unless it holds several: people keep their downloads together."""
    with ExitStack() as tried:
        inside = [found for child in sorted(path.iterdir()) if (found := _recognised_inside(child, importers, tried))]
        whole = _recognised_whole(archive, importers)
        if whole is not None and not any(_is_another(found, whole) for found in inside if isinstance(found, Claim)):
            return [Claim(archive, path, whole)]
        opened.push(tried.pop_all())
        return inside


def _recognised_whole(archive: OpenArchive, importers: Mapping[str, FileImporter]) -> Recognised | None:
    try:
        return recognise(archive, importers)
    except PersonMustFix:  # claimed by two alike: then its parts may each be clear
        return None


def _is_another(inside: Claim, whole: Recognised) -> bool:
    """A file that is somebody else's; a folder only if as surely so, for exports have calendars and contacts inside."""
    if inside.by.connector == whole.connector:
        accounts = inside.by.match.account, whole.match.account
        return None not in accounts and accounts[0] != accounts[1]
    return inside.path.is_file() or inside.by.match.score >= whole.match.score


def _recognised_inside(path: Path, importers: Mapping[str, FileImporter], opened: ExitStack) -> Claim | Report | None:
    """In a folder of many things one that cannot be read is reported, and one nobody knows is passed over."""
    if path.name.startswith("."):
        return None
    with ExitStack() as guarded:
        try:
            archive = guarded.enter_context(open_archive(path))
            claim = recognise(archive, importers)
        except PersonMustFix as error:
            return _failed(path.name, error)
        if claim is None:
            return None  # closed at once: among a thousand downloads, none may use up the files that can be open
        opened.push(guarded.pop_all())
    return Claim(archive, path, claim)


def _imported(services: Services, claim: Claim, asked: Asked, options: Options) -> Report:
    """What goes wrong with one is its own report, so that the others still come in and are reported, too."""
    try:
        return _count(claim, options) if asked.dry_run else _run(services, claim, asked, options)
    except EntrepotError as error:
        return _failed(claim.by.connector, error)


def _failed(connector: str, error: EntrepotError) -> Report:
    return Report(
        run=None,
        connector=connector,
        status="failed",
        seconds=0.0,
        counts=Counts(),
        streams={},
        error={"code": error.code, "message": storable(error.message)},
    )


def _options(services: Services, claims: Sequence[Claim], asked: Asked) -> dict[str, Options]:
    """By connector: each gets what it knows, and what none of them knows is refused."""
    manifests = {one: _manifest(services, one) for one in dict.fromkeys(claim.by.connector for claim in claims)}
    if manifests:
        refuse_unknown(list(manifests.values()), asked.options)
    return {name: Options(meant_for(manifest, asked.options)) for name, manifest in manifests.items()}


def _manifest(services: Services, connector: str) -> Manifest:
    return manifest_file.load(services.catalog.entry(connector).manifest)


def _run(services: Services, claim: Claim, asked: Asked, options: Options) -> Report:
    connector = claim.by.connector
    manifest = _manifest(services, connector)
    workspace = services.workspace
    with services.database.write() as tx:
        integration = home_of(tx, workspace, connector, claim.by.match.account)
    held = runs.start(
        services.database,
        runs.NewRun(
            workspace_id=workspace,
            integration=integration.key,
            task="import",
            options={"file": _fingerprint(claim.path), "options": dict(options.values), "version": __version__},
        ),
    )
    return import_archive(
        Job(
            database=services.database,
            blobs=services.blobs,
            held=held,
            workspace_id=workspace,
            integration=integration,
            archive=claim.archive,
            importer=claim.by.importer,
            kinds={name: spec.kind for name, spec in manifest.streams.items()},
            options=options,
            watch=asked.watch,
        )
    )


def _fingerprint(path: Path) -> list[object]:
    """What tells that an interrupted import is being repeated with the same file, or with a folder of the same files.

    Only then may its rows be passed over by their number; and only by the same version, which reads them alike.
    """
    name = str(path.absolute()).encode(errors="surrogateescape").decode(errors="backslashreplace")
    if not path.is_dir():
        return [name, *_state(path)]
    inside = sorted((str(file), *_state(file)) for file in path.rglob("*") if file.is_file())
    return [name, blake2b(repr(inside).encode(), digest_size=16).hexdigest()]


def _state(file: Path) -> tuple[int, int]:
    about = file.stat()
    return about.st_size, about.st_mtime_ns


def _count(claim: Claim, options: Options) -> Report:
    """A dry run: everything is read, nothing is written; `created` and the rest are left at 0."""
    begun = monotonic()
    streams: dict[str, Counts] = {}
    refused: list[Refused] = []
    for row in claim.by.importer.read(claim.archive, options):
        counts = streams.setdefault(row.stream, Counts())
        counts.read += 1
        if isinstance(row, BadRow):
            counts.refused += 1
            refused.append(Refused(where=f"{row.stream}: {row.where}", reason=row.reason))
    total = Counts()
    for counts in streams.values():
        total.add(counts)
    return Report(
        run=None,
        connector=claim.by.connector,
        status="done",
        seconds=monotonic() - begun,
        counts=total,
        streams=streams,
        refused=refused[:MOST_SHOWN],
    )
