"""Taking in a changed configuration (decision 24)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Final

from temporalio.client import Client

from configuration import Live
from escalade.errors import EscaladeError, StoreError
from escalade.messages import JournalBatch
from escalade.record import Entry
from escalade.ticket import SYSTEM
from store import Store
from worker.watch import schedule_watch

_LOG = logging.getLogger(__name__)

STREAM: Final = "configuration"


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
        try:
            await schedule_watch(client, canary_every=live.current.watch.canary_every)
        except EscaladeError as error:
            _LOG.error("%s", error)
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
