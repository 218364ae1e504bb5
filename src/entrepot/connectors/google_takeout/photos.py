"""Pictures and videos with their sidecars; a picture that lies in several folders is one item with its albums."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from entrepot.core.change import Attachment, BadRow, Change, Ref
from entrepot.core.writing import Embedded, Media
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_files import attach

from .folders import LARGEST_SIDECAR, Folder, by_size
from .naming import is_video
from .sidecar import Sidecar, described, file_stem, read_sidecar

STREAM = "photos"
_BROKEN = (msgspec.MsgspecError, ValueError, OverflowError, OSError, RecursionError)


class _Copy(NamedTuple):
    folder: Folder
    file: str
    attachment: Attachment


def read_photos(folders: list[Folder]) -> Iterator[Change | BadRow]:
    """Each picture is read once, to hash it; only those of equal size are held together, and of them only the names."""
    for folder in folders:
        yield from _settle_lonely(folder)
    for group in by_size(folders):
        same: dict[str, list[_Copy]] = {}
        for folder, file in group:
            attachment = _attach(folder, file)
            if isinstance(attachment, BadRow):
                yield attachment
            else:
                same.setdefault(attachment.sha256, []).append(_Copy(folder, file, attachment))
        for copies in same.values():
            yield from _read(copies)


def _settle_lonely(folder: Folder) -> Iterator[BadRow]:
    """Sidecars whose picture has another name are matched by their title; those without a picture are told."""
    free: defaultdict[str, list[str]] = defaultdict(list)
    for file in folder.media:
        if file not in folder.pairs.sidecars and file not in folder.pairs.originals:
            free[file_stem(file)].append(file)
    for name in folder.pairs.lonely:
        entry = folder.json[name]
        try:
            sidecar = read_sidecar(entry.peek(LARGEST_SIDECAR)) if entry.size <= LARGEST_SIDECAR else None
        except _BROKEN:
            sidecar = None  # no sidecar: Photos has other JSON too
        if sidecar is None:
            continue
        if files := free.get(file_stem(sidecar.name)):
            folder.pairs.sidecars[files.pop(0)] = name
        else:
            reason = f"the picture {sidecar.name} is not in this archive; it lies in another part of the same export"
            yield BadRow(STREAM, entry.name, reason)


def _read(copies: list[_Copy]) -> Iterator[Change | BadRow]:
    sidecar, native, bad = _best_sidecar(copies)
    yield from bad
    first = copies[0]
    together, lost = _together(copies)
    yield from lost
    live = [one for file, one in together if is_video(file) and not is_video(first.file)]
    edited = [one for _, one in together if one not in live]
    albums = sorted({copy.folder.album for copy in copies if copy.folder.album})
    media = Media(
        type="video" if first.attachment.media_type.startswith("video/") else "photo",
        file_name=first.file,
        media_type=first.attachment.media_type,
        sha256=first.attachment.sha256,
        size=first.attachment.size,
        albums=albums,
        edited=[_embedded(one) for one in edited],
        extra={"liveVideo": msgspec.to_builtins(_embedded(live[0]))} if live else {},
    )
    yield Change(
        STREAM,
        Ref(first.attachment.sha256),
        described(sidecar, media),
        native,
        files=[first.attachment, *(one for _, one in together)],
    )


def _best_sidecar(copies: list[_Copy]) -> tuple[Sidecar | None, bytes, list[BadRow]]:
    """The first that can be read: copies in albums have the same one."""
    bad: list[BadRow] = []
    for folder, file, _ in copies:
        name = folder.pairs.sidecars.get(file)
        if not name:
            continue
        entry = folder.json[name]
        try:
            raw = entry.peek(LARGEST_SIDECAR)
            sidecar = read_sidecar(raw) if not entry.damage else None  # damaged ones are told at the end
            if sidecar:
                described(sidecar, Media())
                return sidecar, msgspec.json.format(raw, indent=-1), bad
        except _BROKEN as error:
            bad.append(BadRow(STREAM, entry.name, f"the picture was kept without what its sidecar tells: {error}"))
    return None, b"", bad


def _together(copies: list[_Copy]) -> tuple[list[tuple[str, Attachment]], list[BadRow]]:
    """Edited versions and live videos of any of the copies, each content once; and those that cannot be read."""
    found: dict[str, tuple[str, Attachment]] = {}
    lost: list[BadRow] = []
    for folder, original, _ in copies:
        for file in folder.companions.get(original, ()):
            attachment = _attach(folder, file)
            if isinstance(attachment, BadRow):
                lost.append(attachment)
            else:
                found.setdefault(attachment.sha256, (file, attachment))
    return list(found.values()), lost


def _attach(folder: Folder, file: str) -> Attachment | BadRow:
    entry = folder.media[file]
    try:
        return attach(entry, media_type="video/mp4" if file.lower().endswith(".mp") else "")
    except Damaged as error:
        return BadRow(STREAM, entry.name, error.message)


def _embedded(file: Attachment) -> Embedded:
    return Embedded(sha256=file.sha256, size=file.size, name=file.name, media_type=file.media_type)
