"""What is checked: one connector's folder, read once, with the folder of contracts it may be held to."""

from functools import cached_property
from pathlib import Path

import msgspec
import yaml

from entrepot.sdk.catalog import Entry
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_file import Examined, examine

NOT_CHECKED = "not checked: "
"""How a rule begins what it could not look at: no mistake, and no pass."""


class Subject(msgspec.Struct, frozen=True, dict=True):
    """`contracts` is the folder of vendors' documents; it may be absent."""

    entry: Entry
    contracts: Path | None = None

    @property
    def folder(self) -> Path:
        return self.entry.folder

    @cached_property
    def examined(self) -> Examined:
        return examine(self.entry.manifest)

    @property
    def manifest(self) -> Manifest | None:
        """None where it cannot be read; the rule of the manifest says so, and the others are silent then."""
        return self.examined.manifest

    @property
    def is_live(self) -> bool:
        return self.manifest is not None and self.manifest.is_live

    def yaml(self, name: str) -> object:
        """A YAML file of the folder, None where it is absent; ValueError where it is none."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            return yaml.safe_load(path.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as why:
            raise ValueError(f"{name} is not YAML: {why}") from why
