"""Keeping a hub in order: an examination that tells what is wrong, backups, new master keys."""

import os
import platform
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from entrepot import __version__
from entrepot.app.services import Services, make_folder
from entrepot.core.errors import EntrepotError, PersonMustFix
from entrepot.jobs import runs
from entrepot.storage import conflicts, history, integrations, waiting
from entrepot.storage.orphans import clear_orphans
from entrepot.vault.rotation import rotate

LEAST_FREE = 500 * 1024 * 1024
MOST_REASONS = 5
RESTORE = (
    "To go back to a backup: end everything that uses the hub, delete hub.sqlite, hub.sqlite-wal and hub.sqlite-shm"
    " in its folder, and put the backup there as hub.sqlite."
)
"""Without the second, SQLite would write the last changes of the lost database over the backup."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at; `text` says what was found and, if it is not well, what to do."""

    what: str
    state: Literal["ok", "warning", "wrong"]
    text: str


def examine(services: Services) -> Iterator[Finding]:
    """One after another, for a large database takes its time. None holds a secret: they may be pasted into a report."""
    for what, look in (
        ("version", _version),
        ("folder", _folder),
        ("disk", _disk),
        ("database", _database),
        ("vault", _vault),
        ("integrations", _integrations),
        ("sync", _sync),
        ("history", _tidy),
    ):
        yield _guarded(what, look, services)


def rotate_keys(services: Services) -> int:
    return rotate(services.database, services.key_source).data_keys


def backup(services: Services, file: Path) -> None:
    try:
        services.database.backup(file)
    except OSError as problem:
        raise PersonMustFix(f"{file} cannot be written: {problem.strerror}.") from None


def _guarded(what: str, look: Callable[[Services], Finding], services: Services) -> Finding:
    try:
        return look(services)
    except EntrepotError as error:
        return Finding(what, "wrong", error.message)


def _version(_: Services) -> Finding:
    return Finding("version", "ok", f"entrepot {__version__}, Python {platform.python_version()}, {platform.system()}")


def _folder(services: Services) -> Finding:
    folder = services.settings.data
    make_folder(folder)
    if not os.access(folder, os.W_OK):
        return Finding("folder", "wrong", f"{folder} cannot be written. Give yourself the right to, or use --data.")
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return Finding("folder", "warning", f"{folder} can be read by others. Run: chmod 700 {folder}")
    return Finding("folder", "ok", str(folder))


def _disk(services: Services) -> Finding:
    folder = services.settings.data
    free = shutil.disk_usage(folder if folder.is_dir() else folder.absolute().anchor).free
    text = f"{free / 1024**3:.1f} GiB free"
    return Finding("disk", "ok" if free > LEAST_FREE else "warning", text)


def _database(services: Services) -> Finding:
    problems = services.database.problems()
    if problems:
        return Finding("database", "wrong", f"damaged ({problems[0]}). {RESTORE}")
    return Finding("database", "ok", services.database.dialect.name)


def _vault(services: Services) -> Finding:
    with services.database.read() as tx:
        services.vault.check(tx)
    return Finding("vault", "ok", f"the master key comes from {services.key_source.origin} and opens everything")


def _integrations(services: Services) -> Finding:
    with services.database.read() as tx:
        there = integrations.everything(tx, services.workspace)
    waiting = [one.name for one in there if one.status == "needs-consent"]
    if waiting:
        names = ", ".join(waiting)
        return Finding("integrations", "warning", f"to be connected again: {names}. Run: entrepot connect CONNECTOR")
    return Finding("integrations", "ok", f"{len(there)} connected or imported")


def _sync(services: Services) -> Finding:
    with services.database.read() as tx:
        conflicts_open = conflicts.count_open(tx, services.workspace)
        aside = waiting.reasons(tx, services.workspace)
        standing = waiting.by_attachment(tx, services.workspace).values()
    told: list[str] = []
    if conflicts_open:
        told.append(f"{_of(conflicts_open, 'conflict')} to settle (entrepot conflicts list)")
    if aside:
        why = "; ".join(f"{count} × {reason}" for reason, count in list(aside.items())[:MOST_REASONS])
        more = f"; and {len(aside) - MOST_REASONS} other reasons" if len(aside) > MOST_REASONS else ""
        told.append(f"{_of(sum(aside.values()), 'write')} set aside until the item is edited ({why}{more})")
    if doubtful := sum(one.in_doubt for one in standing):
        told.append(f"{_of(doubtful, 'write')} in doubt, looked up by the next entrepot sync")
    if told:
        return Finding("sync", "warning", ", ".join(told))
    return Finding("sync", "ok", f"nothing to settle; {_of(sum(one.outgoing for one in standing), 'record')} to send")


def _of(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _tidy(services: Services) -> Finding:
    """Not only looks: what is over the budget of history, or belongs to nothing, goes."""
    runs.requeue_expired(services.database)
    with services.database.write() as tx:
        rows = history.trim(tx, services.workspace)
    files = clear_orphans(services.database, services.blobs)
    services.database.compact()
    return Finding("history", "ok", f"within its budget ({rows} old rows and {files} unused files were removed)")
