"""All tables of all nouns, gathered in one schema: import this where the whole database is meant."""

from entrepot.storage import (
    app_registrations,
    bases,
    collections,
    conflicts,
    credentials,
    data_keys,
    events,
    excluded,
    incoming,
    integrations,
    intents,
    items,
    journal,
    links,
    mappings,
    marks,
    pending,
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
    bases,
    incoming,
    pending,
    intents,
    conflicts,
    journal,
    marks,
    excluded,
    mappings,
    runs,
    events,
)
SCHEMA = METADATA
"""Whole, because the modules above have put their tables into it."""
