"""What a dry run goes by: the configuration, and what was changed since by command."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from cli.ticket.foresight import Known

if TYPE_CHECKING:
    from configuration import Configuration

_BEHIND: Final = timedelta(days=60)
"""Shifts that are under way are followed back to where they began."""
_AHEAD: Final = timedelta(days=430)
_LATELY: Final = timedelta(days=7)


@contextlib.contextmanager
def kept(known: Configuration, *, now: datetime) -> Iterator[tuple[Known, str]]:
    """The people and windows of a configuration, with what the store knows of them.

    Args:
        known: the configuration.
        now: the instant of asking.

    Yields:
        What rounds are decided by; and, where the store cannot be asked, what is missing from it.
    """
    from cli.doors import settings
    from escalade.errors import StoreError
    from store import Store
    from store.database import Database

    alone = Known(known.roster, windows=known.windows)
    url = settings().store
    try:
        database = Database(url)
        try:
            missing = database.is_missing
        finally:
            database.close()
        if missing:
            yield alone, ""  # nobody has changed anything yet
            return
        store = Store.open(url, migrate=False)
    except StoreError as error:
        yield alone, f"{error.message.rstrip('.')}; changes of duty and maintenance by command are not in this."
        return
    try:
        changes = store.changes(now - _BEHIND, now + _AHEAD)
        windows = store.windows_in_force(known.windows)
        yield Known(known.roster, changes, windows, lambda targets: store.load(targets, now - _LATELY)), ""
    finally:
        store.close()
