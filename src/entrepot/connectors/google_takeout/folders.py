"""The folders of Google Photos in an archive: years, albums, bin. Looks at names only, and at one file a folder."""

import re
from collections import defaultdict
from collections.abc import Iterator

from entrepot.sdk.archive import Archive, Entry

from .naming import Pairs, pair
from .sidecar import album_title

_PRODUCT = re.compile(
    r"(?i)(?:^|/)google[ _-]?(?:photos|fotos|foto|foto's|fotografii|fotografie|fotky|kuvat|valokuvat|фото|"
    r"フォト|포토|相册|相簿|תמונות|صور)(?:/|$)"
)
_YEAR = re.compile(
    r"(?i)^(?:photos from|fotos von|fotos aus|photos de|photos datant de|fotos de|fotos del|foto dal|foto da|foto del|"
    r"foto's uit|foton från|bilder fra|billeder fra|kuvat vuodelta|zdjęcia z|fotky z|fotografie z|"
    r"фотографии за|фото за) \d{4}$|"
    r"^\d{4}[ _]?(?:年的照片|年の写真|年)$|^\d{4}-\d{2}-\d{2}( #\d+)?$"
)
_ENDS_IN_YEAR = re.compile(r"^\D*(?:19|20)\d{2}$")
_NO_ALBUM = re.compile(
    r"(?i)^(?:trash|bin|papierkorb|corbeille|papelera|cestino|prullenbak|lixeira|kosz|ゴミ箱|"
    r"archive|archiv|archives|archivo|archivio|archief|arquivo|archiwum|アーカイブ|locked folder|gesperrter ordner|"
    r"failed videos|fehlgeschlagene videos)$"
)
_NO_ALBUMS = (_YEAR, _ENDS_IN_YEAR, _NO_ALBUM, _PRODUCT)
_SIGN = b'"photoTakenTime"'
_LOOKED_AT = 3
LARGEST_SIDECAR = 1 << 20


class Folder:
    """One folder with pictures in it, its sidecars found."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.media: dict[str, Entry] = {}
        self.json: dict[str, Entry] = {}
        self.album: str | None = None
        self.pairs = Pairs({}, {}, [])
        self.companions: dict[str, list[str]] = {}
        """Picture → its edited versions and its live video."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def settle(self) -> None:
        self.pairs = pair(self.media, self.json)
        for file, original in self.pairs.originals.items():
            self.companions.setdefault(original, []).append(file)
        self.album = self._album()

    def _album(self) -> str | None:
        """The title in the folder's own JSON, whose name is translated; else the folder, unless it is a year."""
        for file in self.pairs.lonely:
            entry = self.json[file]
            raw = entry.peek(LARGEST_SIDECAR) if entry.size < LARGEST_SIDECAR else b""
            if _SIGN not in raw and (title := album_title(raw)):
                return None if _YEAR.match(title) else title
        return None if not self.path or any(rule.search(self.name) for rule in _NO_ALBUMS) else self.name


def photo_folders(archive: Archive) -> list[Folder]:
    folders: dict[str, Folder] = {}
    for entry in archive.entries():
        path, _, file = entry.name.rpartition("/")
        folder = folders.setdefault(path, Folder(path))
        if file.lower().endswith(".json"):
            folder.json[file] = entry
        elif not file.lower().endswith((".html", ".csv", ".txt", ".ics", ".vcf")):
            folder.media[file] = entry
    found = [folder for folder in folders.values() if _is_of_photos(folder, f"{archive.name}/{folder.path}")]
    for folder in found:
        folder.settle()
    return found


def _is_of_photos(folder: Folder, path: str) -> bool:
    """By the product's name, or by the sidecars where Google's folder was taken out of its archive."""
    if _PRODUCT.search(path.rpartition("/")[0]) or (_PRODUCT.search(path) and folder.media):
        return True
    looked_at = list(folder.json.values())[:_LOOKED_AT]
    return any(_SIGN in entry.peek(LARGEST_SIDECAR) for entry in looked_at)


def by_size(folders: list[Folder]) -> Iterator[list[tuple[Folder, str]]]:
    """Pictures that may be the same ones: an album holds copies of what lies under its year."""
    groups: defaultdict[int, list[tuple[Folder, str]]] = defaultdict(list)
    for folder in sorted(folders, key=_years_first):
        for file, entry in folder.media.items():
            if file not in folder.pairs.originals:
                groups[entry.size].append((folder, file))
    return iter(groups.values())


def _years_first(folder: Folder) -> tuple[bool, str]:
    return folder.album is not None, folder.path
