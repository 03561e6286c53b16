"""The journal, the delivery ledger and the projection, as they began.

A migration is history: it repeats the tables instead of importing them, because those will change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _journal()
    _projection()
    _ledger()
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(sa.text(statement))


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _journal() -> None:
    op.create_table(
        "streams",
        sa.Column("name", _text(), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", _text(), nullable=False),
        comment="Where each stream of the journal ends; its row is the lock of the stream's writer.",
    )
    op.create_table(
        "entries",
        sa.Column("stream", _text(), sa.ForeignKey("streams.name"), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entry_id", _text(), nullable=False),
        sa.Column("life", _text(), nullable=False),
        sa.Column("at", _text(), nullable=False),
        sa.Column("kind", _text(), nullable=False),
        sa.Column("digest", _text(), nullable=False),
        sa.Column("hash", _text(), nullable=False),
        sa.UniqueConstraint("stream", "entry_id", name="uq_entries_entry_id"),
        comment="The journal. Triggers refuse every change, and every removal that no checkpoint covers.",
    )
    op.create_table(
        "bodies",
        sa.Column("stream", _text(), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary),
        sa.ForeignKeyConstraint(["stream", "seq"], ["entries.stream", "entries.seq"], name="fk_bodies_entries"),
        comment="What the entries say: the bytes whose digest the chain covers. They may only be blanked.",
    )
    op.create_table(
        "checkpoints",
        sa.Column("stream", _text(), sa.ForeignKey("streams.name"), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", _text(), nullable=False),
        sa.Column("before", _text(), nullable=False),
        sa.Column("sealed_at", _text(), nullable=False),
        sa.Column("record", _text(), nullable=False),
        sa.Column("seal", _text(), nullable=False),
        comment="Up to where each stream was pruned, and the hash there. They only move forward.",
    )


def _projection() -> None:
    op.create_table(
        "tickets",
        sa.Column("key", _text(), primary_key=True),
        sa.Column("life", _text(), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("status", _text(), nullable=False),
        sa.Column("service", _text(), nullable=False),
        sa.Column("team", _text(), nullable=False),
        sa.Column("policy", _text(), nullable=False),
        sa.Column("tier_name", _text(), nullable=False),
        sa.Column("owner", _text(), nullable=False),
        sa.Column("acknowledged", sa.Boolean, nullable=False),
        sa.Column("paged", _text(), nullable=False),
        sa.Column("due_at", _text()),
        sa.Column("opened_at", _text(), nullable=False),
        sa.Column("merged_into", _text(), nullable=False),
        sa.Column("words", _text(), nullable=False),
        sa.Column("snapshot", _text(), nullable=False),
        comment="The projection: the current state of each ticket, for lists. Never authority.",
    )
    op.create_index("ix_tickets_open", "tickets", ["is_open", "severity", "due_at"])
    op.create_table(
        "lives",
        sa.Column("key", _text(), primary_key=True),
        sa.Column("life", _text(), primary_key=True),
        comment="Which lives of a key were projected: a life that has been replaced never comes back.",
    )
    op.create_table(
        "handled",
        sa.Column("key", _text(), primary_key=True),
        sa.Column("events", _text(), nullable=False),
        comment="Event ids (hashed) that earlier lives of a key have handled, with epoch seconds, as JSON.",
    )


def _ledger() -> None:
    op.create_table(
        "deliveries",
        sa.Column("round_id", _text(), primary_key=True),
        sa.Column("target", _text(), primary_key=True),
        sa.Column("method", _text(), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", _text(), nullable=False),
        sa.Column("life", _text(), nullable=False),
        sa.Column("channel", _text(), nullable=False),
        sa.Column("purpose", _text(), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("message_id", _text(), nullable=False),
        sa.Column("intended_at", _text(), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("outcome", _text()),
        sa.Column("outcome_at", _text()),
        sa.Column("provider_id", _text(), nullable=False),
        sa.Column("detail", _text(), nullable=False),
        sa.Column("possibly_twice", sa.Boolean, nullable=False),
        sa.Column("at_night", sa.Boolean, nullable=False),
        comment="The delivery ledger: the intent before each attempt, the outcome after it.",
    )
    op.create_index("ix_deliveries_ticket", "deliveries", ["key", "life", "intended_at"])
    op.create_index("ix_deliveries_target", "deliveries", ["target", "intended_at"])
    op.create_index("ix_deliveries_provider", "deliveries", ["provider_id"])
    op.create_table(
        "numbers",
        sa.Column("target", _text(), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", _text(), nullable=False),
        sa.Column("life", _text(), nullable=False),
        sa.UniqueConstraint("target", "key", "life", name="uq_numbers_ticket"),
        comment="The short numbers by which a person answers about an open ticket.",
    )
    op.create_table(
        "proofs",
        sa.Column("person", _text(), primary_key=True),
        sa.Column("method", _text(), primary_key=True),
        sa.Column("tested_at", _text(), nullable=False),
        sa.Column("outcome", _text(), nullable=False),
        sa.Column("detail", _text(), nullable=False),
        sa.Column("proven_at", _text()),
        comment="When each contact method was last tested, and last proven to work.",
    )


# SQLite. REPLACE removes rows without asking the DELETE triggers, hence a trigger on INSERT as well.
_SQLITE = (
    """
    CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: entries are never changed'); END
    """,
    """
    CREATE TRIGGER entries_never_replaced BEFORE INSERT ON entries
    WHEN EXISTS (SELECT 1 FROM entries WHERE stream = NEW.stream AND (seq = NEW.seq OR entry_id = NEW.entry_id))
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: entries are never replaced'); END
    """,
    """
    CREATE TRIGGER entries_leave_behind_checkpoints BEFORE DELETE ON entries
    WHEN NOT EXISTS (SELECT 1 FROM checkpoints WHERE stream = OLD.stream AND seq >= OLD.seq)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: entries are removed behind a sealed checkpoint only'); END
    """,
    """
    CREATE TRIGGER bodies_only_blanked BEFORE UPDATE ON bodies
    WHEN NEW.body IS NOT NULL OR NEW.stream IS NOT OLD.stream OR NEW.seq IS NOT OLD.seq
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a body may be blanked, never changed'); END
    """,
    """
    CREATE TRIGGER bodies_never_replaced BEFORE INSERT ON bodies
    WHEN EXISTS (SELECT 1 FROM bodies WHERE stream = NEW.stream AND seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: bodies are never replaced'); END
    """,
    """
    CREATE TRIGGER bodies_leave_behind_checkpoints BEFORE DELETE ON bodies
    WHEN NOT EXISTS (SELECT 1 FROM checkpoints WHERE stream = OLD.stream AND seq >= OLD.seq)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: bodies are removed behind a sealed checkpoint only'); END
    """,
    """
    CREATE TRIGGER checkpoints_move_forward BEFORE UPDATE ON checkpoints
    WHEN NEW.stream IS NOT OLD.stream OR NEW.seq <= OLD.seq
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: checkpoints only move forward'); END
    """,
    """
    CREATE TRIGGER checkpoints_never_replaced BEFORE INSERT ON checkpoints
    WHEN EXISTS (SELECT 1 FROM checkpoints WHERE stream = NEW.stream)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: checkpoints are never replaced'); END
    """,
    """
    CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: checkpoints stay'); END
    """,
    """
    CREATE TRIGGER streams_move_forward BEFORE UPDATE ON streams
    WHEN NEW.name IS NOT OLD.name OR NEW.seq <= OLD.seq
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: heads only move forward'); END
    """,
    """
    CREATE TRIGGER streams_stay BEFORE DELETE ON streams
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: streams stay'); END
    """,
)

_POSTGRES = (
    """
    CREATE FUNCTION escalade_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the journal is append-only: % of % is refused', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE FUNCTION escalade_behind_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.stream = OLD.stream AND c.seq >= OLD.seq) THEN
        RAISE EXCEPTION 'the journal is append-only: % leave behind a sealed checkpoint only', TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END IF;
      RETURN OLD;
    END $$
    """,
    "CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION escalade_refuse()",
    """
    CREATE TRIGGER entries_leave_behind_checkpoints BEFORE DELETE ON entries
    FOR EACH ROW EXECUTE FUNCTION escalade_behind_checkpoint()
    """,
    """
    CREATE TRIGGER bodies_only_blanked BEFORE UPDATE ON bodies FOR EACH ROW
    WHEN (NEW.body IS NOT NULL OR NEW.stream IS DISTINCT FROM OLD.stream OR NEW.seq IS DISTINCT FROM OLD.seq)
    EXECUTE FUNCTION escalade_refuse()
    """,
    """
    CREATE TRIGGER bodies_leave_behind_checkpoints BEFORE DELETE ON bodies
    FOR EACH ROW EXECUTE FUNCTION escalade_behind_checkpoint()
    """,
    """
    CREATE TRIGGER checkpoints_move_forward BEFORE UPDATE ON checkpoints FOR EACH ROW
    WHEN (NEW.stream IS DISTINCT FROM OLD.stream OR NEW.seq <= OLD.seq) EXECUTE FUNCTION escalade_refuse()
    """,
    "CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION escalade_refuse()",
    """
    CREATE TRIGGER streams_move_forward BEFORE UPDATE ON streams FOR EACH ROW
    WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.seq <= OLD.seq) EXECUTE FUNCTION escalade_refuse()
    """,
    "CREATE TRIGGER streams_stay BEFORE DELETE ON streams FOR EACH ROW EXECUTE FUNCTION escalade_refuse()",
    *(
        f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION escalade_refuse()"
        for table in ("streams", "entries", "bodies", "checkpoints")
    ),
)
