"""Budgets of pages per person, and digests.

A migration is history: it repeats the tables instead of importing them, because those will change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slots",
        sa.Column("target", _text(), primary_key=True),
        sa.Column("window", _text(), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("round_id", _text(), nullable=False),
        sa.Column("taken_at", _text(), nullable=False),
        sa.Column("free_at", _text(), nullable=False),
        comment="Budgets: which slots of a person's windows are taken, and until when.",
    )
    op.create_table(
        "grants",
        sa.Column("round_id", _text(), primary_key=True),
        sa.Column("target", _text(), primary_key=True),
        sa.Column("kind", _text(), nullable=False),
        sa.Column("says", _text(), nullable=False),
        sa.Column("at", _text(), nullable=False),
        comment="Who was granted a page in which round: another attempt at the round tells the same people.",
    )
    op.create_index("ix_grants_target", "grants", ["target", "at"])
    op.create_table(
        "digests",
        sa.Column("id", _text(), primary_key=True),
        sa.Column("target", _text(), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("opened_at", _text(), nullable=False),
        sa.Column("leaves_at", _text(), nullable=False),
        sa.Column("started", sa.Boolean, nullable=False),
        sa.Column("closed_at", _text()),
        sa.Column("sent_at", _text()),
        sa.Column("receipts", _text(), nullable=False),
        sa.UniqueConstraint("target", "n", name="uq_digests_target"),
        comment="Messages that gather several tickets for one person: at most one is open for each.",
    )
    op.create_table(
        "digest_items",
        sa.Column("round_id", _text(), primary_key=True),
        sa.Column("target", _text(), primary_key=True),
        sa.Column("digest_id", _text(), sa.ForeignKey("digests.id"), nullable=False),
        sa.Column("key", _text(), nullable=False),
        sa.Column("life", _text(), nullable=False),
        sa.Column("rung", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("why", _text(), nullable=False),
        sa.Column("brief", _text(), nullable=False),
        sa.Column("joined_at", _text(), nullable=False),
        sa.Column("state", _text(), nullable=False),
        sa.Column("detail", _text(), nullable=False),
        sa.Column("reported", sa.Boolean, nullable=False),
        comment="What is in a digest: a page of a round each, and what became of it.",
    )
    op.create_index("ix_digest_items_digest", "digest_items", ["digest_id", "reported"])


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
