"""Which importer a file is for: asked by names and first lines, never by reading it through."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.archive import Archive
from entrepot.sdk.connector import FileImporter, Match


class Recognised(msgspec.Struct, frozen=True):
    """The importer that claims an archive."""

    connector: str
    importer: FileImporter
    match: Match


def recognise(archive: Archive, importers: Mapping[str, FileImporter]) -> Recognised | None:
    """The importer with the highest score, or None; two that claim it alike must be settled by the person."""
    claims = [
        Recognised(name, importer, match)
        for name, importer in importers.items()
        if (match := importer.recognise(archive)) is not None
    ]
    claims.sort(key=lambda claim: (-claim.match.score, claim.connector))
    if len(claims) > 1 and claims[0].match.score == claims[1].match.score:
        names = " or ".join(f"--as {c.connector}" for c in claims if c.match.score == claims[0].match.score)
        raise PersonMustFix(f"{archive.name} could be read in more than one way. Say which: {names}.")
    return claims[0] if claims else None


def unlike(archive: Archive, connector: str) -> PersonMustFix:
    """What to say where the importer that the person named does not recognise it."""
    return PersonMustFix(
        f"{archive.name} does not look like an export of {connector}. "
        f"What it should look like: entrepot connectors show {connector}"
    )


def unknown(path: Path, connectors: Sequence[str]) -> PersonMustFix:
    known = ", ".join(connectors)
    return PersonMustFix(
        f"No importer recognises {path}. Importers there are: {known}. If you know which one it is for, "
        f"say so with --as NAME; if it is a service that is missing: entrepot connectors new NAME"
    )
