"""Keeping versions of schedules when a configuration is loaded, so that nobody is moved by a reload (decision 34)."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from configuration import Live
from escalade.errors import StoreError
from escalade.people import Roster
from escalade.people.changes import Changes, Version
from escalade.people.versions import new_versions
from store import Store

_LOG = logging.getLogger(__name__)

_AGAIN: Final = timedelta(seconds=5)


def keep_versions(roster: Roster, store: Store, *, at: datetime, why: str) -> list[Version]:
    """Keep a version of each schedule that says something else than the last one that is kept.

    Args:
        roster: as it was loaded.
        store: where versions are kept.
        at: the instant of the load.
        why: what made it look, for the record.

    Raises:
        StoreError: when the store cannot be used.
    """
    added: list[Version] = []
    for name in roster.schedules:

        def missing(kept: list[Version], name: str = name) -> list[Version]:
            return new_versions(roster, Changes(versions=tuple(kept)), at, only={name})

        added += store.keep_versions(name, missing, why=why)
    return added


async def keep_versions_when_possible(live: Live, store: Store, *, at: datetime, why: str) -> None:
    """Keep versions; while the store is away, try again until they are kept, or another configuration is loaded.

    Pages go out meanwhile: each round reckons with the version that is missing.
    """
    loaded = live.current
    while live.current is loaded:
        try:
            added = await asyncio.to_thread(lambda: keep_versions(loaded.roster, store, at=at, why=why))
        except StoreError as error:
            _LOG.warning("The versions of the schedules are not kept yet: %s", error.message)
            await asyncio.sleep(_AGAIN.total_seconds())
        else:
            for version in added:
                _LOG.info("The schedule %s is kept as a new version.", version.schedule)
            return
