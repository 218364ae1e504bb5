"""Typed settings, and the only place where the environment is read.

Plain msgspec: a settings library costs more start-up time than the whole of `entrepot connectors list`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec
import platformdirs

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret

VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "ENTREPOT_DATA": "the folder that holds the hub: its database, its files, its key",
        "ENTREPOT_DATABASE_URL": "another database, such as postgresql+psycopg://user@host/name, in place of SQLite",
        "ENTREPOT_KEY": "the master key of the vault: 32 bytes as base64",
        "ENTREPOT_KEY_FILE": "where the master key is kept without ENTREPOT_KEY; made with mode 0600 on first start",
        "ENTREPOT_KEY_COMMAND": "a command that prints the master key, run without a shell",
        "ENTREPOT_CONNECTORS": f"further folders of connectors, separated by {os.pathsep!r}",
        "ENTREPOT_CONTRACTS": "the folder of vendors' published API documents for `entrepot connectors check`",
        "ENTREPOT_PRIVATE_HOSTS": "`deny` forbids addresses of the own network that a person gives; `allow` by default",
        "ENTREPOT_LOG": "the least level that is logged: debug, info, warning (default), error",
    }
)
"""Every variable the hub reads, besides the app registrations `<CONNECTOR>_CLIENT_ID` and `_CLIENT_SECRET`."""

_T = TypeVar("_T")
_YES = {"allow": True, "deny": False}
_LEVELS = ("debug", "info", "warning", "error")


class Environment(dict[str, str]):
    """Variables by name. Among them are client secrets, so it does not show what it holds."""

    def __repr__(self) -> str:
        return f"Environment({len(self)} variables)"


class Settings(msgspec.Struct, frozen=True):
    """`environment` is handed to the app registrations alone, which name their variables by connector."""

    data: Path
    database_url: str
    key_file: Path
    key: Secret | None = None
    key_command: str | None = None
    connectors: tuple[Path, ...] = ()
    contracts: Path | None = None
    private_hosts: bool = True
    log_level: str = "warning"
    environment: Mapping[str, str] = Environment()


def read(environ: Mapping[str, str], *, data: Path | None = None) -> Settings:
    """Settings from the environment; `data` (a command's option) goes before ENTREPOT_DATA."""
    given = _expanded(data, "--data") if data else _path(environ, "ENTREPOT_DATA")
    folder = given or Path(platformdirs.user_data_dir("entrepot"))
    key = environ.get("ENTREPOT_KEY")
    return Settings(
        data=folder,
        database_url=environ.get("ENTREPOT_DATABASE_URL") or f"sqlite:///{folder.absolute() / 'hub.sqlite'}",
        key_file=_path(environ, "ENTREPOT_KEY_FILE") or folder / "key",
        key=Secret(key) if key else None,
        key_command=environ.get("ENTREPOT_KEY_COMMAND") or None,
        connectors=tuple(
            _expanded(Path(folder), "ENTREPOT_CONNECTORS")
            for folder in environ.get("ENTREPOT_CONNECTORS", "").split(os.pathsep)
            if folder
        ),
        contracts=_path(environ, "ENTREPOT_CONTRACTS"),
        private_hosts=_choice(environ, "ENTREPOT_PRIVATE_HOSTS", _YES, default="allow"),
        log_level=_choice(environ, "ENTREPOT_LOG", {level: level for level in _LEVELS}, default="warning"),
        environment=Environment(environ),
    )


def read_own(*, data: Path | None = None) -> Settings:
    """Settings of this process."""
    return read(os.environ, data=data)


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    return _expanded(Path(value), name) if value else None


def _expanded(path: Path, name: str) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise PersonMustFix(
            f"{name} is {str(path)!r}, and nobody knows whose home that is. Write the whole path."
        ) from None


def _choice(environ: Mapping[str, str], name: str, choices: Mapping[str, _T], *, default: str) -> _T:
    value = environ.get(name, default).strip().lower()
    if value not in choices:
        raise PersonMustFix(f"{name} is {value!r}; it may be {', '.join(choices)}.")
    return choices[value]
