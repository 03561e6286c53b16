"""Bringing a database to the tables this version needs, from any version before it."""

from __future__ import annotations

import logging
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from escalade.errors import StoreError
from store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

REVISION: Final = "0006"
"""The newest migration. Known here so that opening an up-to-date store need not import Alembic."""

_KNOWN: Final = ("0001", "0002", "0003", "0004", "0005", REVISION)
"""Every migration there is, oldest first: another one in a database is of a newer version."""

VERSION_TABLE: Final = "escalade_version"
_LOCK: Final = 0x45534341  # "ESCA": the advisory lock of whoever migrates

logger = logging.getLogger(__name__)


def bring_up_to_date(database: Database, *, migrate: bool) -> None:
    """See that the database has the tables of this version.

    Several processes may start at once: one migrates under a lock, the others wait and find it done.

    Args:
        database: the database.
        migrate: whether to change it; otherwise one that is out of date is refused.

    Raises:
        StoreError: when the database is out of date and may not be migrated, was made by a newer version,
            or does not keep text as UTF-8.
    """
    with database.reading() as connection:
        _check_encoding(database, connection)
        found = _revision(connection)
    if found == REVISION:
        return
    if found is not None and found not in _KNOWN:
        raise StoreError(
            f"The store {database.place} was made by a newer version of Escalade (revision {found}).",
            mend="Use that version, or restore a backup made before the upgrade.",
        )
    if not migrate:
        what = f"has the tables of revision {found}" if found else "has no tables"
        raise StoreError(
            f"The store {database.place} {what}; this version needs {REVISION}.",
            mend="Start `escalade up` or `escalade worker`: they bring it up to date.",
        )
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = _revision(connection)
        if found != REVISION:
            _upgrade(database, connection, found)


def _upgrade(database: Database, connection: Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415  it takes 0.2 s, and nearly every start needs nothing of it

    with as_file(files("store") / "migrations") as scripts:
        config = configure(str(scripts), connection)
        logger.info("bringing the store %s from revision %s to %s", database.place, found or "none", REVISION)
        command.upgrade(config, REVISION)


def configure(scripts: str, connection: Connection) -> Config:
    """Alembic's configuration for the packaged migrations, on a connection whose transaction the caller owns."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  a constant


def _check_encoding(database: Database, connection: Connection) -> None:
    if database.is_sqlite:
        return
    encoding = connection.execute(text("SELECT current_setting('server_encoding')")).scalar_one()
    if encoding != "UTF8":
        raise StoreError(
            f"The database of the store {database.place} keeps text as {encoding}.",
            mend="Create one with `createdb --encoding=UTF8 --template=template0` and name it in ESCALADE_STORE.",
        )
