"""A counter of what moves duty at run time, so that a copy of it can be kept and known to be good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, select, update

from store.database import insert_if_new
from store.tables import roster_revision

_NAME: Final = "roster"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RosterRevision(NamedTuple):
    """How often it changed, and when it last did."""

    number: int = 0
    changed_at: datetime = _NEVER


def revision(connection: Connection) -> RosterRevision:
    """The revision as this transaction sees it."""
    query = select(roster_revision.c.number, roster_revision.c.changed_at).where(roster_revision.c.name == _NAME)
    row = connection.execute(query).one_or_none()
    return RosterRevision() if row is None else RosterRevision(row.number, row.changed_at)


def advance(connection: Connection, at: datetime) -> None:
    """Count one change, in the transaction that makes it."""
    first = {"name": _NAME, "number": 1, "changed_at": at}
    if not insert_if_new(connection, roster_revision, first):
        values = {"number": roster_revision.c.number + 1, "changed_at": at}
        connection.execute(update(roster_revision).where(roster_revision.c.name == _NAME).values(values))
