"""Imports are tested on the databases and with the integration that the storage tests use."""

from tests.storage.conftest import database, postgres, url

__all__ = ["database", "postgres", "url"]
