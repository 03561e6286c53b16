"""Maintenance windows made by command, and openings that were ended early."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "maintenance_windows",
        sa.Column("id", _text(), primary_key=True),
        sa.Column("until", _text()),
        sa.Column("made_at", _text(), nullable=False),
        sa.Column("made_by", _text(), nullable=False),
        sa.Column("removed_at", _text()),
        sa.Column("body", _text(), nullable=False),
        comment="Maintenance windows made by command. `until` is where one that is open once closes.",
    )
    op.create_table(
        "maintenance_ends",
        sa.Column("window_id", _text(), primary_key=True),
        sa.Column("at", _text(), primary_key=True),
        comment="When an opening of a window was ended early; of those in the configuration, too.",
    )


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
