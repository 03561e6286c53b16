"""The tables, and the column types that let any text and any instant survive on both databases."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    false,
    func,
)
from sqlalchemy.types import TypeEngine

from escalade.time.instants import parse_instant

LAST_CHARACTER: Final = "\U0010ffff"
"""Sorts after every other character, byte by byte."""

_MARK: Final = "\ufdd0"
_ODD: Final = re.compile("[\x00\ufdd0\ud800-\udfff]")
_ESCAPED: Final = re.compile("\ufdd0([0-9a-f]{4})")


def to_stored(text: str) -> str:
    """A text that every database takes and that gives the same text back.

    PostgreSQL refuses NUL, and neither database takes half a surrogate pair; both come in from JSON that others
    write. They are kept as a non-character of Unicode and four hexadecimal digits.
    """
    return _ODD.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", text) if _ODD.search(text) else text


def from_stored(text: str) -> str:
    """The text that `to_stored` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if _MARK in text else text


def stored_instant(at: datetime) -> str:
    """An instant as text of fixed width, so that it orders as text on both databases: `2026-03-01T08:00:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _by_bytes(dialect: Dialect) -> TypeEngine[Any]:
    # Ordered by bytes everywhere: a locale's order differs between machines, and prefixes are looked up as ranges.
    # Not through `dialect.type_descriptor`, which would make VARCHAR of it.
    return Text(collation="C") if dialect.name == "postgresql" else Text()


# The methods that SQLAlchemy calls are described, and given their arguments, by SQLAlchemy.
# ruff: noqa: D102, ARG002


class Exact(TypeDecorator[str]):
    """A text kept exactly and compared byte by byte."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _by_bytes(dialect)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else to_stored(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else from_stored(str(value))


