"""Pictures and videos of the archive, found by the id they belong to: `data/tweets_media/<id>-<name>`."""

from collections import defaultdict

from entrepot.core.change import Attachment, BadRow
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_files import attach
from entrepot.sdk.archive import Archive, Entry


class Shelf:
    """The files of some folders by their owner's id; `damaged` tells of those that could not be read."""

    def __init__(self, archive: Archive, stream: str, *folders: str) -> None:
        self.damaged: list[BadRow] = []
        self._stream = stream
        self._entries: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in archive.entries(*(f"{folder}/*" for folder in folders)):
            owner, dash, _ = entry.name.rpartition("/")[2].partition("-")
            if dash and owner.isdecimal():
                self._entries[owner].append(entry)

    def files_of(self, owner: str) -> list[Attachment]:
        """In the order of their names."""
        return [file for entry in self._entries.get(owner, ()) if (file := self._attach(entry))]

    def _attach(self, entry: Entry) -> Attachment | None:
        try:
            return attach(entry)
        except Damaged as error:
            self.damaged.append(BadRow(self._stream, entry.name, f"{error.message} Its record came without it."))
            return None
