"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_item_files()
    _create_items()
    _create_links()
    _create_natives()
    _create_seen()
    _create_workspaces()
    _create_app_registrations()
    _create_collections()
    _create_data_keys()
    _create_events()
    _create_integrations()
    _create_credentials()
    _create_runs()
    _create_streams()
    _create_token_journal()
    _create_attachments()
    _create_positions()
    _create_refused()


def _create_item_files() -> None:
    op.create_table(
        "item_files",
        sa.Column("id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", Key, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "sha256", "name"),
    )
    op.create_index(op.f("ix_item_files_sha256"), "item_files", ["sha256"])


def _create_items() -> None:
    op.create_table(
        "items",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("collection_id", Key, nullable=True),
        sa.Column("source_integration_id", Key, nullable=False),
        sa.Column("source_platform", sa.Text(), nullable=False),
        sa.Column("source_object_id", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index(
        "ix_items_collection",
        "items",
        ["collection_id", "id"],
        sqlite_where=sa.text("collection_id IS NOT NULL"),
        postgresql_where=sa.text("collection_id IS NOT NULL"),
    )
    op.create_index("ix_items_source", "items", ["source_integration_id", "kind", "deleted_at", "id"])


def _create_links() -> None:
    op.create_table(
        "links",
        sa.Column("id", Key, nullable=False),
        sa.Column("stream_id", Key, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("collection_id", Key, nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("native_hash", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stream_id", "object_id"),
    )


def _create_natives() -> None:
    op.create_table(
        "natives",
        sa.Column("link_id", Key, autoincrement=False, nullable=False),
        sa.Column("native", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link_id"),
    )


def _create_seen() -> None:
    op.create_table(
        "seen",
        sa.Column("id", Key, nullable=False),
        sa.Column("stream_id", Key, nullable=False),
        sa.Column("remote_collection", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("unread", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_seen_stream_id"), "seen", ["stream_id"])


def _create_workspaces() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )


def _create_app_registrations() -> None:
    op.create_table(
        "app_registrations",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
        sa.UniqueConstraint("workspace_id", "connector"),
    )


def _create_collections() -> None:
    op.create_table(
        "collections",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )


def _create_data_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("id", Key, nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("master_key_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_id"),
    )
    op.create_index(op.f("ix_data_keys_master_key_id"), "data_keys", ["master_key_id"])
    op.create_index("ix_data_keys_workspace", "data_keys", ["workspace_id"])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", Key, nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("integration_id", Key, nullable=False),
        sa.Column("stream_id", Key, nullable=True),
        sa.Column("run_id", Key, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_integrations() -> None:
    op.create_table(
        "integrations",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index(
        "uq_integrations_name",
        "integrations",
        ["workspace_id", "name"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", Key, nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("integration_id", Key, nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("refresh_by", sa.BigInteger(), nullable=True),
        sa.Column("renewed_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"]),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("integration_id"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("integration_id", Key, nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("want", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"]),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index(op.f("ix_runs_status"), "runs", ["status"])
    op.create_index(
        "uq_runs_running",
        "runs",
        ["integration_id"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )


def _create_streams() -> None:
    op.create_table(
        "streams",
        sa.Column("id", Key, nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("integration_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remote_collections", sa.Text(), nullable=True),
        sa.Column("remote_collections_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"]),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("integration_id", "name"),
    )


def _create_token_journal() -> None:
    op.create_table(
        "token_journal",
        sa.Column("id", Key, nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("integration_id", Key, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["integration_id"], ["integrations.id"]),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_token_journal_integration", "token_journal", ["integration_id", "outcome"])


def _create_attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", Key, nullable=False),
        sa.Column("stream_id", Key, nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("remote_name", sa.Text(), nullable=False),
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"]),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stream_id", "remote_id"),
    )


def _create_positions() -> None:
    op.create_table(
        "positions",
        sa.Column("stream_id", Key, nullable=False),
        sa.Column("remote_collection", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("listing", sa.Boolean(), nullable=False),
        sa.Column("newest_link", Key, nullable=False),
        sa.Column("listed_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"]),
        sa.PrimaryKeyConstraint("stream_id", "remote_collection"),
    )


def _create_refused() -> None:
    op.create_table(
        "refused",
        sa.Column("id", Key, nullable=False),
        sa.Column("run_id", Key, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refused_run_id", "refused", ["run_id"])
