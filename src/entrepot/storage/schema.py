"""All tables of all nouns, gathered in one schema: import this where the whole database is meant."""

from entrepot.storage import (
    app_registrations,
    collections,
    credentials,
    data_keys,
    events,
    integrations,
    items,
    links,
    runs,
    streams,
    token_journal,
    workspaces,
)
from entrepot.storage.metadata import METADATA

NOUNS = (
    workspaces,
    integrations,
    credentials,
    data_keys,
    app_registrations,
    token_journal,
    streams,
    collections,
    items,
    links,
    runs,
    events,
)
SCHEMA = METADATA
"""Whole, because the modules above have put their tables into it."""
