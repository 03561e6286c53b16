"""Which pages in a digest are told in quiet hours as by day.

A migration is history: it repeats the tables instead of importing them, because those will change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing was kept of it before: what is in a digest already waits as it did.
    op.add_column("digest_items", sa.Column("any_hour", sa.Boolean(), nullable=False, server_default=sa.false()))
