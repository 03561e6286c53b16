"""The connection to the database: how it is opened, and what a reading and a writing are."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from escalade.errors import StoreError
from store.failures import translate

BUSY_SECONDS: Final = 10
"""How long a call waits for another writer before it gives up and is tried again by whoever asked."""

_ADDRESSES: Final = "Write sqlite:///path/to/file.db or postgresql+psycopg://user:password@host/database."
_IMMEDIATE: Final = "escalade_immediate"
_POSTGRES: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 30,
    "application_name": "escalade",
    "client_encoding": "utf8",
    # A writer that is stopped half way must not keep the head of a stream from everybody else.
    "options": f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout=60s",
}


class Database:
    """One database, reached from any thread."""

    def __init__(self, url: str) -> None:
        self._url = _read(url)
        self.place = self._url.render_as_string(hide_password=True)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        # SQLite wakes its writers by polling; in one process a lock makes them take turns instead.
        self._turn = threading.Lock() if self.is_sqlite else None
        self.engine = self._sqlite() if self.is_sqlite else self._postgres()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose statements all see one state of the database."""
        with self._translated(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end, or rolled back whole.

        On SQLite it holds the one write lock from the start, so that nothing read in it can be out of date.
        """
        with self._translated(), self._in_turn(), self.engine.connect() as connection:
            connection.execution_options(**{_IMMEDIATE: True})
            with connection.begin():
                yield connection

    def scrub(self) -> None:
        """Remove what was erased from the database's own log as well, where this is ours to do."""
        if self.is_sqlite:
            with self._translated(), self._in_turn(), self.engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise translate(error, self.place) from error

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise StoreError(f"The store {self.place} is busy.", mend="Try again.")
        try:
            yield
        finally:
            self._turn.release()

    def _sqlite(self) -> Engine:
        engine = create_engine(self._url, pool_timeout=BUSY_SECONDS, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgres(self) -> Engine:
        given = dict(self._url.query)
        options = {name: value for name, value in _POSTGRES.items() if name not in given}
        try:
            return create_engine(
                self._url, pool_timeout=BUSY_SECONDS, pool_pre_ping=True, pool_size=8, connect_args=options
            )
        except ModuleNotFoundError as error:
            raise StoreError(
                f"The store {self.place} needs the driver {error.name}.", mend="pip install 'escalade[postgres]'"
            ) from error

    def make_directory(self) -> None:
        """Create the directory of a SQLite file that does not exist yet."""
        if self.file is not None:
            with self._translated():
                self.file.parent.mkdir(parents=True, exist_ok=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a server."""
        return Path(str(self._url.database)) if self.is_sqlite else None

    @property
    def is_missing(self) -> bool:
        """Whether it is a SQLite file that does not exist yet."""
        return self.file is not None and not self.file.exists()

    def refuse_missing(self) -> None:
        """Refuse a SQLite file that does not exist: connecting would create an empty one.

        Raises:
            StoreError: when there is no such file.
        """
        if self.is_missing:
            raise StoreError(
                f"The store {self.place} does not exist yet.",
                mend="Check ESCALADE_STORE, or start `escalade up` or `escalade worker`, which create it.",
            )


def insert_if_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there, also when another transaction inserts it at this instant.

    Returns:
        Whether it was inserted.
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table).values(values).on_conflict_do_nothing()
    # Not by the row count, which SQLAlchemy does not keep for an INSERT.
    return connection.execute(insert.returning(*table.primary_key)).first() is not None


def _read(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        # The address is not repeated: it may hold a password.
        raise StoreError("The address of the store cannot be read.", mend=_ADDRESSES) from error
    if backend in ("postgres", "postgresql"):
        # libpq's own spelling of the scheme, and the one driver that is tested.
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"The store cannot be kept in {backend}.", mend=_ADDRESSES)
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("The store needs a file: one in memory would forget everything.", mend=_ADDRESSES)
    return parsed


def _prepare_sqlite(raw: sqlite3.Connection, _record: Any) -> None:
    # Transactions are begun by us (see _begin_sqlite), not by the driver when it sees fit.
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    _write_ahead(raw)
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA foreign_keys=ON")
    # What is erased is overwritten, not only unlinked.
    raw.execute("PRAGMA secure_delete=ON")


def _write_ahead(raw: sqlite3.Connection) -> None:
    # The switch to WAL needs the file for itself for an instant, and SQLite does not wait for that by itself.
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
