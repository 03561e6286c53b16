"""Which configuration is in force: what workers last said they serve, beside what the directory holds now."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from configuration import Configuration, Live
from escalade.errors import StoreError
from escalade.messages import JournalBatch
from escalade.record import Entry
from escalade.ticket import SYSTEM
from store import Store
from worker.running import read_up
from worker.settings import Settings

_LOG = logging.getLogger(__name__)

STREAM: Final = "configuration"
"""The journal of what workers serve. Each entry that has a `digest` says what is in force from then on."""
_AGAIN: Final = timedelta(seconds=5)
_NEWEST: Final = 50
"""Entries that are looked at for the newest digest."""


@dataclass(frozen=True)
class Served:
    """What a worker said it serves."""

    digest: str
    since: datetime


def last_served(store: Store) -> Served | None:
    """What is in force by the journal; None when no worker has said it.

    Raises:
        StoreError: when the store cannot be used.
    """
    after = max(0, store.head(STREAM).seq - _NEWEST)
    for stored in reversed(store.entries(STREAM, after=after)):
        digest = stored.entry.data.get("digest")
        if isinstance(digest, str) and digest:
            return Served(digest, stored.entry.at)
    return None


async def say_when_possible(live: Live, store: Store, *, now: Callable[[], datetime]) -> None:
    """Write down what a worker that has just started serves, unless the journal says so already.

    While the store is away it is tried again, until it is written or a reload has written its own.
    """
    loaded = live.current
    while live.current is loaded:
        try:
            await asyncio.to_thread(_say, loaded.digest, store, now())
        except StoreError as error:
            _LOG.warning("Which configuration is served is not written down yet: %s", error.message)
            await asyncio.sleep(_AGAIN.total_seconds())
        else:
            return


def _say(digest: str, store: Store, at: datetime) -> None:
    before = last_served(store)
    if before is not None and before.digest == digest:
        return
    entry = Entry(
        entry_id=f"served/{uuid.uuid4().hex}",
        stream=STREAM,
        at=at,
        actor=SYSTEM,
        kind="configuration.served",
        what=f"a worker serves the configuration {digest[:12]}",
        why="the worker started",
        data={"digest": digest},
    )
    store.write(JournalBatch(stream=STREAM, life="", entries=[entry]))


@dataclass(frozen=True)
class Difference:
    """The directory says something else than what is in force."""

    says: str
    mend: str


def not_in_force(settings: Settings, configuration: Configuration) -> Difference | None:
    """Whether the directory was edited and no worker has taken it in; None when it is in force, or nobody knows.

    Args:
        settings: where the store and the directory are.
        configuration: as the directory has it now.
    """
    try:
        with Store.open(settings.store, migrate=False) as store:
            served = last_served(store)
    except StoreError:
        return None
    if served is None or served.digest == configuration.digest:
        return None
    up = read_up(settings.state)
    process = str(up.supervisor.pid) if up is not None and up.supervisor.alive else "PROCESS"
    return Difference(
        f"What is in {settings.config} ({configuration.digest[:12]}) is not in force: since "
        f"{served.since:%Y-%m-%d %H:%M:%S}Z the worker serves another one ({served.digest[:12]}).",
        f"Take it in: kill -HUP {process}, which is `escalade up` or the worker; both read it when they start, too.",
    )