class Moment(TypeDecorator[datetime]):
    """An instant, kept as text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _by_bytes(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else stored_instant(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else parse_instant(str(value))


metadata = MetaData()

streams = Table(
    "streams",
    metadata,
    Column("name", Exact, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Exact, nullable=False),
    comment="Where each stream of the journal ends; its row is the lock of the stream's writer.",
)

entries = Table(
    "entries",
    metadata,
    Column("stream", Exact, ForeignKey("streams.name"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", Exact, nullable=False),
    Column("life", Exact, nullable=False),
    Column("at", Exact, nullable=False),
    Column("kind", Exact, nullable=False),
    Column("digest", Exact, nullable=False),
    Column("hash", Exact, nullable=False),
    UniqueConstraint("stream", "entry_id", name="uq_entries_entry_id"),
    comment="The journal. Triggers refuse every change, and every removal that no checkpoint covers.",
)

bodies = Table(
    "bodies",
    metadata,
    Column("stream", Exact, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary),
    ForeignKeyConstraint(["stream", "seq"], ["entries.stream", "entries.seq"], name="fk_bodies_entries"),
    comment="What the entries say: the bytes whose digest the chain covers. They may only be blanked.",
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("stream", Exact, ForeignKey("streams.name"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Exact, nullable=False),
    Column("before", Moment, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Column("record", Exact, nullable=False),
    Column("seal", Exact, nullable=False),
    comment="Up to where each stream was pruned, and the hash there. They only move forward.",
)

tickets = Table(
    "tickets",
    metadata,
    Column("key", Exact, primary_key=True),
    Column("life", Exact, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("status", Exact, nullable=False),
    Column("service", Exact, nullable=False),
    Column("team", Exact, nullable=False),
    Column("policy", Exact, nullable=False),
    Column("tier_name", Exact, nullable=False),
    Column("owner", Exact, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    Column("paged", Exact, nullable=False),
    Column("due_at", Moment),
    Column("opened_at", Moment, nullable=False),
    Column("merged_into", Exact, nullable=False),
    Column("words", Exact, nullable=False),
    Column("snapshot", Exact, nullable=False),
    Index("ix_tickets_open", "is_open", "severity", "due_at"),
    comment="The projection: the current state of each ticket, for lists. Never authority.",
)

lives = Table(
    "lives",
    metadata,
    Column("key", Exact, primary_key=True),
    Column("life", Exact, primary_key=True),
    comment="Which lives of a key were projected: a life that has been replaced never comes back.",
)

handled = Table(
    "handled",
    metadata,
    Column("key", Exact, primary_key=True),
    Column("events", Exact, nullable=False),
    comment="Event ids (hashed) that earlier lives of a key have handled, with epoch seconds, as JSON.",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("round_id", Exact, primary_key=True),
    Column("target", Exact, primary_key=True),
    Column("method", Exact, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("key", Exact, nullable=False),
    Column("life", Exact, nullable=False),
    Column("channel", Exact, nullable=False),
    Column("purpose", Exact, nullable=False),
    Column("number", Integer, nullable=False),
    Column("message_id", Exact, nullable=False),
    Column("intended_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Exact),
    Column("outcome_at", Moment),
    Column("provider_id", Exact, nullable=False),
    Column("detail", Exact, nullable=False),
    Column("possibly_twice", Boolean, nullable=False),
    Column("at_night", Boolean, nullable=False),
    Index("ix_deliveries_ticket", "key", "life", "intended_at"),
    Index("ix_deliveries_target", "target", "intended_at"),
    Index("ix_deliveries_provider", "provider_id"),
    comment="The delivery ledger: the intent before each attempt, the outcome after it.",
)

numbers = Table(
    "numbers",
    metadata,
    Column("target", Exact, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", Exact, nullable=False),
    Column("life", Exact, nullable=False),
    UniqueConstraint("target", "key", "life", name="uq_numbers_ticket"),
    comment="The short numbers by which a person answers about an open ticket.",
)

proofs = Table(
    "proofs",
    metadata,
    Column("person", Exact, primary_key=True),
    Column("method", Exact, primary_key=True),
    Column("tested_at", Moment, nullable=False),
    Column("outcome", Exact, nullable=False),
    Column("detail", Exact, nullable=False),
    Column("proven_at", Moment),
    comment="When each contact method was last tested, and last proven to work.",
)

slots = Table(
    "slots",
    metadata,
    Column("target", Exact, primary_key=True),
    Column("window", Exact, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("round_id", Exact, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("free_at", Moment, nullable=False),
    comment="Budgets: which slots of a person's windows are taken, and until when.",
)

grants = Table(
    "grants",
    metadata,
    Column("round_id", Exact, primary_key=True),
    Column("target", Exact, primary_key=True),
    Column("kind", Exact, nullable=False),
    Column("says", Exact, nullable=False),
    Column("at", Moment, nullable=False),
    Column("instead_of", Exact, nullable=False, server_default=""),
    Index("ix_grants_target", "target", "at"),
    comment="Who was granted a page in which round: another attempt at the round tells the same people.",
)

digests = Table(
    "digests",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("target", Exact, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("leaves_at", Moment, nullable=False),
    Column("started", Boolean, nullable=False),
    Column("closed_at", Moment),
    Column("sent_at", Moment),
    Column("receipts", Exact, nullable=False),
    UniqueConstraint("target", "n", name="uq_digests_target"),
    comment="Messages that gather several tickets for one person: at most one is open for each.",
)

digest_items = Table(
    "digest_items",
    metadata,
    Column("round_id", Exact, primary_key=True),
    Column("target", Exact, primary_key=True),
    Column("digest_id", Exact, ForeignKey("digests.id"), nullable=False),
    Column("key", Exact, nullable=False),
    Column("life", Exact, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("why", Exact, nullable=False),
    Column("brief", Exact, nullable=False),
    Column("any_hour", Boolean, nullable=False, server_default=false()),
    Column("joined_at", Moment, nullable=False),
    Column("state", Exact, nullable=False),
    Column("detail", Exact, nullable=False),
    Column("reported", Boolean, nullable=False),
    Index("ix_digest_items_digest", "digest_id", "reported"),
    comment="What is in a digest: a page of a round each, and what became of it.",
)


roster_revision = Table(
    "roster_revision",
    metadata,
    Column("name", Exact, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),
    comment="Counts what changes duty at run time: whoever keeps a copy sees by it whether the copy is good.",
)

roster_changes = Table(
    "roster_changes",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("kind", Exact, nullable=False),
    Column("schedule", Exact, nullable=False),
    Column("person", Exact, nullable=False),
    Column("start", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("removed_at", Moment),
    Column("body", Exact, nullable=False),
    Index("ix_roster_changes_window", "until", "start"),
    comment="Overrides, temporary schedules, swaps and time off. `until` is where it stops being in force.",
)

schedule_versions = Table(
    "schedule_versions",
    metadata,
    Column("schedule", Exact, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("body", Exact, nullable=False),
    comment="What each schedule said, from when on: the past is answered by the version of its time.",
)

feeds = Table(
    "feeds",
    metadata,
    Column("schedule", Exact, primary_key=True),
    Column("source", Exact, nullable=False),
    Column("etag", Exact, nullable=False),
    Column("modified", Exact, nullable=False),
    Column("fetched_at", Moment),
    Column("checked_at", Moment, nullable=False),
    Column("problem", Exact, nullable=False),
    Column("unknown", Exact, nullable=False),
    Column("text", LargeBinary),
    comment="Calendar feeds of schedules, as last read; `source` is a digest: addresses of feeds are secrets.",
)

imported_shifts = Table(
    "imported_shifts",
    metadata,
    Column("schedule", Exact, primary_key=True),
    Column("start", Moment, primary_key=True),
    Column("person", Exact, primary_key=True),
    Column("until", Moment, nullable=False),
    Index("ix_imported_shifts_window", "until", "start"),
    comment="Who is on duty by a schedule's feed.",
)


maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("until", Moment),
    Column("made_at", Moment, nullable=False),
    Column("made_by", Exact, nullable=False),
    Column("removed_at", Moment),
    Column("body", Exact, nullable=False),
    comment="Maintenance windows made by command. `until` is where one that is open once closes.",
)

maintenance_ends = Table(
    "maintenance_ends",
    metadata,
    Column("window_id", Exact, primary_key=True),
    Column("at", Moment, primary_key=True),
    comment="When an opening of a window was ended early; of those in the configuration, too.",
)


def contains(dialect: Dialect, column: Column[str], text: str) -> ColumnElement[bool]:
    """A condition: the column holds this text, letter by letter (LIKE reads wildcards, and folds case on SQLite)."""
    find = func.strpos if dialect.name == "postgresql" else func.instr
    return find(column, to_stored(text)) > 0


def starts_with(column: Column[str], prefix: str) -> ColumnElement[bool]:
    """A condition: the column begins with this text. A range over an index ordered by bytes."""
    return and_(column >= prefix, column < prefix + LAST_CHARACTER)
