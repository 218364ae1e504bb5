"""Everything a hub is made of, built once from its settings, each part when it is first needed."""

import shlex
from functools import cached_property
from pathlib import Path

from entrepot.app.logs import logger
from entrepot.auth.connections import Connections
from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import Catalog
from entrepot.settings import Settings
from entrepot.storage import workspaces
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.transport.client import Log
from entrepot.vault.keys import CommandKeys, FileKeys, KeySource, TextKeys
from entrepot.vault.vault import Vault


class Services:
    """Close it when done: the database keeps files open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        make_folder(self.settings.data)
        return Database(self.settings.database_url)

    @cached_property
    def workspace(self) -> int:
        with self.database.read() as tx:
            return workspaces.first(tx)

    @cached_property
    def blobs(self) -> Blobs:
        return Blobs(self.settings.data / "blobs")

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog(self.settings.connectors)

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.key_source)

    @cached_property
    def log(self) -> Log:
        return logger(self.settings.log_level)

    @cached_property
    def connections(self) -> Connections:
        return Connections(
            self.database,
            self.vault,
            self.workspace,
            environment=self.settings.environment,
            allow_private=self.settings.private_hosts,
            log=self.log,
        )

    @cached_property
    def key_source(self) -> KeySource:
        """ENTREPOT_KEY goes before ENTREPOT_KEY_COMMAND, and that before the file."""
        if self.settings.key is not None:
            return TextKeys(self.settings.key)
        if self.settings.key_command is not None:
            return CommandKeys(_words(self.settings.key_command))
        make_folder(self.settings.key_file.parent)
        return FileKeys(self.settings.key_file)

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        raise PersonMustFix("ENTREPOT_KEY_COMMAND has a quotation mark that is not closed.") from None


def make_folder(folder: Path) -> None:
    """The hub's folder holds personal data and the key: nobody else may look into it."""
    if folder.exists() and not folder.is_dir():
        raise PersonMustFix(f"{folder} is a file; the hub needs a folder. Name another with --data DIR.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise PersonMustFix(
            f"The hub's folder {folder} cannot be made: {problem.strerror}. Name another with --data DIR."
        ) from None
