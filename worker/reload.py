"""Taking in a changed configuration (decision 24)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from configuration import Live
from escalade.errors import EscaladeError, StoreError
from escalade.messages import JournalBatch
from escalade.record import Entry
from escalade.ticket import SYSTEM, workflow_id
from store import Store, TicketQuery
from worker.duty import wake_duty
from worker.feeds import schedule_feeds
from worker.maintenance import tell_tickets
from worker.served import STREAM
from worker.versions import keep_versions_when_possible
from worker.watch import schedule_watch

_LOG = logging.getLogger(__name__)

_CALL: Final = timedelta(seconds=5)
_KEEPING: Final[set[asyncio.Task[None]]] = set()
"""Versions that wait for the store; a task that nobody holds may vanish."""
_AT_ONCE: Final = 20
"""Signals under way at once: a roster that changes must not crowd out what tickets want of the server."""


async def reload_configuration(client: Client, live: Live, store: Store, *, now: Callable[[], datetime]) -> bool:
    """Look at the configuration directory again; an invalid one leaves the last good one serving.

    Either way it is logged, and written into the stream `configuration`.

    Returns:
        Whether it was taken.
    """
    before = live.current
    problems = await asyncio.to_thread(live.reload)
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        what = f"a changed configuration was refused: {len(errors)} errors; the last good one goes on serving"
        _LOG.error("%s\n%s", what, "\n".join(str(problem) for problem in errors))
    elif live.current.digest == before.digest:
        _LOG.info("The configuration was read again: nothing has changed.")
        return True
    else:
        what = f"the configuration changed from {before.digest[:12]} to {live.current.digest[:12]}"
        _LOG.info("%s", what)
        await _keep_versions(live, store, now())
        try:
            await schedule_watch(client, canary_every=live.current.watch.canary_every)
            await schedule_feeds(client, live.current.roster)
            await wake_duty(client, live.current.roster)
        except EscaladeError as error:
            _LOG.error("%s", error)
        await wake_held(client, store)
        await tell_of_windows(client, live, store, now())
    entry = Entry(
        entry_id=f"reload/{uuid.uuid4().hex}",
        stream=STREAM,
        at=now(),
        actor=SYSTEM,
        kind="configuration.refused" if errors else "configuration.changed",
        what=what,
        why="the worker was sent SIGHUP",
        data={"problems": [str(problem) for problem in problems][:50], "digest": live.current.digest},
    )
    try:
        await asyncio.to_thread(store.write, JournalBatch(stream=STREAM, life="", entries=[entry]))
    except StoreError as error:
        _LOG.error("%s", error)
    return not errors


async def _keep_versions(live: Live, store: Store, at: datetime) -> None:
    """Keep what the schedules say from now on: before anybody asks who is on duty by them."""
    keeping = asyncio.create_task(keep_versions_when_possible(live, store, at=at, why="the configuration was reloaded"))
    _KEEPING.add(keeping)
    keeping.add_done_callback(_KEEPING.discard)
    # A store that is away is not waited for: each round reckons with the versions that are missing.
    await asyncio.wait({keeping}, timeout=_CALL.total_seconds())


async def tell_of_windows(client: Client, live: Live, store: Store, now: datetime) -> int:
    """Tell the tickets that know other maintenance windows than there are; how many took it. The watch does so too."""
    try:
        windows = await asyncio.to_thread(store.windows_in_force, live.current.windows)
        keys = await asyncio.to_thread(store.unaware, windows, now)
    except Exception as error:  # noqa: BLE001 - the reload is taken and goes on record, whatever is in the store
        _LOG.error("Tickets were not told of maintenance windows: %s", error)
        return 0
    return await tell_tickets(client, keys)


async def wake_held(client: Client, store: Store) -> int:
    """Tell every ticket that waits for somebody to be on duty that the roster changed (decision 15).

    Each worker does it after its own reload: whichever looks up the roster then, one of them knows the new one.

    Returns:
        How many took it. What goes wrong is logged: such a ticket still wakes when it expected to.
    """
    try:
        rows = await asyncio.to_thread(store.tickets, TicketQuery(open_only=True))
    except StoreError as error:
        _LOG.error("Tickets that wait for somebody on duty were not told of the new roster: %s", error)
        return 0
    slots = asyncio.Semaphore(_AT_ONCE)

    async def wake(key: str) -> bool:
        async with slots:
            try:
                handle = client.get_workflow_handle(workflow_id(key))
                await handle.signal("roster_changed", rpc_timeout=_CALL)
            except RPCError as error:
                if error.status != RPCStatusCode.NOT_FOUND:
                    _LOG.error(
                        "Ticket %s was not told of the new roster: %s", key, error.message, extra={"ticket": key}
                    )
                return False
            return True

    woken = sum(await asyncio.gather(*(wake(row.key) for row in rows if row.holding)))
    if woken:
        _LOG.info("%d tickets that wait for somebody on duty look at the new roster.", woken)
    return woken
