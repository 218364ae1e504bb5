"""Which sidecar belongs to which picture: Google cuts, numbers and translates the names of both.

`IMG.jpg` has `IMG.jpg.json`, since 2024 `IMG.jpg.supplemental-metadata.json`. The name before `.json` is cut to 46
characters, so that any beginning of the suffix occurs, or none. `IMG(1).jpg` has `IMG.jpg(1).json` or
`IMG.jpg.supplemental-metadata(1).json`. Edited versions and the video of a live photo have no sidecar of their own.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

SUFFIX = ".supplemental-metadata"
LONGEST = 46
_CUT = 40
"""From here on a beginning may be a name that was cut; names are cut in bytes or characters, by several programs."""
_JSON = ".json"
_NUMBER = re.compile(r"\((\d+)\)$")
_EDITED = re.compile(
    r"-(?:edited|effects|smile|mix|edit|bearbeitet|modifié|bewerkt|modificato|ha editado|editado|editada|editat|"
    r"edytowane|redigerad|redigeret|redigert|muokattu|upraveno|upravené|düzenlendi|szerkesztve|отредактировано|змінено|"
    r"編集済み|편집됨|已修改|已編輯|edytowany)$",
    re.IGNORECASE,
)
_ANY_WORD = re.compile(r"-[^\W\d_][^\W\d_ ]*$")
VIDEOS = (".mp4", ".mov", ".mp", ".m4v")
STILLS = (".heic", ".heif", ".jpg", ".jpeg", ".png", ".dng")


class Name(NamedTuple):
    """A file name in its parts: `IMG(1).jpg` is `IMG`, 1, `.jpg`."""

    stem: str
    number: int
    suffix: str

    @property
    def core(self) -> str:
        return self.stem + self.suffix


class Pairs(NamedTuple):
    sidecars: dict[str, str]
    """Picture → its sidecar."""
    originals: dict[str, str]
    """Edited version, or video of a live photo → the picture it belongs to."""
    lonely: list[str]
    """Sidecars of which the picture is not here."""


def name_of(file: str) -> Name:
    stem, dot, suffix = file.rpartition(".")
    if not dot:
        stem, suffix = file, ""
    numbered = _NUMBER.search(stem)
    number = int(numbered[1]) if numbered else 0
    return Name(stem[: numbered.start()] if numbered else stem, number, dot + suffix)


def pair(media: Iterable[str], sidecars: Iterable[str]) -> Pairs:
    """The files of one folder. Sidecars shared by an edited version or a live video are found by their original."""
    shelf = _Shelf(sidecars)
    names = {file: name_of(file) for file in sorted(media)}
    own = {file: found for file, name in names.items() if (found := shelf.of(file, name))}
    together = _Together(names, own)
    originals: dict[str, str] = {}
    for file, name in names.items():
        original = together.original_of(file, name)
        if original and file not in own:
            originals[file] = original
        elif file not in own and (found := shelf.of_edited(name)):
            own[file] = found
    used = set(own.values())
    return Pairs(own, originals, [sidecar for sidecar in shelf.files if sidecar not in used])


def is_video(file: str) -> bool:
    return name_of(file).suffix.lower() in VIDEOS


def without_edit(stem: str) -> str | None:
    """`IMG-bearbeitet` is `IMG`; None where nothing says that it was edited."""
    found = _EDITED.search(stem)
    return stem[: found.start()] if found else None


class _Shelf:
    """The sidecars of one folder, found by what stands before their number."""

    def __init__(self, sidecars: Iterable[str]) -> None:
        self.files = sorted(sidecars)
        self._exact = {file[: -len(_JSON)]: file for file in self.files}
        self._numbered: dict[tuple[str, int], str] = {}
        self._cut: defaultdict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
        for file in self.files:
            base, number = _unnumbered(file[: -len(_JSON)])
            self._numbered[base, number] = file
            self._cut[base[:_CUT], number].append((base, file))

    def of(self, file: str, name: Name) -> str | None:
        return self._by_full_name(file, 0) or (self._by_full_name(name.core, name.number) if name.number else None)

    def of_edited(self, name: Name) -> str | None:
        stem = without_edit(name.stem)
        return self._by_full_name(stem + name.suffix, name.number) if stem else None

    def _by_full_name(self, core: str, number: int) -> str | None:
        full = core + SUFFIX
        exact = self._exact.get(core) if not number else None
        found = exact or self._numbered.get((full, number)) or self._numbered.get((core, number))
        return found or self._by_beginning(core, full, number) or self._without_suffix(core, number)

    def _by_beginning(self, core: str, full: str, number: int) -> str | None:
        """The longest beginning of name and suffix that there is."""
        found = [
            (len(base), file)
            for base, file in self._cut.get((full[:_CUT], number), ())
            if full.startswith(base) and (len(base) > len(core) or len(base) >= _CUT)
        ]
        found += [
            (length, file)
            for length in range(len(core) + 1, min(len(full), _CUT))
            if (file := self._numbered.get((full[:length], number)))
        ]
        return max(found)[1] if found else None

    def _without_suffix(self, core: str, number: int) -> str | None:
        """Old exports wrote `IMG.json` for some."""
        return self._numbered.get((core.rpartition(".")[0], number))


class _Together:
    """Files that are one picture: the edited version beside its original, the video beside the still."""

    def __init__(self, names: dict[str, Name], own: dict[str, str]) -> None:
        self._own = own
        self._by_parts = {(name.stem, name.number, name.suffix.lower()): file for file, name in names.items()}

    def original_of(self, file: str, name: Name) -> str | None:
        found = self._still_of(name) or self._unedited(name)
        return found if found != file else None

    def _still_of(self, name: Name) -> str | None:
        if name.suffix.lower() not in VIDEOS:
            return None
        stems = (name.stem, name.core)  # Pixel: PXL_1.MP beside PXL_1.MP.jpg
        stills = (self._by_parts.get((stem, name.number, suffix)) for stem in stems for suffix in STILLS)
        return next((still for still in stills if still and still in self._own), None)

    def _unedited(self, name: Name) -> str | None:
        """`-edited` in any language, where the original lies beside it; heic is edited to jpg."""
        word = _EDITED.search(name.stem) or _ANY_WORD.search(name.stem)
        if not word:
            return None
        stem = name.stem[: word.start()]
        for suffix in (name.suffix.lower(), *STILLS, *VIDEOS):
            original = self._by_parts.get((stem, name.number, suffix))
            if original and original in self._own:
                return original
        return None


def _unnumbered(base: str) -> tuple[str, int]:
    numbered = _NUMBER.search(base)
    return (base[: numbered.start()], int(numbered[1])) if numbered else (base, 0)
