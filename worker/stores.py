"""The store of a worker: pages go out without it, so a worker starts without it too."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from escalade.errors import StoreError
from store import Store
from store.database import Database
from store.migrate import bring_up_to_date

_LOG = logging.getLogger(__name__)

_AGAIN: Final = timedelta(seconds=5)


@asynccontextmanager
async def open_store(url: str, *, now: Callable[[], datetime]) -> AsyncIterator[Store]:
    """Open the store, with its tables of this version, for the length of a block.

    A database that cannot be reached is opened later: entries wait meanwhile (decision 25).

    Args:
        url: the store's URL.
        now: the clock.

    Raises:
        StoreError: when the store cannot be used for a reason that time does not mend.
    """
    later: asyncio.Task[None] | None = None
    try:
        store = await asyncio.to_thread(lambda: Store.open(url, now=now))
    except StoreError as error:
        if "cannot be reached" not in error.message:
            raise
        _LOG.error("%s Pages go out without it.", error.message)
        database = Database(url)
        store = Store(database, now)
        later = asyncio.create_task(_bring_up_to_date(database))
    try:
        yield store
    finally:
        if later is not None:
            later.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await later
        await asyncio.to_thread(store.close)


async def _bring_up_to_date(database: Database) -> None:
    while True:
        await asyncio.sleep(_AGAIN.total_seconds())
        try:
            await asyncio.to_thread(bring_up_to_date, database, migrate=True)
        except StoreError as error:
            _LOG.warning("%s", error.message)
        else:
            _LOG.info("The store answers now.")
            return
