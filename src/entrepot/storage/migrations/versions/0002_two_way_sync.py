"""The tables of two-way sync: bases, what comes in and goes out, conflicts, and the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("collections", sa.Column("synced", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("collections", sa.Column("policies", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("attachments", sa.Column("settings", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("attachments", sa.Column("planned_under", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("integrations", sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("integrations", sa.Column("permitted_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_links_item_id"), "links", ["item_id"])
    _create_bases()
    _create_incoming()
    _create_pending()
    _create_intents()
    _create_conflicts()
    _create_journal()
    _create_marks()
    _create_mappings()


def _create_bases() -> None:
    op.create_table(
        "bases",
        sa.Column("link_id", Key, autoincrement=False, nullable=False),
        sa.Column("attachment_id", Key, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("hub", sa.LargeBinary(), nullable=True),
        sa.Column("remote", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("link_id"),
    )
    op.create_index(op.f("ix_bases_attachment_id"), "bases", ["attachment_id"])


def _create_incoming() -> None:
    op.create_table(
        "incoming",
        sa.Column("id", Key, nullable=False),
        sa.Column("stream_id", Key, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("remote_collection", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("native", sa.LargeBinary(), nullable=False),
        sa.Column("native_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stream_id", "object_id"),
    )


def _create_pending() -> None:
    op.create_table(
        "pending",
        sa.Column("id", Key, nullable=False),
        sa.Column("attachment_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("attachment_id", "item_id"),
    )
    op.create_index("ix_pending_item", "pending", ["item_id"])


def _create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", Key, nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("attachment_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("link_id", Key, nullable=True),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("op"),
        sa.UniqueConstraint("attachment_id", "item_id"),
    )


def _create_conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("attachment_id", Key, nullable=False),
        sa.Column("link_id", Key, nullable=True),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index(
        "uq_conflicts_open",
        "conflicts",
        ["item_id", "attachment_id", "field"],
        unique=True,
        sqlite_where=sa.text("closed = ''"),
        postgresql_where=sa.text("closed = ''"),
    )


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", Key, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("workspace_id", Key, nullable=False),
        sa.Column("run_id", Key, nullable=True),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("attachment_id", Key, nullable=True),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", sa.LargeBinary(), nullable=True),
        sa.Column("more", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_by", Key, nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id"),
    )
    op.create_index("ix_journal_item", "journal", ["item_id", "id"])
    op.create_index("ix_journal_run", "journal", ["run_id", "id"])


def _create_marks() -> None:
    op.create_table(
        "marks",
        sa.Column("item_id", Key, autoincrement=False, nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item_id"),
    )
    op.create_table(
        "clock",
        sa.Column("id", Key, autoincrement=False, nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_mappings() -> None:
    op.create_table(
        "excluded",
        sa.Column("attachment_id", Key, autoincrement=False, nullable=False),
        sa.Column("item_id", Key, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("attachment_id", "item_id"),
    )
    op.create_table(
        "mappings",
        sa.Column("stream_id", Key, nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"]),
        sa.PrimaryKeyConstraint("stream_id"),
    )
