"""What the databases' errors mean to a person."""

from __future__ import annotations

from typing import Final

from escalade.errors import StoreError

_MEANINGS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (
        ("database is locked", "lock timeout", "deadlock detected", "too many clients"),
        "is busy",
        "Another process holds it; try again, and look for one that is stopped half way.",
    ),
    (
        ("readonly database", "read-only", "permission denied", "must be owner"),
        "may not be written",
        "Give this user the right to write: the file and its directory, or the PostgreSQL database.",
    ),
    (
        ("unable to open database file", "no such file or directory: '"),
        "cannot be opened",
        "Check ESCALADE_STORE: the directory must exist and be writable.",
    ),
    (
        ("not a database", "malformed", "disk image"),
        "is damaged, or is no SQLite database",
        "Check ESCALADE_STORE; if the file is the right one, restore it from a backup.",
    ),
    (("is full", "no space left"), "has no room left", "Make room on its disk; what waits is written then."),
    (
        ("password authentication failed", "no password supplied", "pg_hba.conf", "authentication failed"),
        "refused the login",
        "Check user and password in ESCALADE_STORE.",
    ),
    (
        # SQLite's words; PostgreSQL's are the next.
        ("no such table", "no such column"),
        "lacks what Escalade needs",
        "Check ESCALADE_STORE: the file is damaged or another program's; if it is the right one, restore a backup.",
    ),
    (
        ("does not exist",),
        "lacks what Escalade needs",
        "Create the database (createdb) and let `escalade up` or `escalade worker` bring it up to date.",
    ),
    (
        (
            "connection refused",
            "connection failed",
            "could not connect",
            "connection timeout",
            "timeout expired",
            "server closed the connection",
            "terminating connection",
            "starting up",
            "shutting down",
            "could not translate host name",
            "failed to resolve host",
            "no such file or directory",
            "connection is bad",
            "the connection is closed",
            "the connection is lost",
            "consuming input failed",
        ),
        "cannot be reached",
        "Start the database, or correct ESCALADE_STORE; entries wait until then.",
    ),
    (("queuepool limit",), "has too many calls waiting", "Try again; if it stays so, look at what the database does."),
)


def translate(error: Exception, place: str) -> StoreError:
    """The error of the store for an error of its database.

    Args:
        error: what the driver or SQLAlchemy raised.
        place: the store's address without its password.

    Returns:
        A `StoreError` that says which store, what is wrong with it in one line, and how to mend it.
    """
    cause = getattr(error, "orig", None) or error
    first = next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
    said = str(cause).lower()
    for signs, meaning, mend in _MEANINGS:
        if any(sign in said for sign in signs):
            return StoreError(f"The store {place} {meaning} ({first}).", mend=mend)
    return StoreError(f"The store {place} answered with an error ({first}).", mend="Look at the database's own log.")
