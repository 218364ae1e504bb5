"""Pictures and videos of the archive, found by the id they belong to: `data/tweets_media/<id>-<name>`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from entrepot.core.change import Attachment
from entrepot.protocols.archive_files import attach
from entrepot.sdk.archive import Archive, Entry

Shelf = Mapping[str, Sequence[Entry]]


class MediaShelf:
    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def of(self, *folders: str) -> Shelf:
        """Owner id → files, in the order of their names."""
        found: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self._archive.entries(*(f"{folder}/*" for folder in folders)):
            owner, dash, _ = entry.name.rpartition("/")[2].partition("-")
            if dash and owner.isdecimal():
                found[owner].append(entry)
        return found


def files_of(shelf: Shelf, owner: str) -> list[Attachment]:
    return [attach(entry) for entry in shelf.get(owner, ())]
