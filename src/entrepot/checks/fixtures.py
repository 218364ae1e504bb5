"""The rule that fixtures are read as `fixtures/expected.yaml` says."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from entrepot.checks.replay import Files, Outcome, Replay, run
from entrepot.checks.subject import Subject
from entrepot.core.change import BadRow
from entrepot.core.errors import EntrepotError
from entrepot.protocols.archive import open_archive
from entrepot.sdk.connector import Options
from entrepot.sdk.manifest import Manifest

FOLDER = "fixtures"
EXPECTED = f"{FOLDER}/expected.yaml"


class Export(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one file or folder of an importer's fixtures holds. `settings` are the options it is read with."""

    streams: dict[str, int]
    refused: int = 0
    settings: dict[str, str] = {}


def fixtures_are_read(subject: Subject) -> list[str]:
    manifest = subject.manifest
    if manifest is None:
        return []
    try:
        return [
            *(_exports(subject, manifest) if manifest.is_archive else ()),
            *(_replayed(subject, manifest) if manifest.is_live else ()),
        ]
    except (msgspec.ValidationError, ValueError) as why:
        return [f"{EXPECTED}: {why}"]


def exports(subject: Subject) -> dict[str, Export]:
    """The fixtures of an importer by name; beside recorded answers they stand under `exports`."""
    written = subject.yaml(EXPECTED) or {}
    if subject.is_live:
        written = msgspec.convert(written, Replay).exports
    return msgspec.convert(written, dict[str, Export])


def replay(subject: Subject) -> Replay | None:
    """The recorded answers of a live connector, None where there are none yet."""
    written = subject.yaml(EXPECTED)
    return msgspec.convert(written, Replay) if written else None


def read_export(subject: Subject, path: Path, options: dict[str, str] | None = None) -> tuple[Counter[str], list[str]]:
    """Records by stream, and the reasons of what was refused."""
    importer = subject.entry.open_importer()
    found: Counter[str] = Counter()
    refused: list[str] = []
    with open_archive(path) as archive:
        if importer.recognise(archive) is None:
            return found, ["it is not recognised"]
        for each in importer.read(archive, Options(options or {})):
            if isinstance(each, BadRow):
                refused.append(f"{each.stream} {each.where}: {each.reason}")
            else:
                found[each.stream] += 1
    return found, refused


def _exports(subject: Subject, manifest: Manifest) -> Iterator[str]:
    expected = exports(subject)
    if not expected:
        yield f"{EXPECTED} names no fixture"
    for name, export in expected.items():
        path = subject.folder / FOLDER / name
        if not path.exists():
            yield f"{EXPECTED} names {name}, which is not there"
            continue
        found, refused = read_export(subject, path, export.settings)
        yield from _differences(name, dict(found), export.streams, refused, export.refused)
    unread = manifest.streams.keys() - {stream for export in expected.values() for stream in export.streams}
    yield from (f"no fixture has a record of the stream {stream}" for stream in sorted(unread))


def _replayed(subject: Subject, manifest: Manifest) -> Iterator[str]:
    expected = replay(subject)
    if expected is None:
        yield f"{EXPECTED} names no answers"
        return
    files = Files(subject.folder / FOLDER, expected.answers)
    try:
        outcome = run(subject, manifest, expected, files.answer)
    except EntrepotError as why:
        yield f"reading the fixtures failed: {why.message}" + _asked(files)
        return
    yield from _differences("answers", dict(outcome.records), expected.streams, outcome.refused, expected.refused)
    yield from _others(outcome, expected)


def _others(outcome: Outcome, expected: Replay) -> Iterator[str]:
    if outcome.account != expected.account:
        yield f"answers: the account is {outcome.account!r}, {expected.account!r} was expected"
    for what, found, wanted in (
        ("tombstones", outcome.gone, expected.gone),
        ("collections", outcome.collections, expected.collections),
    ):
        if wanted is not None and {name: count for name, count in found.items() if count} != {
            name: count for name, count in wanted.items() if count
        }:
            yield f"answers: {dict(found)} {what} came out, {wanted} were expected"


def _differences(name: str, found: dict[str, int], streams: dict[str, int], refused: Any, count: int) -> Iterator[str]:
    if found != {stream: number for stream, number in streams.items() if number}:
        yield f"{name}: {found} records came out, {streams} were expected"
    if len(refused) != count:
        first = f"; the first: {refused[0]}" if refused else ""
        yield f"{name}: {len(refused)} were refused, {count} were expected{first}"


def _asked(files: Files) -> str:
    return f" (there is no answer to {', '.join(dict.fromkeys(files.unexpected))})" if files.unexpected else ""
