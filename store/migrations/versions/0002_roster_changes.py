"""What changes duty at run time: changes people make, versions of schedules, and calendar feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _changes()
    _versions()
    _feeds()


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _changes() -> None:
    op.create_table(
        "roster_revision",
        sa.Column("name", _text(), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("changed_at", _text(), nullable=False),
        comment="Counts what changes duty at run time: whoever keeps a copy sees by it whether the copy is good.",
    )
    op.create_table(
        "roster_changes",
        sa.Column("id", _text(), primary_key=True),
        sa.Column("kind", _text(), nullable=False),
        sa.Column("schedule", _text(), nullable=False),
        sa.Column("person", _text(), nullable=False),
        sa.Column("start", _text(), nullable=False),
        sa.Column("until", _text(), nullable=False),
        sa.Column("made_at", _text(), nullable=False),
        sa.Column("removed_at", _text()),
        sa.Column("body", _text(), nullable=False),
        comment="Overrides, temporary schedules, swaps and time off. `until` is where it stops being in force.",
    )
    op.create_index("ix_roster_changes_window", "roster_changes", ["until", "start"])


def _versions() -> None:
    op.create_table(
        "schedule_versions",
        sa.Column("schedule", _text(), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", _text(), nullable=False),
        sa.Column("body", _text(), nullable=False),
        comment="What each schedule said, from when on: the past is answered by the version of its time.",
    )


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("schedule", _text(), primary_key=True),
        sa.Column("source", _text(), nullable=False),
        sa.Column("etag", _text(), nullable=False),
        sa.Column("modified", _text(), nullable=False),
        sa.Column("fetched_at", _text()),
        sa.Column("checked_at", _text(), nullable=False),
        sa.Column("problem", _text(), nullable=False),
        sa.Column("unknown", _text(), nullable=False),
        sa.Column("text", sa.LargeBinary),
        comment="Calendar feeds of schedules, as last read; `source` is a digest: addresses of feeds are secrets.",
    )
    op.create_table(
        "imported_shifts",
        sa.Column("schedule", _text(), primary_key=True),
        sa.Column("start", _text(), primary_key=True),
        sa.Column("person", _text(), primary_key=True),
        sa.Column("until", _text(), nullable=False),
        comment="Who is on duty by a schedule's feed.",
    )
    op.create_index("ix_imported_shifts_window", "imported_shifts", ["until", "start"])
