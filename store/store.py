"""The store: opened by its address, used from any thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import delete, insert, text

from store.audit import Audit
from store.budgets import Budgets
from store.database import Database
from store.digests import Digests
from store.feeds import Feeds
from store.journal import Journal
from store.ledger import Ledger
from store.maintenance import MaintenanceWindows
from store.migrate import bring_up_to_date
from store.projection import Projection
from store.proofs import Proofs
from store.retention import Retention
from store.roster import RosterChanges
from store.tables import slots
from store.versions import Versions


def _now() -> datetime:
    return datetime.now(UTC)


class Store(
    Journal,
    Audit,
    Retention,
    Projection,
    Ledger,
    Proofs,
    RosterChanges,
    Versions,
    Feeds,
    MaintenanceWindows,
    Budgets,
    Digests,
):
    """What is kept, in one database: journal, projection, ledger, proofs, roster changes, windows, budgets, digests.

    Everything is synchronous and safe to call from several threads and processes at once. Whatever is wrong with
    the database comes out as a `StoreError` that says what to do about it; nothing is written then.
    """

    @classmethod
    def open(cls, url: str, *, migrate: bool = True, now: Callable[[], datetime] = _now) -> Self:
        """Open the store.

        Args:
            url: `sqlite:///path/to/file.db` (created when missing) or `postgresql+psycopg://…`.
            migrate: bring the database to the tables of this version first; several processes may do so at once.
            now: the clock for what the store itself records.

        Raises:
            StoreError: when it cannot be reached, opened or read, is out of date and `migrate` is false, or was
                made by a newer version.
        """
        database = Database(url)
        try:
            if migrate:
                database.make_directory()
            else:
                database.refuse_missing()
            bring_up_to_date(database, migrate=migrate)
        except BaseException:
            database.close()
            raise
        return cls(database, now)

    def close(self) -> None:
        """Give all connections back. The store is of no use after that."""
        self.database.close()

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreError: when there is none.
        """
        with self.database.reading() as connection:
            connection.execute(text("SELECT 1"))

    def prove_writing(self) -> None:
        """Write a row, take it away again, and commit that: the database takes what is written, down to its disk.

        Raises:
            StoreError: when it does not.
        """
        key = {"target": f"proof/{uuid.uuid4()}", "window": "proof", "n": 1}
        with self.database.writing() as connection:
            # Of the budgets, which are the tables where rows come and go: the journal's only grow. A transaction that
            # is rolled back would touch no disk: SQLite writes at the commit.
            now = self.now()
            connection.execute(insert(slots).values(**key, round_id="", taken_at=now, free_at=now))
            connection.execute(delete(slots).where(slots.c.target == key["target"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
