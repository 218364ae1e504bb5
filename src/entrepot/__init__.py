"""Entrepôt: an integration hub that imports, keeps in sync and acts on the data people have in other services."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["AsyncHub", "Hub", "__version__"]  # pyright: ignore[reportUnsupportedDunderAll]  # made by __getattr__


def __getattr__(name: str) -> Any:
    """`from entrepot import Hub` loads the hub when it is asked for, so that commands which need none start fast."""
    if name in {"AsyncHub", "Hub"}:
        return getattr(import_module("entrepot.app.hub"), name)
    raise AttributeError(f"module 'entrepot' has no attribute {name!r}")
