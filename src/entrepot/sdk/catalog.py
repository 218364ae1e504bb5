"""The connectors there are: folders found by path, listed by the first lines of their manifests, loaded when needed."""

import difflib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.connector import FileImporter
from entrepot.sdk.manifest_identity import kinds_of, read_identity, reads_of

BUILT_IN = Path(__file__).parents[1] / "connectors"
MANIFEST = "manifest.yaml"

_LOADED = "_entrepot_connectors"
"""Connectors' Python lives below this private package name, so that none can be imported by the name of its folder."""


class Entry(msgspec.Struct, frozen=True, dict=True):
    """One connector's folder. `reads` has `live` for a service and `archive` for files; `own`: it is no built-in one.

    The manifest itself is read by `manifest_file.load(entry.manifest)`, which costs more than all of this module.
    """

    id: str
    name: str
    summary: str
    kinds: tuple[str, ...]
    docs: str
    reads: tuple[str, ...]
    folder: Path
    own: bool = False
    importer: str | None = None
    uses: str | None = None

    @property
    def manifest(self) -> Path:
        return self.folder / MANIFEST

    def load(self, code: str) -> object:
        """What `module.Name` stands for in the folder; PersonMustFix where it is not there."""
        module, _, name = code.partition(".")
        try:
            return getattr(self._module(module), name)
        except AttributeError:
            raise PersonMustFix(f"{self.folder / module}.py has no {name}, which its manifest names.") from None

    def open_importer(self) -> FileImporter:
        """A new importer; PersonMustFix where this connector reads no files."""
        made = self.load(self.importer)() if self.importer else None  # pyright: ignore[reportCallIssue, reportUnknownVariableType] - what it is shows in the next line
        if not isinstance(made, FileImporter):
            raise PersonMustFix(f"{self.name} reads no files.")
        return made

    def _module(self, name: str) -> ModuleType:
        package = f"{self._package}.{name}"
        if package not in sys.modules:
            path = self.folder / f"{name}.py"
            if not path.is_file():
                raise PersonMustFix(f"{path} is missing; the manifest beside it names it.")
            _run(package, path)
        return sys.modules[package]

    @cached_property
    def _package(self) -> str:
        """A package of the folder's own, so that its modules import each other by `from .other import …`."""
        tag = "" if not self.own else f"_{abs(hash(str(self.folder))):x}"
        name = f"{_LOADED}.{self.id}{tag}"
        for each, paths in ((_LOADED, []), (name, [str(self.folder)])):
            if each not in sys.modules:
                spec = ModuleSpec(each, None, is_package=True)
                spec.submodule_search_locations = paths
                sys.modules[each] = importlib.util.module_from_spec(spec)
        return name


class Catalog:
    """`folders` hold further connectors' folders; one of the same id there goes before the built-in one."""

    def __init__(self, folders: Sequence[Path] = (), *, built_in: Path = BUILT_IN) -> None:
        self._folders = (built_in, *folders)
        self._built_in = built_in

    def listing(self) -> Sequence[Entry]:
        """All connectors by id."""
        return [self._entries[name] for name in sorted(self._entries)]

    def entry(self, connector: str) -> Entry:
        """The connector with this id; PersonMustFix with what it may have been meant to be."""
        found = self._entries.get(connector)
        if found is None:
            near = difflib.get_close_matches(connector.lower(), self._entries, n=3, cutoff=0.5)
            advice = f"Did you mean {' or '.join(near)}? " if near else ""
            raise PersonMustFix(f"There is no connector {connector!r}. {advice}All there are: entrepot connectors list")
        return found

    def __contains__(self, connector: object) -> bool:
        return connector in self._entries

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return {
            entry.id: entry
            for folder in self._folders
            if folder.is_dir()
            for path in sorted(folder.iterdir())
            if (entry := _entry(path, own=folder != self._built_in)) is not None
        }


def _entry(folder: Path, *, own: bool) -> Entry | None:
    """None where the folder holds no manifest; one whose first lines are wrong is listed under its folder's name."""
    try:
        identity = read_identity(folder / MANIFEST)
    except OSError:
        return None
    return Entry(
        id=folder.name,
        name=identity.get("name", folder.name),
        summary=identity.get("summary", ""),
        kinds=kinds_of(identity),
        docs=identity.get("docs", ""),
        reads=reads_of(identity),
        folder=folder,
        own=own,
        importer=identity.get("importer"),
        uses=identity.get("uses"),
    )


def _run(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
