"""For whom somebody stands in who was granted a page.

A migration is history: it repeats the tables instead of importing them, because those will change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing was kept of it before: whoever was granted a page then counts as told for their own sake.
    op.add_column("grants", sa.Column("instead_of", _text(), nullable=False, server_default=""))


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
