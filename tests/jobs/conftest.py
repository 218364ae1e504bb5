"""Runs are tested on the databases and with the integration that the storage tests use."""

from tests.storage.conftest import database, place, postgres, url

__all__ = ["database", "place", "postgres", "url"]
