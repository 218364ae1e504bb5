"""Alembic asks here how to reach the database: over the connection that `migration.migrate` hands in."""

from alembic import context

from entrepot.storage.schema import SCHEMA

context.configure(connection=context.config.attributes["connection"], target_metadata=SCHEMA, render_as_batch=True)
context.run_migrations()
